import Foundation

// Training against validation.

extension Evidence {
    var validationLosses: [(step: Int, training: Double, validation: Double)] {
        validations.compactMap { record in
            guard let training = record.trainingLoss, let validation = record.validationLoss, validation.isFinite else {
                return nil
            }
            return (record.step, training, validation)
        }
    }

    /// Examples of a validation that are answered far worse than those for training from the first pass on: what these
    /// were answered by when they were new is not there.
    private var hint: Verdict? {
        guard let gap = accuracyGap, let size = inputs.first?.shape.first, let count = exampleCount else { return nil }
        let pass = outputs.prefix(records.count { Double($0.step) < count / Double(max(1, size)) })
        let fresh = pass.suffix(max(2, pass.count / 3)).compactMap(\.accuracy)
        guard pass.count >= 6, fresh.count >= 2, fresh.median > gap.validation + 0.15,
            gap.validation > LabelCounts(outputs).share + 0.1
        else { return nil }
        return Verdict(
            .shift, .problem, onset: gap.step,
            finding:
                "of the training \(fresh.median.wholePercent) of the examples are answered right when they come for "
                + "the first time, and of the validation \(gap.validation.wholePercent): it is not learned by heart, and "
                + "something tells the answer in training that validation does not have",
            remedy:
                "look for inputs that are made from the answer, and compare an example of both as the model gets them")
    }

    /// Where nearly all examples for training are answered right, and of validation never so many.
    private var accuracyGap: (step: Int, training: Double, validation: Double)? {
        let late = outputs.suffix(max(3, outputs.count / 4)).compactMap(\.accuracy)
        let validated = validations.compactMap { record in record.accuracy.map { (record.step, $0) } }
        guard isOneAnswerPerExample, !late.isEmpty, late.median >= 0.9, validated.count >= 2,
            let first = validated.first,
            let best = validated.map(\.1).max(), best < late.median - 0.2
        else { return nil }
        return (first.0, late.median, best)
    }

    /// The same where a validation tells its accuracy alone.
    private var overfittingByAccuracy: Verdict? {
        guard validationLosses.isEmpty, let gap = accuracyGap, labelsByHeart == nil, differingInputs == nil,
            differingTargets == nil
        else { return nil }
        return Verdict(
            .overfitting, .problem, onset: gap.step,
            finding: "of the training \(gap.training.wholePercent) of the examples are answered right, and of the "
                + "validation never more than \(gap.validation.wholePercent): much is learned by heart",
            remedy: "use more data or augmentation, a smaller model, dropout or \(facts.named(.weightDecay, "0.01"))")
    }

    var overfitting: Verdict? {
        if let overfittingByAccuracy { return overfittingByAccuracy }
        let losses = validationLosses
        if differingTargets != nil { return nil }
        guard losses.count >= 3, let last = losses.last, let best = losses.min(by: { $0.validation < $1.validation }),
            losses[0].training - last.training > 0.2 * abs(losses[0].training)
        else { return fewExamples }
        // A rise that is little beside what was learned is no loss, and losses of densities may be below 0.
        let learned = max(loss.start - loss.end, losses[0].training - last.training)
        guard last.validation - best.validation > max(0.2 * abs(best.validation), 0.1 * learned),
            last.validation - last.training > max(0.5 * abs(last.training), 0.1 * learned),
            best.validation < 0.95 * (loss.baseline ?? .infinity)
        else { return fewExamples }
        return Verdict(
            .overfitting, .problem, onset: best.step,
            finding:
                "after step \(best.step) the validation loss rises, from \(best.validation.brief) to \(last.validation.brief), while that of training falls to "
                + last.training.brief,
            remedy:
                "stop there (\(facts.named(.patience, "5"))), use more data or augmentation, a smaller model, dropout or "
                + facts.named(.weightDecay, "0.01"), changes: [facts.change(.patience, "5")])
    }

    /// So few examples that nothing but them is learned, from the start on.
    private var fewExamples: Verdict? {
        guard let shiftOfLoss, labelsByHeart == nil, let count = exampleCount, let variety, count < 1000,
            variety.drawn > 10 * count
        else {
            return nil
        }
        return Verdict(
            .overfitting, .problem, onset: shiftOfLoss.onset,
            finding: "there are only about \(Int(count.rounded())) different examples, and each is learned by heart: "
                + shiftOfLoss.finding,
            remedy: "use more data or augmentation; or a smaller model, dropout or \(facts.named(.weightDecay, "0.01"))"
        )
    }

    /// What is learned of the training data is of no use for the validation's, from the start on.
    var shift: Verdict? {
        if let found = differingInputs ?? differingTargets { return found }
        if overfitting == nil, let hint { return hint }
        // Where the cause is known, it says so.
        return labelsByHeart == nil && overfitting == nil ? shiftOfLoss : nil
    }

    private var shiftOfLoss: Verdict? {
        let losses = validationLosses
        guard losses.count >= 2, let last = losses.last, !isIll, let best = losses.map(\.validation).min(),
            last.training < 0.6 * (loss.baseline ?? losses[0].training),
            best > 0.95 * (loss.baseline ?? losses[0].training),
            last.validation > 2 * last.training
        else { return nil }
        return Verdict(
            .shift, .problem, onset: losses[0].step,
            finding:
                "the training loss falls to \(last.training.brief), and the validation loss was never better than \(best.brief), "
                + (loss.baseline.map { "where one who does not see the inputs has \($0.brief)" }
                    ?? "no better than at the start"),
            remedy:
                "compare an example of both as the model gets them: normalization, size, order of classes; and see whether the labels belong to the "
                + "inputs: labels at random are learned by heart in this way")
    }

    /// A validation of averaged weights that have not followed yet.
    var averaging: Verdict? {
        guard let decay = facts.options["ema"].flatMap(Double.init), let last = validationLosses.last, last.step > 0
        else {
            return nil
        }
        let warmup = facts.options["ema_warmup"].flatMap(Double.init) ?? 2000
        let reached = warmup > 0 ? decay * (1 - exp(-Double(last.step) / warmup)) : decay
        guard (1 - reached) * Double(last.step) < 2, last.validation > 1.3 * last.training, !isIll else { return nil }
        let proposed = max(0.5, 1 - 10 / Double(last.step))
        return Verdict(
            .averaging, .problem, onset: validations.first?.step,
            finding:
                "the weights that are validated are an average over about \((1 / (1 - reached)).brief) steps, and \(last.step) were made: the validation loss is "
                + "\(last.validation.brief), and that of training \(last.training.brief)",
            remedy: "let the average follow faster: \(facts.named(.ema, proposed.brief))",
            changes: [facts.change(.ema, proposed.brief)])
    }

    var augmentation: Verdict? {
        let losses = validationLosses
        guard losses.count >= 2, !isIll, let last = losses.last, facts.dropout ?? 0 < 0.5, !loss.isAtFloor,
            noisyLabels == nil, blankInputs == nil, differingInputs == nil, differingTargets == nil
        else { return nil }
        if let verdict = harderTraining { return verdict }
        guard last.validation < 0.5 * last.training, loss.progress < 0.5 else { return nil }
        return Verdict(
            .augmentation, .problem, onset: losses[0].step,
            finding:
                "the training loss, \(last.training.brief), stays far above that of the validation, \(last.validation.brief): what is trained on is "
                + "much harder than what is measured with",
            remedy: facts.interface == .commandLine
                ? "augment less: look at a batch of training images in the run's folder"
                : "augment less: look at a batch as the model gets it in training, and at one of validation")
    }

    /// Training whose examples are answered far worse than those of validation are.
    private var harderTraining: Verdict? {
        let late = outputs.suffix(max(3, outputs.count / 3)).compactMap(\.accuracy)
        let validated = validations.suffix(3).compactMap(\.accuracy)
        guard isOneAnswerPerExample, outputs.count >= LossCourse.least, validated.count >= 2, !late.isEmpty,
            late.median < 0.75, validated.min() ?? 0 > late.median + 0.25, let last = validationLosses.last,
            last.validation < last.training
        else { return nil }
        return Verdict(
            .augmentation, .problem, onset: validations.first?.step,
            finding: "of training \(late.median.wholePercent) of the examples are answered right, and of validation "
                + "\(validated.median.wholePercent): what is trained on is much harder than what is measured with",
            remedy: "augment less, with less noise: look at a batch as the model gets it in training, and at one of "
                + "validation")
    }

    /// A hidden layer of one unit, through which all has to go.
    private var narrowLayer: Verdict? {
        guard let layer = facts.narrowLayer, loss.isLongEnough, !loss.isAtFloor,
            loss.latest ?? loss.end > 0.2 * (loss.baseline ?? loss.start)
        else { return nil }
        return Verdict(
            .underfitting, .problem, onset: records.first?.step, layer: layer,
            finding:
                "\(layer) has one unit, so that all that the layers after it learn of an example is one number, and "
                + loss.sentence,
            remedy: "make \(layer) wider: as wide as the layers beside it")
    }

    var underfitting: Verdict? {
        if let narrowLayer { return narrowLayer }
        guard loss.isLongEnough, records.count >= 20, !isIll, !loss.isAtFloor, !loss.isStillFalling,
            let baseline = loss.baseline,
            let latest = loss.latest, latest > 0.5 * baseline, loss.direction == .falling, !facts.isFineTuning,
            facts.dropout ?? 0 >= 0.5 || facts.trainedElements < facts.allElements / 2
                || optimizers.map(\.decay).median > 0.2
        else { return nil }
        return Verdict(
            .underfitting, .problem, onset: nil,
            finding:
                "the loss no longer falls, at \(latest.brief), where one who does not see the inputs has \(baseline.brief)",
            remedy: "use a larger model, less dropout and weight decay, or unfreeze layers")
    }

    // MARK: Does it learn at all?

    /// A training that does not learn though nothing else is wrong.
    var notLearning: Verdict? { notLearning(until: nil) }

    /// - Parameter onset: the step in which something went wrong at last.
    func notLearning(until onset: Int?) -> Verdict? {
        guard isIll else { return nil }
        if let smoothedLabels { return smoothedLabels }
        let classes = outputs.first?.classes ?? 0
        let counts = LabelCounts(outputs)
        var reference = ""
        if let baseline = loss.baseline, loss.isAtBaseline {
            reference =
                classes > 1 && abs(baseline - log(Double(classes))) < 0.02 * baseline
                ? ", which is ln \(classes), the loss of one who guesses"
                : ", which is that of one who knows \(counts.total > 0 ? "how frequent the classes are" : "the mean target") and does not see the inputs"
        }
        let isBlind = outputs.suffix(3).compactMap { $0.std > 0 ? $0.variation / max($0.std, 1e-12) : 0 }.median < 1e-2
        let answer = isBlind ? "; it gives every input the same answer" : ""
        if records.allSatisfy({ $0.loss == 0 }) {
            return Verdict(
                .notLearning, .failure, onset: records.first?.step,
                finding: "the loss is 0 from the first step on: there is nothing to learn",
                remedy: "look at the targets: they may all be ignored, empty or the same")
        }
        return Verdict(
            .notLearning, .failure, onset: records.first?.step,
            finding:
                "\(loss.sentence)\(reference)\(answer); "
                + (onset.map { "nothing was wrong with the gradients and the steps up to step \($0)" }
                    ?? "nothing is wrong with the gradients and the steps")
                + ", so that the inputs do not tell what the targets are, or this model cannot see it in them",
            remedy:
                "see whether labels belong to their inputs (shuffled apart, shifted by one, at random), and whether one batch can be learned by "
                + "heart: " + (facts.interface == .commandLine ? "switchback doctor" : "Doctor") + " does both")
    }

    /// What is well, in numbers.
    var healthy: Verdict {
        var facts: [String] = []
        let signals = records.suffix(5).map(signals)
        if let last = signals.last, let first = last.first?.signal, let largest = last.map(\.signal).max(), largest > 0
        {
            facts.append("\((first / largest).wholePercent) of the largest gradient arrives at the first layer")
        }
        if !updates.isEmpty { facts.append("a usual step changes weights by \(updates.median.brief) of themselves") }
        let lost = layers.compactMap { [$0.dead, $0.saturated].compactMap { $0 }.max() }.max()
        if let lost { facts.append("at most \(lost.wholePercent) of a layer's units are dead or saturated") }
        let course =
            !loss.isLongEnough
            ? "\(records.count.counted("step")) are too few to tell whether the loss falls"
            : loss.isAtFloor ? "\(loss.sentence), where there is little left to learn" : loss.sentence
        return Verdict(.healthy, .fine, finding: ([course] + facts).joined(separator: ", "))
    }
}
