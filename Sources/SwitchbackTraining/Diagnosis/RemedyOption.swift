/// An option that remedies name, by its key in configurations.
public enum RemedyOption: String, CaseIterable, Sendable {
    case lr, optimizer, momentum, batch, patience, ema, dropout, freeze, schedule
    case lrf
    case weightDecay = "weight_decay"
    case clipNorm = "clip_norm"
    case warmupEpochs = "warmup_epochs"

    /// As the command line spells it.
    ///
    /// - Parameter facts: of the training, whose task may have a name of its own for it.
    public func flag(_ facts: TrainingFacts) -> String {
        "--" + facts.name(of: self).replacing("_", with: "-")
    }
}

extension TrainingFacts {
    /// Whether the training's command has an option, as far as its options are known; in Swift, all are there.
    public func has(_ option: RemedyOption) -> Bool {
        guard interface == .commandLine, !options.isEmpty else { return true }
        // A model that is trained further keeps its own dropout.
        if option == .dropout, let origin = options["from"], origin != "null" { return false }
        return options[name(of: option)] != nil
    }
}
