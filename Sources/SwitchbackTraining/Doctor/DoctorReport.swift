/// One thing that a ``Doctor`` looked at, and what came of it.
public struct DoctorCheck: Codable, Equatable, Sendable {
    /// What is checked, as a page names it.
    public enum Name: String, Codable, CaseIterable, Sendable {
        case values = "values of the data"
        case classes = "classes of the data"
        case leaks = "training and validation data are apart"
        case structure = "structure of the model"
        case startLoss = "loss at the start"
        case isolation = "examples do not see each other"
        case rate = "learning rate"
        case oneBatch = "one batch is learned by heart"
        case modes = "training and inference agree"
        case labels = "labels say something"
        case inputs = "inputs say something"
    }

    public enum Outcome: String, Codable, Sendable {
        case passed, failed
        /// It could not be judged, and the finding says why.
        case skipped
    }

    public let name: Name
    public let outcome: Outcome
    /// What was found, with the numbers that show it: a sentence without its beginning and end.
    public let finding: String
    /// Of a check that failed; as `finding`.
    public let remedy: String?

    public init(_ name: Name, _ outcome: Outcome, _ finding: String, remedy: String? = nil) {
        self.name = name
        self.outcome = outcome
        self.finding = finding
        self.remedy = remedy
    }

    /// A failure, in the sentences of a verdict.
    init(_ name: Name, _ verdict: Verdict) {
        self.init(name, .failed, "\(verdict.kind.rawValue): \(verdict.finding)", remedy: verdict.remedy)
    }
}

extension DoctorCheck: CustomStringConvertible {
    /// A mark and its sentences: `✓ Loss at the start: …`.
    public var description: String {
        let mark =
            switch outcome {
            case .passed: "✓"
            case .failed: "✗"
            case .skipped: "–"
            }
        let sentence = "\(mark) \(name.rawValue.capitalizedFirst): \(finding)."
        return sentence + (remedy.map { " \($0.capitalizedFirst)." } ?? "")
    }
}

/// What a ``Doctor`` found out about a training before it begins.
public struct DoctorReport: Codable, Equatable, Sendable, CustomStringConvertible {
    /// In the order in which they were made.
    public internal(set) var checks: [DoctorCheck] = []

    public init() {}

    /// Those that failed.
    public var failures: [DoctorCheck] { checks.filter { $0.outcome == .failed } }

    /// A check a line.
    public var description: String { checks.map(\.description).joined(separator: "\n") }
}
