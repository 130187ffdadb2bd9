/// A problem of a training in words: its cause, since when, where, and what to do. All that people read of a diagnosis
/// (command line, page, log, Swift) is made of these sentences.
public struct Verdict: Codable, Equatable, Sendable, CustomStringConvertible {
    public enum Severity: String, Codable, Comparable, Sendable {
        /// Nothing is wrong.
        case fine
        /// Worth knowing; the training works.
        case note
        /// The training is worse than it could be.
        case problem
        /// The training does not work.
        case failure

        private var rank: Int {
            switch self {
            case .fine: 0
            case .note: 1
            case .problem: 2
            case .failure: 3
            }
        }

        public static func < (a: Severity, b: Severity) -> Bool { a.rank < b.rank }
    }

    /// Something that followed from a cause.
    public struct Consequence: Codable, Equatable, Sendable {
        public let kind: Kind
        /// As in a verdict.
        public let layer: String?
        public let onset: Int?

        init(_ verdict: Verdict) {
            (kind, layer, onset) = (verdict.kind, verdict.layer, verdict.onset)
        }
    }

    public let kind: Kind
    public let severity: Severity
    /// The first step that showed it, counted from 0; `nil` if it is about the training as a whole.
    public let onset: Int?
    /// The path of the layer, or of the parameter, that it is about; `nil` if it is about all.
    public let layer: String?
    /// What was found, with the numbers that show it: a sentence without its beginning and end.
    public let finding: String
    /// The remedy, as a sentence without its beginning and end; `nil` if there is none.
    public let remedy: String?
    /// The options that the remedy sets, for a program to try.
    public let changes: [OptionChange]
    /// What followed from it, in the order in which it began.
    public internal(set) var consequences: [Consequence]

    public init(
        _ kind: Kind, _ severity: Severity = .problem, onset: Int? = nil, layer: String? = nil, finding: String,
        remedy: String? = nil, changes: [OptionChange] = [], consequences: [Consequence] = []
    ) {
        self.kind = kind
        self.severity = severity
        self.onset = onset
        self.layer = layer
        self.finding = finding
        self.remedy = remedy
        self.changes = changes
        self.consequences = consequences
    }

    public var description: String {
        var sentences = "\(kind.title): \(finding)."
        if let remedy { sentences += " \(remedy.capitalizedFirst)." }
        if !consequences.isEmpty {
            let list = consequences.map(\.description).joined(separator: ", ")
            sentences += " What followed from it: \(list)."
        }
        return sentences
    }
}

extension Verdict.Consequence: CustomStringConvertible {
    public var description: String {
        let place = layer.map { $0.isEmpty ? "" : " at \($0)" } ?? ""
        return kind.rawValue + place + (onset.map { " from step \($0 + 1)" } ?? "")
    }
}

/// An option and the value that a remedy gives it.
public struct OptionChange: Codable, Equatable, Sendable {
    /// As in a configuration: `clip_norm`.
    public let option: String
    /// As on the command line; `nil` leaves the option out.
    public let value: String?

    public init(_ option: String, _ value: String?) {
        self.option = option
        self.value = value
    }
}

extension String {
    var capitalizedFirst: String { prefix(1).uppercased() + dropFirst() }
}
