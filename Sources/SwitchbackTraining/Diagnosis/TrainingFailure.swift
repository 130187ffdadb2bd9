import Switchback

/// NaN or infinity that ended a training: where it stood, and where they came from.
public struct TrainingFailure: Codable, Equatable, Sendable {
    /// The optimizer's steps that were made before.
    public let step: Int
    /// What was noticed: `the loss is nan`.
    public let problem: String
    /// Where the first such number was computed from others; `nil` if none was.
    public let birth: Anomaly.Birth?
    /// A parameter that held such numbers before the batch.
    public let damagedParameter: String?

    public init(step: Int, problem: String, birth: Anomaly.Birth?, damagedParameter: String?) {
        self.step = step
        self.problem = problem
        self.birth = birth
        self.damagedParameter = damagedParameter
    }

    /// Where the numbers came from, as a sentence without its end.
    public var origin: String {
        if let damagedParameter, birth == nil || birth?.value == .infinity {
            return "the parameter \(damagedParameter) was not finite before this batch"
        }
        guard let birth else { return "no operation made it from finite numbers, so it came with the batch's data" }
        let way = birth.isBackward ? "the gradient of \(birth.operation)" : birth.operation
        let place = birth.module.isEmpty ? "" : " in \(birth.module)"
        return "\(birth.value == .nan ? "NaN" : "infinity") was born in \(way)\(place): \(birth.detail)"
    }

    /// The remedy.
    ///
    /// - Parameter learningRate: that of the training, where it is known.
    public func remedy(learningRate: Double? = nil) -> String {
        if let damagedParameter, birth == nil || birth?.value == .infinity {
            return "a step before made \(damagedParameter) so: --diagnose finds the gradient that did"
        }
        guard let birth else { return "look for NaN and infinity in the data" }
        switch birth.operation {
        case "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "pow", "divide", "div", "reciprocal", "norm", "std",
            "acos", "asin":
            return "keep the input of \(birth.operation) away from where its value or slope is not finite, by clamp "
                + "or by adding a small number"
        case "exp", "softplus", "expm1":
            return "subtract the largest element before \(birth.operation), or use logSoftmax and crossEntropy"
        default:
            let rate = learningRate.map { ", which is \($0.brief)," } ?? ""
            return "the numbers grew too large: lower the learning rate\(rate) or limit the gradients (clip_norm)"
        }
    }
}
