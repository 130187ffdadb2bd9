import Foundation

// The rules by which measurements become verdicts. Their limits are far from what trainings that go well show: a
// verdict is worth its interruption.

/// The limits of the rules.
private enum Limit {
    /// The share of the largest gradient that must arrive at the first layers.
    static let vanishing = 1e-3
    /// By how much the gradient may grow on its way back.
    static let growth = 1e4
    /// How often the usual gradient one of a step may be.
    static let spike = 100.0
    /// How often a layer's norm the norm of its gradient may be.
    static let relativeGradient = 100.0
    /// Which share of a layer may be dead or saturated.
    static let lostUnits = 0.5
    /// How much of themselves weights may change in a step, where the loss does not fall.
    static let largeUpdate = 0.05
    /// How much of themselves weights have to change, where the loss does not fall. A thousandth is usual.
    static let smallUpdate = 1e-4
    /// Which part of the loss has to be gone for it to be called falling.
    static let falling = 0.05
    /// From how many measurements the course of the loss is judged.
    static let course = 6
}

extension Diagnosis {
    /// What is the matter, the gravest first; one that says that all is well, where nothing is. None without
    /// measurements.
    public var verdicts: [Verdict] {
        guard !records.isEmpty || failure != nil else { return [] }
        let rate = learningRate
        // Steps that are too large make gradients explode which were in order before.
        let explosion = rate?.kind == .rateTooHigh && !startsOverwhelmed ? nil : exploding
        let flow = [notANumber, vanishing, explosion].compactMap { $0 }
        // Where the gradient is lost, the learning rate is not what is wrong.
        let isLost = flow.contains { [.vanishing, .exploding].contains($0.kind) }
        let found = flow + [noGradient, isLost ? nil : rate, deadUnits, saturatedUnits].compactMap { $0 }
        return found.isEmpty ? [healthy] : found
    }

    // MARK: Numbers that are none, parameters that are not reached

    private var notANumber: Verdict? {
        guard let failure else { return nil }
        return Verdict(
            .notANumber, layer: failure.birth?.module ?? failure.damagedParameter,
            finding: "in step \(failure.step + 1) \(failure.problem); \(failure.origin)",
            remedy: failure.remedy(learningRate: records.last?.rate))
    }

    private var noGradient: Verdict? {
        guard let first = records.first else { return nil }
        let never = first.missing.filter { name in records.allSatisfy { $0.missing.contains(name) } }
        guard let name = never.first else { return nil }
        let others = never.count > 1 ? ", and \(never.count - 1) others after it" : ""
        return Verdict(
            .noGradient, layer: name,
            finding: "the parameter \(name)\(others) never got one: the loss does not depend on it",
            remedy: "use it in forward(_:), freeze it, or remove it")
    }

    // MARK: The way back

    /// The layers that the gradient passed, in the order of computing, with what of it arrived at each lately.
    private var signals: [(layer: LayerRecord, signal: Double)] {
        layers.compactMap { layer in
            let values = records.suffix(5).compactMap { $0[layer.layer]?.signal }
            return values.isEmpty ? nil : (layer, values.median)
        }
    }

    private var vanishing: Verdict? {
        let signals = signals
        guard signals.count >= 4, let largest = signals.map(\.signal).max(), largest > 0, largest.isFinite else {
            return nil
        }
        let reached = signals.firstIndex { !($0.signal < Limit.vanishing * largest) } ?? 0
        guard reached > 0 else { return nil }
        let (last, first) = (signals[reached - 1].layer, signals[0])
        let distance = signals.count - reached + 1
        let finding =
            "on the way back it vanishes at \(last.name), layer \(distance) of \(signals.count) from the output, where less "
            + "than a thousandth of it is left; at \(first.layer.name), the first layer, it is "
            + "\((first.signal / largest).brief) of what it was"
        let squashes = layers.contains { ["sigmoid", "tanh"].contains($0.activation ?? "") }
        let remedy =
            "add batch or layer normalization after the layers, or residual connections around them"
            + (squashes
                ? ", or use ReLU in place of sigmoid and tanh" : ", or start from larger weights (kaimingNormal)")
        return Verdict(.vanishing, layer: last.layer, finding: finding, remedy: remedy)
    }

    private var exploding: Verdict? {
        let remedy = "limit the gradients with clip_norm (--clip-norm 1)"
        if let (record, layer) = overwhelming {
            return Verdict(
                .exploding, layer: layer.layer,
                finding:
                    "in step \(record.step + 1) its norm is \((layer.gradient ?? .nan).brief) at \(layer.name), whose "
                    + "weights have the norm \(layer.weight.brief)",
                remedy: remedy + recurrentRemedy(layer))
        }
        if let (record, usual) = spike, let layer = record.layers.max(by: { $0.gradientOrZero < $1.gradientOrZero }) {
            return Verdict(
                .exploding, layer: layer.layer,
                finding:
                    "in step \(record.step + 1) its norm is \(record.gradient.brief), \((record.gradient / usual).brief) "
                    + "times the usual, most of it in \(layer.name)", remedy: remedy + recurrentRemedy(layer))
        }
        let signals = signals
        let output = signals.suffix(max(1, signals.count / 4)).map(\.signal).max() ?? 0
        guard signals.count >= 4, output > 0, let top = signals.max(by: { $0.signal < $1.signal }),
            top.signal > Limit.growth * output
        else { return nil }
        return Verdict(
            .exploding, layer: top.layer.layer,
            finding: "on the way back it grows to \((top.signal / output).brief) times what it is at the output, at "
                + top.layer.name,
            remedy: "start from smaller weights, add normalization between the layers, or \(remedy)")
    }

    /// Whether a gradient was far larger than its layer before any step had changed the weights.
    private var startsOverwhelmed: Bool { overwhelming?.0.step == records.first?.step }

    /// A step in which a layer's gradient is far larger than the layer, or no number.
    private var overwhelming: (StepRecord, LayerRecord)? {
        for record in records {
            let layers = record.layers.filter { layer in
                let gradient = layer.gradientOrZero
                return !gradient.isFinite || (layer.weight > 0.1 && gradient > Limit.relativeGradient * layer.weight)
            }
            if let worst = layers.max(by: { $0.gradientOrZero < $1.gradientOrZero }) { return (record, worst) }
        }
        return nil
    }

    /// A step whose gradient is many times that of the steps before.
    private var spike: (StepRecord, usual: Double)? {
        for (position, record) in records.enumerated().dropFirst(3) {
            let usual = records[..<position].map(\.gradient).median
            if usual > 0 && record.gradient > Limit.spike * usual { return (record, usual) }
        }
        return nil
    }

    private func recurrentRemedy(_ layer: LayerRecord) -> String {
        layer.type == "RNN" ? ", or use an LSTM or GRU in place of the RNN" : ""
    }

    // MARK: Units

    private var deadUnits: Verdict? {
        guard let (layer, share, count) = worst(\.dead, { $0.min() ?? 0 }, among: layers) else { return nil }
        let rest = count > 1 ? "; \(count) layers have more than half of theirs dead" : ""
        return Verdict(
            .dead, layer: layer.layer,
            finding:
                "the ReLU after \(layer.name) gives 0 for every example in \(share.wholePercent) of its units, which "
                + "no gradient passes\(rest)",
            remedy: "lower the learning rate, start from biases of 0, or use LeakyReLU or GELU")
    }

    private var saturatedUnits: Verdict? {
        // The last layer may be as sure as it likes.
        guard let (layer, share, count) = worst(\.saturated, { $0.median }, among: layers.dropLast()) else {
            return nil
        }
        let rest = count > 1 ? "; \(count) layers have more than half of theirs saturated" : ""
        return Verdict(
            .saturated, layer: layer.layer,
            finding:
                "the \(layer.activation ?? "activation") after \(layer.name) is flat for \(share.wholePercent) of its "
                + "outputs, so that next to no gradient passes\(rest)",
            remedy: "start from smaller weights, add normalization before it, or use ReLU")
    }

    /// The layer that has lost most of its units in the last steps, and how many have lost more than they may.
    private func worst(
        _ share: KeyPath<LayerRecord, Double?>, _ summary: ([Double]) -> Double,
        among layers: some Sequence<LayerRecord>
    ) -> (LayerRecord, share: Double, count: Int)? {
        let shares = layers.compactMap { layer -> (LayerRecord, Double)? in
            let values = records.suffix(3).compactMap { $0[layer.layer]?[keyPath: share] }
            guard !values.isEmpty else { return nil }
            let lost = summary(values)
            return lost > Limit.lostUnits ? (layer, lost) : nil
        }
        guard let worst = shares.max(by: { $0.1 < $1.1 }) else { return nil }
        return (worst.0, worst.1, shares.count)
    }

    // MARK: The learning rate

    private var learningRate: Verdict? {
        let losses = records.map(\.loss)
        guard failure != nil || losses.count >= Limit.course, let first = losses.prefix(3).min(), first.isFinite,
            let update = records.compactMap(\.usualUpdate).map({ $0.isNaN ? .infinity : $0 }).max()
        else { return nil }
        let last = failure == nil ? losses.suffix(3).median : .nan
        let isFalling = first - last > Limit.falling * abs(first)
        let rate = records.compactMap(\.rate).max().map { ", which is \($0.brief)," } ?? ""
        let course = "the loss went from \(first.brief) to \(last.brief)"
        if !isFalling && update > Limit.largeUpdate {
            return Verdict(
                .rateTooHigh,                 finding: "a step changes weights by up to \(update.brief) of themselves, and \(course)",
                remedy: "lower the learning rate\(rate) about tenfold; --find-lr suggests one")
        }
        if failure == nil && !isFalling && update < Limit.smallUpdate {
            return Verdict(
                .rateTooLow,                 finding: "a step changes weights by no more than \(update.brief) of themselves, where a thousandth is "
                    + "usual, and \(course)",
                remedy: "raise the learning rate\(rate) about tenfold; --find-lr suggests one")
        }
        return nil
    }

    private var healthy: Verdict {
        let signals = signals
        var facts: [String] = []
        if let first = signals.first?.signal, let largest = signals.map(\.signal).max(), largest > 0 {
            facts.append("\((first / largest).wholePercent) of the largest gradient arrives at the first layer")
        }
        let updates = records.compactMap(\.usualUpdate)
        if !updates.isEmpty { facts.append("a usual step changes weights by \(updates.median.brief) of themselves") }
        let lost = layers.compactMap { [$0.dead, $0.saturated].compactMap { $0 }.max() }.max()
        if let lost { facts.append("at most \(lost.wholePercent) of a layer's units are dead or saturated") }
        return Verdict(
            .healthy,             finding: facts.isEmpty ? "no problem was found" : facts.joined(separator: ", "), remedy: nil)
    }
}

extension StepRecord {
    /// The measurements of a layer.
    subscript(layer: String) -> LayerRecord? { layers.first { $0.layer == layer } }

    /// By how much of themselves the weights of most layers changed.
    var usualUpdate: Double? {
        let updates = layers.compactMap(\.update)
        return updates.isEmpty ? nil : updates.median
    }
}

extension LayerRecord {
    fileprivate var gradientOrZero: Double { gradient.map { $0.isNaN ? .infinity : $0 } ?? 0 }
}

extension Double {
    /// As sentences and tables have it.
    var brief: String { isNaN ? "nan" : String(format: "%.3g", self) }

    fileprivate var wholePercent: String { "\(Int((self * 100).rounded())) %" }
}
