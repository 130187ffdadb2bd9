/// A problem of a training in words: where, and what to do.
public struct Verdict: Codable, Equatable, Sendable, CustomStringConvertible {
    public enum Kind: String, Codable, Sendable {
        case healthy
        case notANumber = "not a number"
        case noGradient = "no gradient"
        case vanishing = "vanishing gradient"
        case exploding = "exploding gradient"
        case dead = "dead units"
        case saturated = "saturated units"
        case rateTooHigh = "learning rate too high"
        case rateTooLow = "learning rate too low"
    }

    public let kind: Kind
    /// The path of the layer, or of the parameter, that it is about; `nil` if it is about all.
    public let layer: String?
    /// What was found.
    public let finding: String
    /// The remedy; `nil` if there is none.
    public let remedy: String?

    public var description: String {
        let name = kind.rawValue.prefix(1).uppercased() + kind.rawValue.dropFirst()
        let sentence = "\(name): \(finding)."
        guard let remedy else { return sentence }
        return sentence + " " + remedy.prefix(1).uppercased() + remedy.dropFirst() + "."
    }
}
