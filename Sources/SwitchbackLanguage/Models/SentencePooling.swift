import Switchback
import SwitchbackFormats

/// How the vectors of a sentence's tokens become one, under the names of `sentence-transformers`.
public enum SentencePooling: String, Sendable, CaseIterable {
    case mean
    /// The sum, divided by the root of the number of tokens.
    case meanSquareRoot = "mean_sqrt_len_tokens"
    /// The mean, in which a token counts as often as its place says.
    case weightedMean = "weightedmean"
    /// The vector of the first token.
    case first = "cls"
    case last = "lasttoken"
    /// The largest number of each feature.
    case max

    /// - Parameters:
    ///   - x: vectors of tokens, [N, T, width].
    ///   - mask: [N, T, 1], 1 for tokens and 0 for padding, which is at the end.
    /// - Returns: [N, width].
    func callAsFunction(_ x: Tensor, _ mask: Tensor) -> Tensor {
        switch self {
        case .mean: return (x * mask).sum(dim: 1) / mask.sum(dim: 1)
        case .meanSquareRoot: return (x * mask).sum(dim: 1) / mask.sum(dim: 1).sqrt()
        case .weightedMean:
            let weights = mask * Tensor((1...x.size(1)).map { Float($0) }, shape: [1, x.size(1), 1], like: mask)
            return (x * weights).sum(dim: 1) / weights.sum(dim: 1)
        case .first: return x.select(dim: 1, index: 0)
        case .last:
            let place = (mask.sum(dim: 1, keepDim: true) - 1).to(.int64).expand(to: x.size(0), 1, x.size(2))
            return x.gather(dim: 1, index: place).squeeze(1)
        case .max: return x.maskedFill(mask.eq(0), -Double.infinity).max(dim: 1).values
        }
    }

    /// What the `config.json` of a pooling says: `pooling_mode`, or in files before version 6 a flag for each.
    ///
    /// Throws `InputError` over one that is not known, and several, whose vectors would stand one behind another.
    init(_ fields: ConfigurationFields) throws {
        if fields["pooling_mode"] != nil {
            let list =
                if case .array(let several) = fields["pooling_mode"] { several } else { [fields["pooling_mode"]] }
            guard list.count == 1, case .string(let name)? = list[0], let own = SentencePooling(rawValue: name) else {
                let names = SentencePooling.allCases.map(\.rawValue).joined(separator: ", ")
                throw fields.problem("pooling_mode", "one of \(names) is needed")
            }
            self = own
            return
        }
        let wanted = try fields.names.filter { $0.hasPrefix("pooling_mode_") }.filter {
            try fields.bool($0, default: false)
        }
        guard wanted.count <= 1, let own = SentencePooling(flag: wanted.first ?? SentencePooling.mean.flag) else {
            let names = SentencePooling.allCases.map(\.flag).joined(separator: ", ")
            throw fields.problem(
                wanted.first ?? SentencePooling.mean.flag, "one of \(names) is needed, and there is \(wanted.count)")
        }
        self = own
    }

    private init?(flag: String) {
        guard let own = SentencePooling.allCases.first(where: { $0.flag.isExactly(flag) }) else { return nil }
        self = own
    }

    private var flag: String {
        let name =
            switch self {
            case .mean, .max, .weightedMean: "\(rawValue)_tokens"
            case .first: "cls_token"
            case .last, .meanSquareRoot: rawValue
            }
        return "pooling_mode_\(name)"
    }
}
