import Switchback

/// An option that was changed, but that nothing reads as the other options are.
public struct UnusedOption: Equatable, Sendable {
    /// As files have it: `final_lr`.
    public let key: String
    /// Why, as the end of a sentence: `the schedule constant does not fall`.
    public let reason: String

    public init(_ key: String, _ reason: String) { (self.key, self.reason) = (key, reason) }
}

extension Configuration {
    public func ownUnusedOptions(besides defaults: Self) -> [UnusedOption] { [] }

    /// All options that were changed in vain, those of sections included. A section's defaults are those that the whole
    /// gives it: a task has its own number of epochs.
    public var unusedOptions: [UnusedOption] { unusedOptions(besides: Self()) }

    private func unusedOptions(besides defaults: Self) -> [UnusedOption] {
        let sections = zip(Mirror(reflecting: self).children, Mirror(reflecting: defaults).children)
        return sections.reduce(into: ownUnusedOptions(besides: defaults)) { found, child in
            if let section = child.0.value as? any Configuration {
                found += section.unusedOptions(besidesSection: child.1.value)
            }
        }
    }

    /// - Parameter defaults: of this type.
    private func unusedOptions(besidesSection defaults: Any) -> [UnusedOption] {
        (defaults as? Self).map(unusedOptions(besides:)) ?? []
    }
}

extension TrainingConfiguration {
    /// Options that take the place of others: one that is given wins over the other's default.
    static let replacements = ["epochs": "steps", "warmup_epochs": "warmup_steps"]

    public func ownUnusedOptions(besides defaults: TrainingConfiguration) -> [UnusedOption] {
        var found: [UnusedOption] = []
        func note(_ key: String, _ isChanged: Bool, unless isRead: Bool, _ reason: String) {
            if isChanged && !isRead { found.append(UnusedOption(key, reason)) }
        }
        note("epochs", epochs != defaults.epochs, unless: steps == nil, "steps takes its place")
        note(
            "warmup_epochs", warmupEpochs != defaults.warmupEpochs, unless: warmupSteps == nil,
            "warmup_steps takes its place")
        note(
            "final_lr", finalLr != defaults.finalLr, unless: schedule.usesFinalFraction,
            "the schedule \(schedule.rawValue) ends as it does")
        note(
            "momentum", momentum != defaults.momentum, unless: optimizer.usesMomentum,
            "\(optimizer.rawValue) has no momentum")
        note("beta2", beta2 != defaults.beta2, unless: optimizer.usesBeta2, "\(optimizer.rawValue) has no β₂")
        note(
            "weight_decay", weightDecay != defaults.weightDecay, unless: optimizer != .rprop,
            "rprop follows the signs of gradients, which know no decay")
        note("nesterov", nesterov != defaults.nesterov, unless: optimizer == .sgd, "only sgd looks ahead")
        note("ema_warmup", emaWarmup != defaults.emaWarmup, unless: ema != nil, "there is no average without ema")
        note(
            "accumulate_warmup", accumulateWarmup != defaults.accumulateWarmup, unless: accumulate > 1,
            "one batch makes a step from the beginning")
        return found
    }
}

extension OptimizerKind {
    fileprivate var usesMomentum: Bool { ![.adagrad, .adadelta, .rprop, .asgd].contains(self) }

    /// Muon leaves what is not a matrix to AdamW.
    fileprivate var usesBeta2: Bool { [.adam, .adamw, .adamax, .nadam, .radam, .lion, .muon].contains(self) }
}

extension ScheduleKind {
    fileprivate var usesFinalFraction: Bool { [.linear, .cosine].contains(self) }
}
