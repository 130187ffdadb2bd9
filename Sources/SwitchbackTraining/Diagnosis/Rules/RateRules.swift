import Foundation

// The size of the steps: the learning rate and what acts on it.

extension Evidence {
    /// What the user asked for, or the highest rate that was seen.
    private var rate: Double? { facts.learningRate ?? records.compactMap(\.rate).max() }

    /// By how much of themselves weights should change in a step for something to come of it in the training's steps:
    /// a thousandth where these are many, and up to a hundredth where they are few.
    private var fittingUpdate: Double {
        // Of weights that knew nearly all before, little is to change.
        if facts.isFineTuning || loss.start < 0.1 * (loss.baseline ?? 0) { return Limit.usualUpdate }
        let steps = Double(facts.stepCount ?? (records.last?.step ?? 0) + 1)
        return min(max(1 / max(1, steps), Limit.usualUpdate), 10 * Limit.usualUpdate)
    }

    private func rateChange(by factor: Double) -> (text: String, changes: [OptionChange]) {
        guard let rate, rate > 0 else { return ("", []) }
        let proposed = rate * factor
        let text = ": \(facts.replaced(.lr, by: proposed, insteadOf: rate))"
        let change = facts.change(.lr, proposed.oneDigit)
        // An optimizer that was chosen together with its rate takes no other rate.
        guard facts.options["optimizer"]?.lowercased() == "auto", let optimizer = facts.optimizer else {
            return (text, [change])
        }
        return ("\(text), with \(facts.named(.optimizer, optimizer))", [change, facts.change(.optimizer, optimizer)])
    }

    var rateTooHigh: Verdict? {
        let hasLostUnits = [deadUnits, saturatedUnits, vanishing].contains {
            $0?.onset ?? 0 > records.first?.step ?? 0
        }
        guard loss.isLongEnough, !loss.isLearning || loss.isErratic || failure != nil || hasLostUnits,
            let largest = largestUpdate
        else { return nil }
        let limit = loss.direction == .rising || loss.direction == .lost ? Limit.largeUpdate / 5 : Limit.largeUpdate
        guard !(largest < limit) else { return nil }
        let onset = records.first { $0.loss.isFinite && !($0.usualUpdate ?? 0 < limit) }?.step
        // What follows a first step that was too large may be of any size.
        let large = stepsOverFirstWeights(above: limit)
        let size = large.median > 100 * (large.first ?? 1) ? large[0] : large.median
        let times = max(3, (size.isFinite ? size : largest.isFinite ? largest : 1) / fittingUpdate)
        let (proposal, changes) = rateChange(by: 1 / min(times, 1e4))
        return Verdict(
            .rateTooHigh, loss.isLearning ? .problem : .failure, onset: onset,
            finding:
                "a step changes weights by up to \(largest.brief) of themselves, \((largest / Limit.usualUpdate).brief) times the usual, and "
                + loss.sentence,
            remedy: (summedExamples.map {
                "take the mean of the losses: it is their sum over \($0), and its gradient as many times as large; or "
            } ?? "") + "lower the learning rate\(proposal); "
                + (facts.interface == .commandLine ? "--find-lr suggests one" : "LearningRateFinder suggests one"),
            changes: changes)
    }

    /// The changes of weights that are larger than `limit`, as shares of the weights that the training began with: beside
    /// weights that such steps have blown up, the next ones look small.
    private func stepsOverFirstWeights(above limit: Double) -> [Double] {
        guard let first = records.first?.weightNorm, first > 0 else { return [] }
        return records.compactMap { record in
            guard record.loss.isFinite, record.gradient.isFinite, let update = record.usualUpdate, update > limit else {
                return nil
            }
            let size = update * max(1, record.weightNorm / first)
            return size.isFinite ? size : nil
        }
    }

    /// Over how many targets the loss is a sum, where it is none of means.
    var summedExamples: Int? {
        let first = records.prefix(3)
        guard let output = first.first?.output, first.count == 3 else { return nil }
        let count = output.targetShape.reduce(1, *)
        let areSums = first.allSatisfy { record in
            guard let value = record.output?.value, value > 0 else { return false }
            return abs(record.loss / value / Double(count) - 1) < 0.1
        }
        return count >= 4 && areSums ? count : nil
    }

    var rateTooLow: Verdict? {
        guard loss.isLongEnough, failure == nil, loss.progress < 0.2, let largest = largestUpdate,
            !loss.isAtFloor || largest < Limit.noUpdate && loss.latest ?? 0 > 0.1 * (loss.baseline ?? .infinity),
            largest > 0, largest < smallestUsefulUpdate,
            !(loss.beatsBaseline ?? false) || largest < Limit.noUpdate
        else { return nil }
        let times = min(1e8, fittingUpdate / largest)
        let usualGradient = records.map(\.gradient).median
        if let faintScores { return faintScores }
        let isFaint = usualGradient < 1e-4 && (rate ?? 0) >= 1e-3
        let (proposal, changes) = rateChange(by: times)
        return Verdict(
            .rateTooLow, .failure, onset: records.first?.step,
            finding: "a step changes weights by no more than \(largest.brief) of themselves, where a thousandth is "
                + "usual, and \(loss.sentence)",
            remedy: (isFaint ? "see what makes the gradient so small: its norm is \(usualGradient.brief); or " : "")
                + "raise the learning rate\(proposal); "
                + (facts.interface == .commandLine ? "--find-lr suggests one" : "LearningRateFinder suggests one"),
            changes: changes)
    }

    /// Steps that are small because the scores are, and with them the gradient.
    private var faintScores: Verdict? {
        guard let output = outputs.first, output.classes > 1, output.std < 0.005, outputs.last?.std ?? 1 < 0.02,
            (rate ?? 0) >= 1e-3
        else { return nil }
        return Verdict(
            .rateTooLow, .failure, onset: records.first?.step,
            finding: "a step changes weights by no more than \((largestUpdate ?? 0).brief) of themselves, and "
                + "\(loss.sentence): the scores that the loss is given are so small, with a standard deviation of "
                + "\(output.std.brief), that hardly any gradient comes of them",
            remedy: "take out what makes the scores so small: a temperature or another divisor of the logits")
    }

    /// Below this, steps are to blame where nothing is learned. Where the loss keeps falling, and is no better than a
    /// guess by the end, that is so of larger ones too.
    private var smallestUsefulUpdate: Double {
        if loss.progress < 0.1 { return loss.fallsSteadily ? Limit.usualUpdate : 3 * Limit.smallUpdate }
        return Limit.smallUpdate
    }

    /// A schedule that ends while there is more to learn.
    var schedule: Verdict? {
        let rates = records.compactMap { record in record.rate.map { (record.step, $0) } }
        guard rates.count >= LossCourse.least, let top = rates.map(\.1).max() else { return nil }
        if top == 0 {
            return Verdict(
                .schedule, .failure, onset: rates.first?.0, finding: "the learning rate is 0 in every step",
                remedy: "set it above 0, and look at the schedule and its number of steps")
        }
        let peak = rates.lastIndex { $0.1 == top } ?? 0
        let after = rates[peak...].firstIndex { $0.1 < 0.01 * top }
        guard let after, rates.count - after >= max(3, rates.count / 3),
            rates[after...].allSatisfy({ $0.1 < 0.01 * top }),
            !loss.isAtFloor
        else { return nil }
        return Verdict(
            .schedule, isIll ? .failure : .problem, onset: rates[after].0,
            finding:
                "from step \(rates[after].0 + 1) on the learning rate is below a hundredth of its highest, \(top.brief): what came after it, "
                + "\((Double(rates.count - after) / Double(rates.count)).wholePercent) of the training, changed next to nothing, and \(loss.sentence)",
            remedy: "stretch the schedule over all steps of the training: "
                + (facts.interface == .commandLine ? flatSchedule : "give it the number of steps that are made"))
    }

    /// The options of a rate that does not fall to nothing.
    private var flatSchedule: String {
        facts.has(.schedule) ? facts.named(.schedule, "constant") : facts.named(.lrf, "0.1")
    }

    /// A training that ends before its rate has risen.
    var warmup: Verdict? {
        let rates = records.compactMap(\.rate)
        guard rates.count >= LossCourse.least, isIll || loss.progress < 0.2 && !loss.isAtFloor, let first = rates.first,
            let last = rates.last,
            last > 3 * max(first, 1e-30), zip(rates, rates.dropFirst()).allSatisfy({ $0 <= $1 * (1 + 1e-9) }),
            largestUpdate ?? 0 < Limit.usualUpdate
        else { return nil }
        let goal = facts.learningRate.map { ", and it was to be \($0.brief)" } ?? ""
        let steps = facts.warmupSteps.map { " of \($0) steps" } ?? ""
        return Verdict(
            .warmup, .failure, onset: records.first?.step,
            finding:
                "the learning rate rises to the end of the training, where it is \(last.brief)\(goal): the warm-up\(steps) is not over, and \(loss.sentence)",
            remedy: "warm up for a tenth of the steps or less, or not at all: \(facts.named(.warmupEpochs, "0"))",
            changes: [facts.change(.warmupEpochs, "0"), OptionChange("warmup_steps", nil)])
    }

    // MARK: What holds the step back

    var clipping: Verdict? {
        let pairs = optimizers.compactMap { record in
            record.unclipped.flatMap { before in record.clipped.map { (before, $0) } }
        }
        guard isIll || loss.progress < 0.1 && !loss.isAtFloor, pairs.count >= 3,
            largestUpdate ?? 1 < 5 * Limit.usualUpdate
        else { return nil }
        let shares = pairs.map { $0.0 > 0 ? $0.1 / $0.0 : 1 }
        // A norm as usual bounds have it still moves the weights: sums over a batch, as detectors have, are clipped to it.
        guard shares.median < 0.05, pairs.map(\.1).median < 0.5 else { return nil }
        let usual = pairs.map(\.0).median
        return Verdict(
            .clipping, .failure, onset: records.first { $0.optimizer?.unclipped != nil }?.step,
            finding:
                "clipping leaves \(shares.median.brief) of the usual gradient, whose norm is \(usual.brief): a step changes weights by no more than "
                + "\((largestUpdate ?? 0).brief) of themselves, and \(loss.sentence)",
            remedy: facts.has(.clipNorm)
                ? "clip above the usual norm: \(facts.named(.clipNorm, (2 * usual).oneDigit))"
                : "clip above the usual norm",
            changes: facts.has(.clipNorm) ? [facts.change(.clipNorm, (2 * usual).oneDigit)] : [])
    }

    var weightDecay: Verdict? {
        let shares = optimizers.map(\.decay)
        guard let last = optimizers.last, last.weightDecay > 0, shares.median > 0.3, shares.count >= 3 else {
            return nil
        }
        let norms = records.map(\.weightNorm)
        let shrinks = norms.count > 2 && norms[norms.count - 1] < 0.5 * norms[0]
        guard isIll || (shrinks && !loss.isAtFloor) else { return nil }
        // A usual decay acts so strongly because the rate is too high.
        if last.weightDecay <= 0.1, rateTooHigh != nil { return nil }
        let proposed = last.weightDecay / 1000 < 1e-5 ? 1e-4 : min(last.weightDecay / 100, 1e-2)
        return Verdict(
            .weightDecay, isIll ? .failure : .problem, onset: records.first?.step,
            finding:
                "\(shares.median.wholePercent) of a usual step is weight decay, and the weights' norm went from \((norms.first ?? 0).brief) to \((norms.last ?? 0).brief), "
                + "while \(loss.sentence)",
            remedy:
                "lower the weight decay: \(facts.replaced(.weightDecay, by: proposed, insteadOf: last.weightDecay))",
            changes: [facts.change(.weightDecay, proposed.oneDigit)])
    }

    var momentum: Verdict? {
        guard let last = optimizers.last, last.momentum >= 0.985, isIll || loss.isErratic else { return nil }
        return Verdict(
            .momentum, .failure, onset: records.first?.step,
            finding:
                "with a momentum of \(last.momentum) the optimizer follows the gradients of about \((1 / (1 - last.momentum)).brief) steps, and \(loss.sentence)",
            remedy: "lower the momentum: \(facts.replaced(.momentum, by: 0.9, insteadOf: last.momentum))",
            changes: [facts.change(.momentum, "0.9")])
    }

    /// Batches too small to tell the way.
    var noise: Verdict? {
        let noise = LossCourse.noise(records.map(\.loss))
        guard isIll || loss.isErratic, let size = inputs.last?.shape.first, size <= 2, noise > 0.3 * abs(loss.end),
            inputs.last?.shape.count ?? 0 > 1,
            largestUpdate ?? 0 > Limit.usualUpdate
        else { return nil }
        return Verdict(
            .noise, .problem, onset: records.first?.step,
            finding:
                "the loss goes up and down by \((noise / max(abs(loss.end), 1e-12)).wholePercent) of itself from step to step, with batches of \(size.counted("example"))",
            remedy: "use larger batches: \(facts.named(.batch, "16"))", changes: [facts.change(.batch, "16")])
    }
}
