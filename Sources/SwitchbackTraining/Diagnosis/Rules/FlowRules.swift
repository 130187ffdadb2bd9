// The way back through the layers: initial weights, units and gradients.

/// The limits of the rules: far from what trainings that go well show.
enum Limit {
    /// The share of the largest gradient that must arrive at the first layers.
    static let vanishing = 1e-3
    /// By how much the gradient may grow on its way back.
    static let growth = 1e4
    /// How often the usual gradient one of a step may be.
    static let spike = 100.0
    /// Which share of a layer may be dead or saturated where the training is ill, and where it is not.
    static let lostUnits = 0.75
    static let nearlyAllUnits = 0.95
    /// How much of themselves weights may change in a step, where the loss does not fall.
    static let largeUpdate = 0.05
    /// How much of themselves weights have to change, where the loss does not fall. A thousandth is usual.
    static let smallUpdate = 1e-4
    static let usualUpdate = 1e-3
    /// What changes next to no digit of a weight.
    static let noUpdate = 1e-7
}

extension Evidence {
    // MARK: Parameters that are not reached

    var noGradient: Verdict? {
        guard let first = records.first else { return nil }
        let never = first.missing.filter { name in records.allSatisfy { $0.missing.contains(name) } }
        guard let name = never.first else { return nil }
        let others = never.count > 1 ? ", and \(never.count - 1) others after it" : ""
        let layer = first.layers.filter { name.hasPrefix($0.layer.isEmpty ? "" : $0.layer + ".") }.max {
            $0.layer.count < $1.layer.count
        }
        let isComputed = layer?.mean != nil
        let isAll = never.count == first.layers.count
        return Verdict(
            .noGradient, isIll || isAll ? .failure : .problem, onset: first.step, layer: name,
            finding: "the parameter \(name)\(others) never got one: "
                + (isComputed
                    ? "its layer is computed, but what it gives does not reach the loss as a gradient could follow it"
                    : "the loss does not depend on it"),
            remedy: isComputed
                ? "look for detach(), noGrad, argmax or numbers read with item() between the layer and the loss"
                : "use it in forward(_:), outside of noGrad, freeze it, or remove it")
    }

    // MARK: Weights at the start

    var equalUnits: Verdict? {
        guard records.count >= 2, let last = records.last else { return nil }
        let layer = last.layers.first { layer in
            layer.hasEqualUnits == true && layer.gradient != nil
                && records.allSatisfy { $0[layer.layer]?.hasEqualUnits ?? false }
        }
        guard let layer else { return equalAtFirst }
        let isZero = records[0][layer.layer]?.weight == 0
        return Verdict(
            .equalUnits, .failure, onset: records.first?.step, layer: layer.layer,
            finding:
                "the units of \(layer.name) have the same weights\(isZero ? ", all 0," : "") and stay equal: they get the same gradient, "
                + "so that the layer is worth one unit",
            remedy: "start from random weights: kaimingNormal, xavierUniform")
    }

    /// Layers that all begin with equal units: what makes them differ, their biases, takes long to.
    private var equalAtFirst: Verdict? {
        guard let record = records.first, record.step == 0, !facts.isFineTuning, loss.isLongEnough, loss.progress < 0.3,
            !loss.isAtFloor
        else { return nil }
        let equal = record.layers.filter { $0.hasEqualUnits == true && $0.gradient != nil }
        guard equal.count >= 2, 2 * equal.count > record.layers.count, let first = equal.first else { return nil }
        return Verdict(
            .equalUnits, .failure, onset: 0, layer: first.layer,
            finding:
                "in \(equal.count) of \(record.layers.count) layers, from \(first.name) on, all units begin with the "
                + "same weights, and \(loss.sentence): next to no gradient gets through them, and what gets through is the "
                + "same for all",
            remedy: "start from random weights: kaimingNormal, xavierUniform")
    }

    /// Layers whose outputs differ from example to example far less or far more than what enters them, before anything
    /// was learned.
    var initialization: Verdict? {
        guard isIll || failure != nil, !facts.isFineTuning, let record = records.first, record.step == 0 else {
            return nil
        }
        // What leaves a recurrent layer has gone through it many times.
        if record.layers.contains(where: { $0.signalInTime != nil }) { return nil }
        let entered = record.input.flatMap { $0.mostFrequent == nil && $0.std > 0 ? $0.std : nil }
        var before = entered
        let least = 1e-4 * (before ?? 1)
        for layer in record.layers {
            guard let variation = layer.variation, variation.isFinite else { continue }
            defer { before = variation }
            let isJudged = layer.attention == nil && !layer.type.contains("Norm")
            guard isJudged, let entering = before, entering > least else { continue }
            let gain = variation / entering
            if gain < Self.gains.lowerBound || gain > Self.gains.upperBound {
                let isSmall = gain < 1
                return Verdict(
                    .initialization, onset: 0, layer: layer.layer,
                    finding:
                        "before the first step, what enters \(layer.name) varies by \(entering.brief) from example to example, "
                        + "and its outputs by \(variation.brief): its weights are too \(isSmall ? "small" : "large")",
                    remedy:
                        "start from \(isSmall ? "larger weights" : "smaller weights"): kaimingNormal for rectifiers, xavierUniform for others"
                )
            }
        }
        return growth(from: entered, in: record)
    }

    /// Layers that each make what varies somewhat larger, and all together far too large.
    private func growth(from entered: Double?, in record: StepRecord) -> Verdict? {
        guard let entered, let first = record.layers.first(where: { $0.variation != nil }),
            let largest = record.layers.compactMap(\.variation).filter(\.isFinite).max(),
            largest > Self.wholeGain * entered
        else { return nil }
        return Verdict(
            .initialization, onset: 0, layer: first.layer,
            finding:
                "before the first step, what varies by \(entered.brief) from example to example at the input grows from "
                + "layer to layer, up to \(largest.brief): the weights are too large, from \(first.name) on",
            remedy: "start from smaller weights: kaimingNormal for rectifiers, xavierUniform for others")
    }

    /// By how much all layers together may make it larger.
    private static let wholeGain = 1000.0

    /// By how much a layer with usual initial weights and the activation before it change what varies.
    private static let gains = 0.01...30

    // MARK: Units

    var deadUnits: Verdict? {
        guard let found = lostUnits(\.dead, among: layers) else { return nil }
        let rest = found.count > 1 ? "; \(found.count) layers have most of theirs dead" : ""
        let isEarly = found.onset == records.first?.step
        return Verdict(
            .dead, onset: found.onset, layer: found.layer.layer,
            finding:
                "the \(found.layer.activation ?? "ReLU") after \(found.layer.name) is flat for every example in \(found.share.wholePercent) of its units, which "
                + "no gradient passes\(rest)",
            remedy: isEarly
                ? "start from biases of 0 and weights of kaimingNormal, normalize the inputs, or use LeakyReLU or GELU"
                : "lower the learning rate\(facts.namedRate) or use LeakyReLU or GELU")
    }

    var saturatedUnits: Verdict? {
        // The last layer may be as sure as it likes, unless it is to meet numbers and does not.
        let isSure = !isIll || outputs.last.map { $0.classes > 1 || $0.loss.hasPrefix("binary") } ?? true
        let judged = isSure ? layers.dropLast() : layers[...]
        guard let found = lostUnits(\.saturated, among: judged, whereWell: 0.85) else { return nil }
        let rest = found.count > 1 ? "; \(found.count) layers have most of theirs saturated" : ""
        return Verdict(
            .saturated, onset: found.onset, layer: found.layer.layer,
            finding:
                "the \(found.layer.activation ?? "activation") after \(found.layer.name) is flat for \(found.share.wholePercent) of its outputs, so that next to "
                + "no gradient passes\(rest)",
            remedy: "start from smaller weights, normalize what enters it, or use ReLU")
    }

    /// The first layer that has lost units of those that lost most, since when, and how many have lost more than they may.
    private func lostUnits(
        _ share: KeyPath<LayerRecord, Double?>, among layers: some Sequence<LayerRecord>,
        whereWell: Double = Limit.nearlyAllUnits
    ) -> (layer: LayerRecord, share: Double, onset: Int, count: Int)? {
        let limit = isIll || failure != nil ? Limit.lostUnits : whereWell
        let lost = layers.compactMap { layer -> (layer: LayerRecord, share: Double, onset: Int)? in
            let values = records.suffix(3).compactMap { $0[layer.layer]?[keyPath: share] }
            // Where nothing varies, units are on one side for all examples, and not to blame.
            if let first = records.first?[layer.layer], let variation = first.variation, let std = first.std,
                variation < 1e-3 * std
            {
                return nil
            }
            guard !values.isEmpty, values.median > limit,
                let onset = onset(where: { $0[layer.layer]?[keyPath: share].map { $0 > Limit.lostUnits } })
            else { return nil }
            return (layer, values.median, onset)
        }
        guard let first = lost.map(\.onset).min() else { return nil }
        let worst = lost.filter { $0.onset == first }.max { $0.share < $1.share }
        return worst.map { ($0.layer, $0.share, $0.onset, lost.count) }
    }

    // MARK: Gradients

    /// The layers that the gradient passed, in the order of computing, with what of it arrived at each.
    func signals(_ record: StepRecord) -> [(layer: LayerRecord, signal: Double)] {
        record.layers.compactMap { layer in layer.signal.map { (layer, $0) } }
    }

    /// How many of the first layers next to nothing of the gradient reaches; `nil` where it cannot be told.
    private func unreached(_ record: StepRecord) -> Int? {
        let signals = signals(record)
        guard signals.count >= 2, let largest = signals.map(\.signal).max(), largest.isFinite else { return nil }
        if largest == 0 { return loss.isAtFloor ? nil : signals.count }
        return signals.firstIndex { !($0.signal < Limit.vanishing * largest) } ?? 0
    }

    var vanishing: Verdict? {
        guard let onset = onset(where: { unreached($0).map { $0 > 0 } }),
            let record = records.last(where: { unreached($0) ?? 0 > 0 }), let reached = unreached(record)
        else { return nil }
        let signals = signals(record)
        let largest = signals.map(\.signal).max() ?? 0
        let first = signals[0]
        if largest == 0 {
            return Verdict(
                .vanishing, .failure, onset: onset, layer: signals.last?.layer.layer,
                finding: "no gradient leaves the loss: at every layer, up to the last, it is exactly 0",
                remedy: "look at what multiplies the loss, and whether predictions lie where the loss is flat")
        }
        guard isIll || first.signal == 0 || (signals.count >= 4 && loss.progress < 0.5 && !loss.isAtFloor) else {
            return nil
        }
        let last = signals[reached - 1].layer
        let distance = signals.count - reached + 1
        let left = first.signal / largest
        let since = onset == records.first?.step ? "" : " from step \(onset + 1) on"
        let finding =
            "on the way back it vanishes\(since) at \(last.name), layer \(distance) of \(signals.count) from the output, where less "
            + "than a thousandth of it is left; at \(first.layer.name), the first layer, it is \(left.brief) of what it was"
        let squashes = layers.contains { ["sigmoid", "tanh"].contains($0.activation ?? "") }
        let remedy =
            "add batch or layer normalization after the layers, or residual connections around them"
            + (squashes
                ? ", or use ReLU in place of sigmoid and tanh" : ", or start from larger weights (kaimingNormal)")
        return Verdict(.vanishing, .problem, onset: onset, layer: last.layer, finding: finding, remedy: remedy)
    }

    /// Recurrent layers that the gradient cannot pass from their last step to their first, or in which it grows.
    var vanishingInTime: Verdict? {
        guard isIll else { return nil }
        for layer in layers {
            func share(_ record: StepRecord) -> Double? {
                guard let norms = record[layer.layer]?.signalInTime, let most = norms.max(), most > 0 else {
                    return nil
                }
                return norms[0] / most
            }
            guard let onset = onset(where: { share($0).map { $0 < 1e-4 } }), let now = records.last.flatMap(share)
            else { continue }
            return Verdict(
                .vanishingInTime, onset: onset, layer: layer.layer,
                finding:
                    "in \(layer.name), the first time step gets \(now.brief) of the largest gradient that reaches a step: what stood at the "
                    + "beginning of a sequence is not learned from",
                remedy: layer.type == "RNN"
                    ? "use an LSTM or GRU in place of the RNN, or shorter sequences"
                    : "use shorter sequences, attention, or the mean over all steps in place of the last one")
        }
        return nil
    }

    /// What keeps single steps small: clipping, where the training's command has it.
    private var limitedGradients: String {
        facts.has(.clipNorm)
            ? "limit the gradients with \(facts.named(.clipNorm, "1"))" : "lower the learning rate\(facts.namedRate)"
    }

    var exploding: Verdict? {
        let clip = limitedGradients
        let changes = facts.has(.clipNorm) ? [facts.change(.clipNorm, "1")] : []
        func remedy(_ layer: LayerRecord) -> String {
            clip + (layer.type == "RNN" ? ", or use an LSTM or GRU in place of the RNN" : "")
        }
        for layer in layers where isIll || failure != nil || loss.isErratic {
            func growth(_ record: StepRecord) -> Double? {
                guard let norms = record[layer.layer]?.signalInTime, let last = norms.last, last > 0 else { return nil }
                return norms[0] / last
            }
            guard let record = records.first(where: { growth($0).map { !($0 < 100) } ?? false }) else { continue }
            return Verdict(
                .exploding, onset: record.step, layer: layer.layer,
                finding:
                    "in \(layer.name) it grows to \((growth(record) ?? .nan).brief) times what it was on the way from the last time step back "
                    + "to the first", remedy: remedy(layer), changes: changes)
        }
        if let (record, usual) = spike, let layer = record.layers.max(by: { $0.gradientOrZero < $1.gradientOrZero }) {
            return Verdict(
                .exploding, onset: record.step, layer: layer.layer,
                finding:
                    "in step \(record.step + 1) its norm is \(record.gradient.brief), \((record.gradient / usual).brief) "
                    + "times the usual, most of it in \(layer.name), and the loss rises to \((record.largestLoss ?? record.loss).brief)",
                remedy: remedy(layer) + ", and look at the examples of that step",
                changes: changes)
        }
        guard isIll || failure != nil, let record = records.first else { return nil }
        let signals = signals(record)
        let output = signals.suffix(max(1, signals.count / 4)).map(\.signal).max() ?? 0
        guard signals.count >= 3, output > 0, let top = signals.max(by: { $0.signal < $1.signal }),
            top.signal > Limit.growth * output
        else { return nil }
        return Verdict(
            .exploding, onset: record.step, layer: top.layer.layer,
            finding: "on the way back it grows to \((top.signal / output).brief) times what it is at the output, at "
                + top.layer.name,
            remedy: "start from smaller weights, add normalization between the layers, or \(clip)",
            changes: changes)
    }

    /// A step whose gradient is many times that of the steps before, and in which the loss rises as well.
    private var spike: (StepRecord, usual: Double)? {
        for (position, record) in records.enumerated().dropFirst(3) {
            let before = records[..<position]
            let usual = before.map(\.gradient).median
            let highest = before.map(\.loss).max() ?? 0
            let gradient = record.optimizer?.unclipped ?? record.gradient
            let isHigh = !((record.largestLoss ?? record.loss) < 3 * max(highest, 1e-9))
            if usual > 0, !(gradient < Limit.spike * usual), isHigh { return (record, usual) }
        }
        return nil
    }

    var attention: Verdict? {
        guard isIll || !loss.isAtFloor && loss.progress < 0.5 else { return nil }
        for layer in layers {
            let spreads = records.compactMap { $0[layer.layer]?.attention }
            guard spreads.count >= 3, isIll || spreads[0] < 0.03 && spreads.median < 0.15 else { continue }
            if !isIll || spreads.suffix(3).median < 0.03 {
                return Verdict(
                    .attention, onset: onset(where: { $0[layer.layer]?.attention.map { $0 < 0.03 } }),
                    layer: layer.layer,
                    finding:
                        "the attention of \(layer.name) puts all its weight on one place: its softmax is saturated and passes no gradient",
                    remedy:
                        "divide the scores by the root of the width of a head, normalize queries and keys, or start from smaller weights"
                )
            }
            if isIll, spreads.allSatisfy({ $0 > 0.9999 }) {
                return Verdict(
                    .attention, onset: records.first?.step, layer: layer.layer,
                    finding:
                        "the attention of \(layer.name) weighs all places alike in every step: queries or keys are all the same",
                    remedy: "look at what its queries and keys are made of, and at the mask")
            }
        }
        return nil
    }
}

extension LayerRecord {
    var gradientOrZero: Double { gradient.map { $0.isNaN ? .infinity : $0 } ?? 0 }
}
