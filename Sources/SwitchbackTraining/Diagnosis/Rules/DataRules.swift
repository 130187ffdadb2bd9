import Foundation

// What enters the model and the loss.

extension Evidence {
    // MARK: Inputs

    var equalInputs: Verdict? {
        guard inputs.count >= 2 else { return nil }
        if inputs.allSatisfy({ $0.std == 0 || $0.hasEqualExamples }), let first = inputs.first {
            let what =
                first.std == 0
                ? "every number that enters the model is \(first.mean.brief)"
                : "the \(first.shape.first ?? 0) examples of a batch are all the same"
            return Verdict(
                .inputs, .failure, onset: records.first?.step,
                finding: what + ": there is nothing to tell them apart by",
                remedy:
                    "look at a batch as it is loaded: the same example may be read again and again, or be overwritten")
        }
        let padding = inputs.compactMap(\.mostFrequent)
        guard padding.count >= 2, padding.median >= 0.9 else { return nil }
        return Verdict(
            .inputs, .problem, onset: records.first?.step,
            finding:
                "\(padding.median.wholePercent) of the indices that enter the model are the same one: padding, probably",
            remedy: "batch texts of similar length, or cut them shorter")
    }

    /// Numbers far from where networks are at their best.
    var inputScale: Verdict? {
        guard let input = inputs.first, input.mostFrequent == nil, input.notFinite == 0 else { return nil }
        let size = max(abs(input.smallest), abs(input.largest))
        let isLarge = size > 30 && max(input.std, abs(input.mean)) > 10
        let isSmall = input.std > 0 && size < 5e-3
        // What tells examples apart is lost beside what all have in common.
        let isOutlying = size > 1e4 * max(1e-12, input.std) || input.std > 0 && abs(input.mean) > 50 * input.std
        guard isLarge || isSmall || isOutlying, isIll || failure != nil || isLarge else { return nil }
        let harms =
            isIll || failure != nil || loss.isWorseThanGuessing
            || [saturatedUnits, deadUnits].contains { $0?.onset == records.first?.step }
        let range =
            "the inputs reach from \(input.smallest.brief) to \(input.largest.brief), with a mean of "
            + "\(input.mean.brief) and a standard deviation of \(input.std.brief)"
        return Verdict(
            .inputScale, harms ? .problem : .note, onset: records.first?.step, finding: range,
            remedy: "normalize them to mean 0 and standard deviation 1 (divide bytes of images by 255)")
    }

    /// Examples that say nothing, as those that could not be read.
    var blankInputs: Verdict? {
        let shares = inputs.compactMap(\.blank)
        guard shares.count >= 3, shares.count == inputs.count, shares.median >= 0.1, shares.median < 1 else {
            return nil
        }
        return Verdict(
            .inputs, .problem, onset: records.first?.step,
            finding: "\(shares.median.wholePercent) of the examples of a usual batch are blank: all of an example's "
                + "numbers are the same",
            remedy: "look at which they are as they are loaded: files that could not be read, or cuts beside the image")
    }

    /// Examples that are drawn again and again, where what is learned of them does not hold for others.
    var duplicates: Verdict? {
        let shares = inputs.compactMap(\.repeated)
        if shares.count >= 3, shares.median >= 0.9, let count = exampleCount, let size = inputs.last?.shape.first,
            count < Double(size) / 2
        {
            return Verdict(
                .duplicates, .problem, onset: records.first?.step,
                finding: "a usual batch of \(size) examples holds about \(Int(count.rounded())) different ones, and no "
                    + "others were ever drawn: the data are copies of few",
                remedy: "remove the copies, use more data, and look at how examples are drawn")
        }
        guard shares.count >= 3, shares.median >= 0.3, overfitting != nil || shift != nil else { return nil }
        return Verdict(
            .duplicates, .problem, onset: records.first?.step,
            finding:
                "\(shares.median.wholePercent) of the examples of a usual batch are in it more than once: the data hold "
                + "few different ones, which are learned by heart",
            remedy: "use more data: remove the copies before you count, and look at how examples are drawn")
    }

    // MARK: Labels

    /// Whether what was seen is the whole loss of the first steps, and not one of several terms: the true ones of a
    /// discriminator are only half of what it learns from.
    var isWholeLoss: Bool { records.prefix(3).allSatisfy { $0.hasWholeLoss ?? true } }

    /// Whether the loss compares one answer for each example, and not one for each place or class, most of which are
    /// background.
    var isOneAnswerPerExample: Bool {
        outputs.last.map { $0.targetShape.reduce(1, *) == $0.targetShape.first } ?? false
    }

    /// Targets that the loss cannot mean.
    var labels: Verdict? {
        guard let record = records.first(where: { $0.output != nil }), let first = record.output else { return nil }
        if outputs.count >= 2, outputs.allSatisfy({ $0.lead == 0 }) {
            return Verdict(
                .labels, .failure, onset: record.step,
                finding:
                    "the targets are the numbers that enter the model, each at its own place: it learns to copy them",
                remedy: "shift the targets by one place, so that each is what follows the input")
        }
        if let lead = first.lead, lead > 1, outputs.count >= 2, outputs.allSatisfy({ $0.lead == lead }) {
            return Verdict(
                .labels, .failure, onset: record.step,
                finding:
                    "each target is the number \(lead) places after the one that enters the model at its place: the next "
                    + "ones are never asked for, as where texts are shifted twice",
                remedy: "shift the targets by one place, once: so that each is what follows the input")
        }
        if let found = learnedPadding ?? uncountedExamples { return found }
        let (low, high) = (outputs.compactMap(\.targetSmallest).min(), outputs.compactMap(\.targetLargest).max())
        guard first.loss.hasPrefix("binaryCrossEntropy"), let low, let high, low < -1e-6 || high > 1 + 1e-6 else {
            return nil
        }
        return Verdict(
            .labels, .failure, onset: record.step,
            finding: "\(first.loss) is given labels from \(low.brief) to \(high.brief), and they are to be 0 and 1, or "
                + "between: of others its loss has no lower end",
            remedy: "make the labels 0 and 1: (labels - \(low.brief)) / \((high - low).brief)")
    }

    /// Padding that counts in the loss as text does. Where it is ignored, what the model answers to it, and so the mean
    /// over all places, is another matter.
    private var learnedPadding: Verdict? {
        let last = records.suffix(max(3, records.count / 4))
        let shares = last.compactMap { record -> Double? in
            guard let output = record.output, output.targetShape == record.input?.shape, output.targetShape.count > 1,
                let value = output.value, let share = record.input?.mostFrequent
            else { return nil }
            let padding = min(share, LabelCounts([output]).share)
            // Answers to padding that is ignored are never learned.
            return abs(record.loss - value) <= 0.01 * value || output.accuracy ?? 0 >= padding ? padding : nil
        }
        guard records.count >= LossCourse.least, shares.count == last.count, shares.median >= 0.5 else { return nil }
        return Verdict(
            .labels, .problem, onset: records.first?.step,
            finding: "\(shares.median.wholePercent) of the places of a text, and of its targets, are the same index, "
                + "padding probably, and they count in the loss: it falls as that is learned",
            remedy: "leave them out: crossEntropy(ignoreIndex:) with the index of the padding")
    }

    /// Examples that the loss does not count, as those of classes whose weight in it is 0.
    private var uncountedExamples: Verdict? {
        let last = records.suffix(max(3, records.count / 4)).compactMap(\.output)
        let counts = LabelCounts(outputs)
        let mean = last.compactMap(\.value).median
        guard records.count >= LossCourse.least, isOneAnswerPerExample, last.allSatisfy({ $0.classes > 1 }),
            loss.direction == .falling, mean > counts.entropy, mean > 10 * loss.end, let accuracy = loss.accuracy,
            accuracy < counts.share + 0.1
        else { return nil }
        return Verdict(
            .labels, .failure, onset: records.first?.step,
            finding:
                "\(loss.sentence), while the mean over all examples is \(mean.brief), and \(accuracy.wholePercent) of "
                + "them are answered right: most do not count in the loss",
            remedy: "give each class a weight above 0, and look at which targets the loss ignores")
    }

    /// Batches of one class each, of data that have several.
    private var sortedBatches: Verdict? {
        let counts = LabelCounts(outputs)
        let batches = outputs.map { LabelCounts([$0]) }.filter { $0.total > 1 }
        let shares = batches.map(\.share)
        let chance = batches.map { counts.chanceOfOneClass(among: $0.total) }.median
        let pure = shares.count { $0 >= 0.95 }
        // That so many are of one class by chance is at most so likely.
        let likelihood = pow(chance, Double(pure)) * pow(2, Double(shares.count))
        guard shares.count >= 4, isOneAnswerPerExample, shares.median >= 0.95, likelihood < 1e-3, counts.share < 0.75
        else { return nil }
        return Verdict(
            .oneClass, isIll ? .failure : .problem, onset: records.first?.step,
            finding:
                "\(shares.median.wholePercent) of the labels of a usual batch are of one class, and those of another "
                + "batch of another one: each step forgets what the one before has learned",
            remedy: "shuffle the examples: they come sorted by class")
    }

    var oneClass: Verdict? {
        let counts = LabelCounts(outputs)
        if let sortedBatches { return sortedBatches }
        if outputs.count >= 3, isOneAnswerPerExample, isWholeLoss, counts.total >= 8, counts.share == 1,
            counts.counts.count > 1
        {
            let label = counts.counts.firstIndex(of: counts.largest) ?? 0
            return Verdict(
                .oneClass, .failure, onset: records.first?.step,
                finding:
                    "all \(counts.total) labels that were seen are of class \(label): there is nothing to tell apart",
                remedy: "look at the labels as they are loaded, and at whether the examples are shuffled")
        }
        let spreads = outputs.compactMap(\.targetStd)
        if outputs.count >= 3, isWholeLoss, spreads.count == outputs.count, spreads.allSatisfy({ $0 == 0 }),
            let first = outputs.first,
            first.targetShape.first ?? 0 > 1, Set(outputs.compactMap(\.targetMean)).count == 1
        {
            return Verdict(
                .oneClass, .failure, onset: records.first?.step,
                finding: "all targets that were seen are \((first.targetMean ?? 0).brief): there is nothing to learn",
                remedy: "look at the targets as they are loaded")
        }
        return nil
    }

    var imbalance: Verdict? {
        let counts = LabelCounts(outputs)
        guard outputs.count >= 4, isOneAnswerPerExample, counts.total >= 40, counts.share >= 0.85, counts.share < 1
        else { return nil }
        let choices = outputs.suffix(5).compactMap(\.majority)
        guard !choices.isEmpty, choices.median >= 0.99 else { return nil }
        let label = counts.counts.firstIndex(of: counts.largest) ?? 0
        return Verdict(
            .imbalance, .problem, onset: records.first?.step,
            finding:
                "\(counts.share.wholePercent) of the labels are of class \(label), and that is what the model answers "
                + "to nearly every example: its accuracy of that height says nothing",
            remedy: "weigh the classes in the loss, or draw rare ones more often; judge by the recall of each class")
    }

    var targetScale: Verdict? {
        if let outlyingTarget { return outlyingTarget }
        guard isIll || failure != nil || loss.isWorseThanGuessing, let output = outputs.first,
            let mean = output.targetMean,
            let std = output.targetStd,
            !output.loss.hasPrefix("binary"), max(abs(mean), std) > 30 || (std > 0 && max(abs(mean), std) < 1e-3)
        else { return nil }
        return Verdict(
            .targetScale, onset: records.first?.step,
            finding: "the targets have a mean of \(mean.brief) and a standard deviation of \(std.brief)",
            remedy: "normalize them to mean 0 and standard deviation 1, and undo that in predictions")
    }

    /// A target far from all others, in single steps.
    private var outlyingTarget: Verdict? {
        let sizes = records.compactMap { record -> (step: Int, size: Double)? in
            guard let output = record.output, !output.loss.hasPrefix("binary"), let low = output.targetSmallest,
                let high = output.targetLargest
            else { return nil }
            return (record.step, max(abs(low), abs(high)))
        }
        let usual = sizes.map(\.size).median
        guard sizes.count >= 5, usual > 0, let found = sizes.first(where: { $0.size > 100 * usual }),
            sizes.count(where: { $0.size > 10 * usual }) <= max(1, sizes.count / 4)
        else { return nil }
        return Verdict(
            .targetScale, .problem, onset: found.step,
            finding: "in step \(found.step + 1) a target is \(found.size.brief), where those of a usual batch reach "
                + "\(usual.brief): it outweighs all others in the loss",
            remedy: "look at that example and correct or remove it, or use huberLoss, which limits what one can do")
    }
}
