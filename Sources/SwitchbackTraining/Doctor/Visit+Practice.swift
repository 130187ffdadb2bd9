import Foundation
import Switchback

// Checks by short trainings.

extension Visit {
    /// The share of the time that each of them may take.
    private static var rateShare: Double { 0.3 }
    private static var oneBatchShare: Double { 0.25 }
    private static var comparisonShare: Double { 0.45 }

    /// The fewest steps of a range test, of learning one batch, and of each training that is compared.
    private static var rateSteps: Int { 50 }
    private static var oneBatchSteps: Int { 10 }
    private static var comparisonSteps: Int { 10 }

    /// How long a step may take so that there are somewhat more of them than a range test needs.
    var affordableStepSeconds: Double {
        Self.rateShare * seconds / Double(configuration.accumulate) / (1.2 * Double(Self.rateSteps))
    }

    private func affordableSteps(_ share: Double) -> Int { Int(share * seconds / max(stepSeconds, 1e-6)) }

    /// - Parameters:
    ///   - steps: how many it takes.
    ///   - share: of the time, that they have.
    private func lackOfTime(_ name: DoctorCheck.Name, _ steps: Int, _ share: Double) -> DoctorCheck {
        let needed = Int((1.2 * Double(steps) * stepSeconds / share).rounded(.up))
        return DoctorCheck(
            name, .skipped,
            "a step takes \(stepSeconds.brief) seconds, and \(steps) are needed: \(secondsOption(needed)) would do")
    }

    /// That only a part of each batch was used; "" where all was.
    private var partOfBatches: String {
        parts > 1 ? " (with 1 of \(parts) examples of each batch, for lack of time)" : ""
    }

    // MARK: The learning rate

    /// The learning-rate test, and where the configured rate lies in it.
    func learningRate() throws -> DoctorCheck {
        let own = rate
        var finder = LearningRateFinder()
        finder.steps = min(100, affordableSteps(Self.rateShare) / configuration.accumulate)
        guard finder.steps >= Self.rateSteps else {
            return lackOfTime(.rate, Self.rateSteps * configuration.accumulate, Self.rateShare)
        }
        let curve = try finder.run(task, configuration, with: source) { _ in
            try work()
            return .continue
        }
        switch curve.finding {
        case .noFall: return noFall(curve)
        case .noise:
            return DoctorCheck(
                .rate, .skipped, "the loss varies more from step to step than it falls, so the test cannot tell")
        case .rate(let suggestion):
            let lowest = curve.points.min { $0.smoothLoss < $1.smoothLoss }?.rate ?? suggestion
            // Smaller batches bear a smaller rate, by about the root of their size.
            if own > 4 * Double(parts).squareRoot() * lowest {
                rate = suggestion
                return DoctorCheck(
                    .rate, .failed,
                    "the loss is lowest at \(lowest.brief) in the test and rises beyond; yours is \(own.brief)",
                    remedy: "use \(rateOption(suggestion))")
            }
            if own < suggestion / 300 {
                rate = suggestion
                return DoctorCheck(
                    .rate, .failed,
                    "the loss falls fast at \(suggestion.brief); yours is \(own.brief), at which it hardly moves",
                    remedy: "use \(rateOption(suggestion))")
            }
            return DoctorCheck(
                .rate, .passed,
                "\(own.brief) is among those at which the loss falls; the test suggests \(suggestion.brief)\(partOfBatches)"
            )
        }
    }

    /// A loss that falls at no rate, which is a fault only where it is not near its floor.
    private func noFall(_ curve: LearningRateCurve) -> DoctorCheck {
        let first = curve.points.first?.loss ?? .nan
        if isTrained || first < 0.5 * (task.chance?.entropy ?? .infinity) {
            return DoctorCheck(
                .rate, .skipped, "the loss is \(first.brief) at the start and falls no further, so the test cannot tell"
            )
        }
        return DoctorCheck(
            .rate, .failed,
            "the loss falls at none of \(curve.points.count) rates from \((curve.points.first?.rate ?? .nan).brief) to "
                + "\((curve.points.last?.rate ?? .nan).brief)",
            remedy: "the rate is not what is wrong: look at the labels, the loss and the structure of the model")
    }

    // MARK: One batch

    /// Trains with a single batch, which a sound model knows by heart soon; and compares its modes then.
    func oneBatch() throws -> [DoctorCheck] {
        let wanted = min(200, affordableSteps(Self.oneBatchShare))
        guard wanted >= Self.oneBatchSteps else {
            return [.oneBatch, .modes].map { lackOfTime($0, Self.oneBatchSteps, Self.oneBatchShare) }
        }
        let batch = batches[0]
        let reference = task.chance?.entropy
        let losses = try train(
            steps: wanted, seconds: Self.oneBatchShare * seconds * 1.5, batch: { _ in batch },
            until: { $0 < 0.02 * (reference ?? 0) })
        guard let first = losses.first, let last = losses.last else { return [] }
        let low = losses.suffix(5).median
        let course =
            "its loss goes from \(first.brief) to \(low.brief) in \(losses.count.counted("step"))\(partOfBatches)"
        // Less than half of what is lost without a look at the inputs.
        if low < 0.5 * min(first, reference ?? first) || low < 0.3 * (reference ?? 0) {
            return [DoctorCheck(.oneBatch, .passed, course), try modes(after: losses.count, low, start: first)]
        }
        let fall = (first - low) / max(first.magnitude, 1e-12)
        if !last.isFinite || (losses.count >= 40 && fall < 0.2 && !isTrained) {
            return [
                DoctorCheck(
                    .oneBatch, .failed, "\(course), at a learning rate of \(rate.brief)",
                    remedy:
                        "a model that cannot learn one batch learns nothing: look at the checks above; a larger model "
                        + "or another learning rate may help")
            ]
        }
        return [
            DoctorCheck(.oneBatch, .skipped, "\(course), and has not had the time to end"),
            DoctorCheck(.modes, .skipped, "no batch was learned to compare them with"),
        ]
    }

    /// The momentum with which averages of batch normalization follow a batch that is seen again and again.
    private static var followingMomentum: Double { 0.3 }

    /// The loss of the batch that was learned, in inference mode.
    ///
    /// - Parameters:
    ///   - loss: that in training mode.
    ///   - start: the loss before it was learned.
    private func modes(after steps: Int, _ loss: Double, start: Double) throws -> DoctorCheck {
        // The averages of batch normalization follow the weights, which no longer change here: faster than in a training.
        let norms = task.model.namedModules().compactMap { $0.module as? BatchNorm }
        let momenta = norms.map(\.momentum)
        defer { for (norm, momentum) in zip(norms, momenta) { norm.momentum = momentum } }
        for norm in norms where norm.momentum ?? 0 < Self.followingMomentum { norm.momentum = Self.followingMomentum }
        let needed = norms.isEmpty ? 0 : Int((log(0.02) / log(1 - Self.followingMomentum)).rounded(.up))
        guard Double(needed) * stepSeconds < 0.2 * seconds else { return lackOfTime(.modes, needed, 0.2) }
        for _ in 0..<needed {
            try work()
            _ = try self.loss(batches[0], training: true)
        }
        let inTraining = try self.loss(batches[0], training: true)
        let inference = try self.loss(batches[0], training: false)
        task.model.train()
        let sentence =
            "the batch that was learned has a loss of \(inTraining.brief) in training mode and \(inference.brief) in "
            + "inference mode"
        guard !inference.isFinite || inference > 3 * inTraining + 0.3 * start else {
            return DoctorCheck(.modes, .passed, sentence)
        }
        return DoctorCheck(
            .modes, .failed, sentence,
            remedy: "look at layers that act differently in both: batch normalization wants batches of 8 and more; "
                + "dropout belongs in layers that switch with the model")
    }

    // MARK: Labels and inputs

    /// What a short training came to: its loss at the start and at the end, and that of batches it was not trained with.
    private struct Practice {
        let start, end, held: Double

        /// The part of the loss that is gone.
        var fall: Double { (start - end) / max(start.magnitude, 1e-12) }
    }

    /// With how many batches is trained: so few that they can be learned by heart.
    private static var practiceBatches: Int { 6 }

    /// Compares a short training to one whose labels were shuffled, and to one whose inputs were blanked.
    ///
    /// - Parameter isBlind: whether the model could not even learn one batch.
    func comparison(isBlind: Bool) throws -> [DoctorCheck] {
        func skipped(_ reason: String) -> [DoctorCheck] {
            [DoctorCheck(.labels, .skipped, reason), DoctorCheck(.inputs, .skipped, reason)]
        }
        guard task.learnsFromInputsSoon else {
            return skipped("a model of this kind learns from the targets before it learns from the inputs")
        }
        guard !heldBatches.isEmpty else {
            return skipped("there are too few batches to train with some and measure with others")
        }
        let share = Self.comparisonShare / 3
        let steps = min(150, affordableSteps(share))
        guard steps >= Self.comparisonSteps else {
            return [.labels, .inputs].map { lackOfTime($0, Self.comparisonSteps, share) }
        }
        let generator = Generator(seed: configuration.seed)
        func practice(_ change: (Task.Batch) -> Task.Batch) throws -> Practice {
            let (train, held) = (batches.prefix(Self.practiceBatches).map(change), heldBatches.map(change))
            let losses = try self.train(
                steps: steps, seconds: 2 * share * seconds, batch: { train[$0 % train.count] })
            return Practice(
                start: losses.first ?? .nan, end: losses.suffix(train.count).median, held: try meanLoss(held))
        }
        let real = try practice { $0 }
        let shuffled = try practice { task.shufflingTargets(of: $0, by: generator) }
        let blank = try practice { task.blankingInputs(of: $0, from: 0) }
        return [labels(real, shuffled, steps), inputs(real, blank, steps, isBlind: isBlind)]
    }

    /// What was learned by heart of real labels helps with other examples, or else they are as good as random.
    private func labels(_ real: Practice, _ shuffled: Practice, _ steps: Int) -> DoctorCheck {
        let sentence =
            "after \(steps.counted("step")) the loss of other batches is \(real.held.brief), and \(shuffled.held.brief) "
            + "when trained with shuffled labels"
        let gain = (shuffled.held - real.held) / max(shuffled.held.magnitude, 1e-12)
        if gain > 0.05 { return DoctorCheck(.labels, .passed, sentence) }
        guard real.fall > 0.2, gain < 0.03 else {
            return DoctorCheck(.labels, .skipped, "\(sentence), which is too little to tell")
        }
        return DoctorCheck(
            .labels, .failed, sentence,
            remedy:
                "look whether inputs and labels are still paired: sorted, shuffled or shifted apart, or read from two "
                + "lists of different order")
    }

    private func inputs(_ real: Practice, _ blank: Practice, _ steps: Int, isBlind: Bool) -> DoctorCheck {
        let sentence =
            "after \(steps.counted("step")) the loss is \(real.end.brief), and \(blank.end.brief) when trained with "
            + "inputs that are all the same"
        let gain = (blank.end - real.end) / max(blank.end.magnitude, 1e-12)
        if gain > 0.05 { return DoctorCheck(.inputs, .passed, sentence) }
        guard isBlind, gain < 0.03 else {
            return DoctorCheck(.inputs, .skipped, "\(sentence), which is too little to tell")
        }
        return DoctorCheck(
            .inputs, .failed, sentence,
            remedy: "look at what enters the model: inputs that are constant, cut off, or divided by far too much")
    }
}
