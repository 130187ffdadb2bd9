import Switchback

// What classifiers are trained with.

extension ONNXOperators {
    static let losses: [String: ONNXOperator] = [
        "NegativeLogLikelihoodLoss": { call in
            let terms = try ClassLoss(call)
            return [
                terms.scores.nllLoss(
                    terms.target, weight: terms.weight, ignoreIndex: terms.ignoreIndex, reduction: terms.reduction)
            ]
        },
        "SoftmaxCrossEntropyLoss": { call in
            let terms = try ClassLoss(call)
            let logProbabilities = terms.scores.logSoftmax(dim: 1)
            let loss = logProbabilities.nllLoss(
                terms.target, weight: terms.weight, ignoreIndex: terms.ignoreIndex, reduction: terms.reduction)
            return call.node.outputs.count > 1 ? [loss, logProbabilities] : [loss]
        },
    ]
}

/// The operands of a loss of classes, checked.
private struct ClassLoss {
    /// [N, C, d…].
    let scores: Tensor
    /// [N, d…].
    let target: Tensor
    /// [C].
    let weight: Tensor?
    let ignoreIndex: Int
    let reduction: LossReduction

    init(_ call: ONNXCall) throws {
        scores = try call.floats()
        target = try call.numbers(1)
        try call.require(
            scores.rank >= 2 && target.dtype.isInteger && target.shape == scores.shape.removing(1),
            "targets \(target.dtype) \(target.shape) do not fit scores of \(scores.shape)")
        let classes = scores.shape[1]
        weight = call.optional(2) == nil ? nil : try call.floats(2, like: scores)
        try call.require(weight.map { $0.shape == [classes] } ?? true, "there is not one weight for each class")
        let ignored = call.node.int("ignore_index")
        ignoreIndex = ignored ?? -100
        let isClass = { (0..<classes).contains($0) || $0 == ignored }
        try call.require(
            target.toArray(as: Int.self).allSatisfy(isClass), "a target is not one of the \(classes) classes")
        let name = call.node.text("reduction") ?? "mean"
        guard let reduction = LossReduction(rawValue: name) else {
            throw call.problem("the reduction \(name) is unknown")
        }
        self.reduction = reduction
    }
}
