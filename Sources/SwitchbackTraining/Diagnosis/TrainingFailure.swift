import Switchback

/// NaN or infinity that ended a training: where it stood, and where they came from.
public struct TrainingFailure: Codable, Equatable, Sendable {
    /// The optimizer's steps that were made before.
    public let step: Int
    /// What was noticed: `the loss is nan`.
    public let problem: String
    /// Where the first such number was computed from others; `nil` if none was.
    public let birth: Anomaly.Birth?
    /// Where such a number was first used that came in from outside.
    public let entry: Anomaly.Entry?
    /// A parameter that held such numbers before the batch.
    public let damagedParameter: String?
    /// Where the examples stand in which it was born or came in, as people find them: files, lines. Empty where all of
    /// the batch are alike, or it is not known.
    public let examples: [String]

    public init(
        step: Int, problem: String, birth: Anomaly.Birth?, entry: Anomaly.Entry? = nil, damagedParameter: String?,
        examples: [String] = []
    ) {
        self.step = step
        self.problem = problem
        self.birth = birth
        self.entry = entry
        self.damagedParameter = damagedParameter
        self.examples = examples
    }

    /// What made the numbers what they are.
    enum Cause {
        /// A parameter held them before the batch.
        case parameter(String)
        /// They came with the data.
        case data
        /// An operation that is not defined, or too large, for the numbers that it was given.
        case domain(operation: String)
        /// An operation that overflows.
        case overflow(operation: String)
        /// Sums and products of numbers that were too large.
        case size
    }

    var cause: Cause {
        if let entry, birth == nil, !entry.isParameter { return .data }
        if let damagedParameter, birth == nil { return .parameter(damagedParameter) }
        guard let birth else { return .data }
        switch birth.operation {
        case "log", "log2", "log10", "log1p", "sqrt", "rsqrt", "pow", "divide", "div", "reciprocal", "norm", "std",
            "acos", "asin", "atanh", "acosh", "logit":
            return .domain(operation: birth.operation)
        case "exp", "softplus", "expm1", "sinh", "cosh": return .overflow(operation: birth.operation)
        default: return .size
        }
    }

    /// Whether nothing else has to have gone wrong before: the numbers came in, or are those of an operation at its
    /// limits, and no step was so large as to drive it there.
    ///
    /// - Parameter update: by how much of themselves a step changed weights at most.
    func isCause(after update: Double) -> Bool {
        switch cause {
        case .data: true
        case .parameter: step == 0
        case .domain, .overflow: !(update > 0.5) || step == 0
        case .size: false
        }
    }

    /// Where the numbers came from, as a sentence without its end.
    public var origin: String {
        if case .parameter(let name) = cause { return "the parameter \(name) was not finite before this batch" }
        guard let birth else { return dataOrigin }
        let way = birth.isBackward ? "the gradient of \(birth.operation)" : birth.operation
        let place = birth.module.isEmpty ? "" : " in \(birth.module)"
        return "\(birth.value == .nan ? "NaN" : "infinity") was born in \(way)\(place): \(birth.detail)\(blame(birth))"
    }

    /// Of so large a part of a batch at most is it worth telling which examples they are.
    private static let fewExamples = 0.25

    /// The few examples in which alone it was born.
    private func blame(_ birth: Anomaly.Birth) -> String {
        let count = birth.shape.first ?? 0
        guard !birth.rows.isEmpty, Double(birth.rows.count) <= max(1, Self.fewExamples * Double(count)) else {
            return ""
        }
        let numbers = birth.rows.prefix(3).map { "\($0 + 1)" }.joined(separator: ", ")
        let more = birth.rows.count > 3 ? ", …" : ""
        let places = examples.isEmpty ? "" : " (\(examples.prefix(3).joined(separator: ", "))\(more))"
        return ", in \(birth.rows.count == 1 ? "example" : "the examples") \(numbers)\(more) of \(count) alone\(places)"
    }

    /// Whether a few examples alone are to blame.
    private var blamesExamples: Bool { birth.map { !blame($0).isEmpty } ?? false }

    private var dataOrigin: String {
        let sentence = "no operation made it from finite numbers, so it came with the batch's data"
        guard let entry, !entry.isParameter, let example = entry.place.first else { return sentence }
        let value = entry.value == .nan ? "NaN" : "infinity"
        let rest = entry.place.dropFirst().map(String.init).joined(separator: ", ")
        let place = rest.isEmpty ? "" : " at [\(rest)]"
        let name = examples.first.map { ", \($0)," } ?? ""
        return "\(sentence): example \(example + 1) of \(entry.shape.first ?? 0)\(name) holds \(value)\(place), as "
            + "\(entry.operation)\(entry.module.isEmpty ? "" : " in \(entry.module)") first saw it"
    }

    /// The remedy.
    ///
    /// - Parameter facts: what is known of the training.
    func remedy(_ facts: TrainingFacts) -> String {
        switch cause {
        case .parameter(let name):
            return "a step before made \(name) so, or it was loaded so: look at the weights that the training began "
                + "with, and lower the learning rate\(facts.namedRate)"
        case .data:
            return "remove or repair that example, and look for NaN and infinity in the data"
        case .domain(let operation):
            let safe =
                "keep the input of \(operation) away from where its value or slope is not finite, by clamp or by "
                + "adding a small number"
            switch operation {
            case "log": return safe + "; for the logarithm of a softmax use logSoftmax"
            case "divide" where birth?.shape == []:
                return safe + "; a mean over nothing is 0 / 0: look whether all labels of the batch are ignored"
            default: return safe
            }
        case .overflow(let operation):
            return "subtract the largest element before \(operation), or use logSoftmax and crossEntropy"
        case .size where step == 0:
            return "nothing can have grown before the first step: "
                + (blamesExamples
                    ? "look at the numbers of that example, which are far from those of the others"
                    : "normalize the inputs, and start from smaller weights")
        case .size:
            let clipping = facts.has(.clipNorm) ? ", or limit the gradients with \(facts.named(.clipNorm, "1"))" : ""
            let example = blamesExamples ? ", and look at that example" : ""
            return "the numbers grew too large: lower the learning rate\(facts.namedRate)\(clipping)\(example)"
        }
    }
}

extension TrainingFailure {
    /// What earlier versions wrote does not say where examples stand.
    public init(from decoder: any Decoder) throws {
        let fields = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            step: try fields.decode(Int.self, forKey: .step), problem: try fields.decode(String.self, forKey: .problem),
            birth: try fields.decodeIfPresent(Anomaly.Birth.self, forKey: .birth),
            entry: try fields.decodeIfPresent(Anomaly.Entry.self, forKey: .entry),
            damagedParameter: try fields.decodeIfPresent(String.self, forKey: .damagedParameter),
            examples: try fields.decodeIfPresent([String].self, forKey: .examples) ?? [])
    }
}
