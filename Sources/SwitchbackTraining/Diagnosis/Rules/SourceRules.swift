import Foundation

// What examples show of where they come from: how many different ones there are, and how those of validation differ.

extension Evidence {
    /// How many examples measured steps drew, and how many of these were different ones; `nil` where that is not known.
    var variety: (different: Double, drawn: Double)? {
        let seen = inputs.compactMap { input in
            input.unseen.map { ($0, Double(min(input.shape.first ?? 0, ExampleMemory.comparedRows))) }
        }
        guard seen.count == inputs.count, seen.count >= 3 else { return nil }
        return (seen.reduce(0) { $0 + $1.0 * $1.1 }, seen.reduce(0) { $0 + $1.1 })
    }

    /// How many different examples the training has, by how many of those drawn are drawn again: of N examples, T draws
    /// show N · (1 − exp(−T / N)). `nil` where too few came again to tell.
    var exampleCount: Double? {
        guard let variety, variety.different < 0.95 * variety.drawn, variety.different > 0 else { return nil }
        var (low, high) = (variety.different, 100 * variety.drawn)
        for _ in 0..<60 {
            let middle = (low + high) / 2
            if middle * (1 - exp(-variety.drawn / middle)) < variety.different { low = middle } else { high = middle }
        }
        return high
    }

    /// The loss by the end of the first pass over the data, when no example had been seen before; `nil` where that is not
    /// known, or was not measured.
    private var firstPassLoss: Double? {
        guard let count = exampleCount, let size = inputs.first?.shape.first, size > 0 else { return nil }
        let pass = records.filter { Double($0.step) < count / Double(size) }
        guard pass.count >= 4 else { return nil }
        return pass.suffix(pass.count / 2).map { $0.meanLoss ?? $0.loss }.median
    }

    // MARK: The same examples in both

    /// Examples of a validation that are trained on as well.
    var leak: Verdict? {
        guard let record = validations.last(where: { $0.sample != nil }), let sample = record.sample,
            sample.compared >= 16, sample.repeated < sample.compared / 10
        else { return nil }
        let share = Double(sample.known) / Double(sample.compared)
        guard share >= 0.2 else { return nil }
        return Verdict(
            .duplicates, .problem, onset: validations.first?.step,
            finding:
                "of \(sample.compared) examples of the validation that were looked at, \(sample.known) or more are "
                + "among those for training: it measures what was learned by heart",
            remedy:
                "take them out of one of the two: split the data before copies are made, and by what belongs together")
    }

    // MARK: Other examples in validation

    /// How many numbers a batch has that shows how inputs are spread.
    private static let tellingNumbers = 64

    /// Inputs of a validation that are not prepared as those of the training are.
    var differingInputs: Verdict? {
        guard let first = validations.first(where: { $0.sample != nil }),
            let input = validations.last?.sample?.input, input.mostFrequent == nil, input.notFinite == 0,
            input.shape.reduce(1, *) >= Self.tellingNumbers, !inputs.isEmpty, validations.contains(where: differs)
        else { return nil }
        let (mean, std) = (inputs.map(\.mean).median, inputs.map(\.std).median)
        guard std > 0, std.isFinite, mean.isFinite else { return nil }
        let ratio = input.std / std
        guard ratio < 0.55 || ratio > 1.8 || abs(input.mean - mean) > max(std, input.std) else { return nil }
        return Verdict(
            .shift, .problem, onset: first.step,
            finding: "the inputs of validation have a mean of \(input.mean.brief) and a standard deviation of "
                + "\(input.std.brief), and those of training \(mean.brief) and \(std.brief)",
            remedy: ratio < 1 && abs(input.mean - mean) <= max(std, input.std)
                ? "give training less noise or augmentation, or normalize both alike"
                : "prepare both in the same way: the same normalization, from the training data alone")
    }

    /// Whether training and validation have clearly different losses, or only a metric is known.
    private func differs(_ record: ValidationRecord) -> Bool {
        guard let training = record.trainingLoss, let validation = record.validationLoss else { return true }
        return abs(training - validation) > 0.3 * min(abs(training), abs(validation)) + 0.02 * abs(loss.start)
    }

    /// Targets of a validation that are not prepared as those of the training are, or classes that are others.
    var differingTargets: Verdict? {
        guard let first = validations.first(where: { $0.sample?.output != nil }),
            let seen = validations.last?.sample?.output, validations.contains(where: differs)
        else { return nil }
        func verdict(_ finding: String, _ remedy: String) -> Verdict {
            Verdict(.shift, .problem, onset: first.step, finding: finding, remedy: remedy)
        }
        if seen.classes > 1 {
            guard isOneAnswerPerExample, let (own, others) = unseenClass(seen) else { return nil }
            return verdict(
                "class \(own) has \(others.wholePercent) of the labels of validation, and none of those for training",
                "give both the same classes in the same order, and split the examples at random")
        }
        let means = outputs.compactMap(\.targetMean)
        let deviations = outputs.compactMap(\.targetStd)
        guard !means.isEmpty, !seen.loss.hasPrefix("binary"), seen.targetShape.reduce(1, *) >= Self.tellingTargets,
            let mean = seen.targetMean, let std = seen.targetStd, deviations.median > 0,
            abs(mean - means.median) > 2 * max(std, deviations.median) || std / deviations.median > 4
                || std / deviations.median < 0.25
        else { return nil }
        return verdict(
            "the targets of validation have a mean of \(mean.brief) and a standard deviation of \(std.brief), and those "
                + "of training \(means.median.brief) and \(deviations.median.brief)",
            "prepare both in the same way: the same normalization of targets, from the training data alone")
    }

    /// How many targets tell how they are spread.
    private static let tellingTargets = 16

    /// A class that a fifth or more of the labels of a validation have, and none for training.
    private func unseenClass(_ seen: OutputRecord) -> (Int, share: Double)? {
        let (training, validation) = (LabelCounts(outputs), LabelCounts([seen]))
        guard training.total >= 100, exampleCount ?? .infinity >= 100, validation.total >= 16 else { return nil }
        let unseen = validation.counts.indices.first { place in
            (place < training.counts.count ? training.counts[place] : 0) == 0
                && 5 * validation.counts[place] >= validation.total
        }
        return unseen.map { ($0, Double(validation.counts[$0]) / Double(validation.total)) }
    }

    // MARK: Labels that say nothing

    /// Labels that are learned one by one: nothing of them holds for examples that were not seen before, neither in the
    /// first pass nor in the validation.
    var labelsByHeart: Verdict? {
        if let verdict = labelsByHeartByAccuracy { return verdict }
        let losses = validationLosses
        guard !isIll, losses.count >= 2, let baseline = loss.baseline, let latest = loss.latest, let last = losses.last,
            let best = losses.map(\.validation).min(), let firstPassLoss, differingInputs == nil,
            differingTargets == nil,
            latest < 0.92 * baseline, losses.map(\.validation).median > 0.97 * baseline, best > 0.93 * baseline,
            last.validation > 1.02 * baseline,
            firstPassLoss > 0.93 * baseline
        else { return nil }
        return Verdict(
            .labels, .failure, onset: records.first?.step,
            finding: "in the first pass over the data the loss stood at \(firstPassLoss.brief), and it falls, to "
                + "\(latest.brief), only as examples come again; of validation it was never better than \(best.brief), where "
                + "one who does not see the inputs has \(baseline.brief): the labels are learned by heart, and do not "
                + "follow from the inputs",
            remedy: "look at examples with their labels: they may be shuffled apart, shifted by one, or at random")
    }

    /// The same where a validation tells its accuracy alone.
    private var labelsByHeartByAccuracy: Verdict? {
        let counts = LabelCounts(outputs)
        let late = outputs.suffix(max(3, outputs.count / 4)).compactMap(\.accuracy)
        guard validationLosses.isEmpty, validations.count >= 2, !late.isEmpty, counts.total > 0,
            let last = validations.last, let accuracy = last.accuracy, late.median > counts.share + 0.3
        else { return nil }
        let guess = counts.share
        guard validations.allSatisfy({ $0.accuracy ?? 1 < guess + 0.05 }), accuracy > 0.6 * guess,
            differingInputs == nil
        else { return nil }
        return Verdict(
            .labels, .failure, onset: validations.first?.step,
            finding: "of the training \(late.median.wholePercent) are answered right, and of the validation "
                + "\(accuracy.wholePercent), where the most frequent class alone gives \(guess.wholePercent): what is learned "
                + "does not hold for other examples",
            remedy:
                "look at examples of both with their labels: they may be shuffled apart, shifted by one, or at random")
    }

    /// Labels of which a part is wrong at random: the model is never surer than their share allows, and right as often as
    /// it is sure.
    var noisyLabels: Verdict? {
        let counts = LabelCounts(outputs)
        let best = validationLosses.min { $0.validation < $1.validation }
        let end = overfitting == nil ? nil : best?.step
        let judged = records.filter { end == nil || $0.step <= end! }
        let late = judged.suffix(max(4, judged.count / 3)).compactMap(\.output)
        guard isOneAnswerPerExample, late.count >= 4, records.count >= 12, !isIll, noGradient == nil,
            late.allSatisfy({ $0.classes > 1 })
        else { return nil }
        let accuracy = mean(late.compactMap(\.accuracy))
        let (confidence, surest) = (mean(late.compactMap(\.confidence)), late.compactMap(\.surest).median)
        // Without a validation that goes better, it has to be the end of what can be learned.
        let validated = validations.last { end == nil || $0.step <= end! }?.accuracy
        let isBetterThere = validated.map { $0 > accuracy + 0.12 } ?? false
        guard surest > 0, surest < 0.9, surest - confidence < 0.2, accuracy < 0.85,
            abs(accuracy - confidence) < 0.1, accuracy > counts.share + 0.15
        else { return nil }
        // What a validation no longer gains is learned by heart.
        let isSettled = !loss.isStillFalling || (best?.step ?? .max) < validationLosses.last?.step ?? 0
        guard isBetterThere || end == nil && isSettled && records.count >= 20 else { return nil }
        let classes = Double(late.last?.classes ?? 2)
        let share = min(1, (1 - accuracy) * classes / (classes - 1))
        return Verdict(
            .labels, .problem, onset: records.first?.step,
            finding:
                "\(accuracy.wholePercent) of the examples are answered as their labels say, and the model is hardly "
                + "ever surer than \(surest.wholePercent), of whichever example: as if about \(share.wholePercent) of the "
                + "labels were drawn at random"
                + (isBetterThere ? "; of the validation it answers \((validated ?? 0).wholePercent) right" : ""),
            remedy: "look at examples that it answers otherwise than their labels say, and correct the labels")
    }

    /// A loss that stands still though the examples are answered right: of labels that hardly differ.
    var smoothedLabels: Verdict? {
        let late = records.suffix(max(3, records.count / 4)).compactMap(\.output)
        let counts = LabelCounts(outputs)
        guard loss.isLongEnough, loss.direction != .lost, loss.progress < 0.1, isOneAnswerPerExample, !late.isEmpty,
            late.allSatisfy({ $0.classes > 1 }), counts.total > 0, !loss.isAtFloor
        else { return nil }
        let accuracy = late.compactMap(\.accuracy).median
        guard accuracy > counts.share + 0.3, accuracy > 0.6, late.compactMap(\.surest).median < 0.6 else { return nil }
        return Verdict(
            .labels, .problem, onset: records.first?.step,
            finding: "\(loss.sentence), and yet \(accuracy.wholePercent) of the examples are answered right, with a "
                + "probability of \(mean(late.compactMap(\.confidence)).wholePercent) on average: the targets are so even "
                + "that the loss cannot fall, as with much label smoothing",
            remedy: "smooth the labels less: labelSmoothing: 0.1, or give the class itself as the target")
    }

    private func mean(_ values: [Double]) -> Double {
        values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
    }

    // MARK: Answers in sight

    /// A model of texts whose places see those that they are to predict.
    var answersInSight: Verdict? {
        guard let record = records.first, outputs.count >= 2, outputs.allSatisfy({ $0.lead == 1 }),
            let layer = record.layers.first(where: { $0.seesAhead != nil }),
            record.layers.allSatisfy({ $0.seesAhead ?? true })
        else { return nil }
        return Verdict(
            .answersInSight, .failure, onset: record.step, layer: layer.layer,
            finding:
                "each target is what follows in the text, and the attention of \(layer.name) lets every place see those "
                + "after it: the answer is copied, and nothing is learned for texts that are not written yet",
            remedy: "give attention a causal mask: isCausal: true")
    }

    // MARK: Examples that are mixed

    /// A recurrent layer that takes the examples of a batch for the steps of a sequence.
    var mixedExamples: Verdict? { choiceAmongExamples ?? batchAsTime }

    /// Attention whose softmax goes over the batch.
    private var choiceAmongExamples: Verdict? {
        guard let layer = records.first?.layers.first(where: { $0.mixesExamples == true }) else { return nil }
        return Verdict(
            .mixedExamples, .failure, onset: records.first?.step, layer: layer.layer,
            finding:
                "the weights of the attention of \(layer.name) sum to 1 over the examples of the batch, and not over "
                + "the places of one: the answer to an example depends on which others are in its batch",
            remedy: "apply softmax along the last dimension, that of the keys: softmax(dim: -1)")
    }

    private var batchAsTime: Verdict? {
        guard let record = records.first, let shape = record.input?.shape, shape.count >= 2,
            let targets = record.output?.targetShape, targets.count == 1, targets.first == shape[0]
        else { return nil }
        let layer = record.layers.first { layer in
            layer.sequenceShape.map { $0 == [shape[0], shape[1]] && shape[0] != shape[1] } ?? false
        }
        guard let layer else { return nil }
        return Verdict(
            .mixedExamples, .failure, onset: record.step, layer: layer.layer,
            finding:
                "\(layer.name) takes the \(shape[0]) examples of a batch for the time steps of \(shape[1]) sequences: "
                + "the answer to one depends on those before it in the batch",
            remedy: "make it with batchFirst: true, or give it [time, examples, features]")
    }
}

extension ValidationRecord {
    /// As the task tells it, or as it was seen.
    var accuracy: Double? { validationMetrics["accuracy"] ?? sample?.accuracy }
}
