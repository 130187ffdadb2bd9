/// Something from outside that cannot be used: a file, an option, a request. Its description is one sentence that says
/// where, what was found and what to do.
public struct InputError: Error, Equatable, Sendable {
    /// The file, option or request, as the user knows it.
    public let subject: String
    /// The line, field or byte, where known: "line 7", "field shape of tensor fc.weight".
    public let place: String?
    /// What was found, and what was expected.
    public let problem: String
    /// What to do about it, where that is not plain from the problem.
    public let remedy: String?

    public init(_ subject: String, at place: String? = nil, _ problem: String, remedy: String? = nil) {
        self.subject = subject
        self.place = place
        self.problem = problem
        self.remedy = remedy
    }
}

extension InputError: CustomStringConvertible {
    public var description: String {
        var sentence = subject
        if let place { sentence += ", \(place)" }
        sentence += ": \(problem)"
        if let remedy { sentence += "; \(remedy)" }
        return sentence
    }
}
