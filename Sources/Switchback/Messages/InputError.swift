/// Invalid input from outside: a file, an option, a request. Its description is one sentence that says where, what was
/// found and what to do.
public struct InputError: Error, Equatable, Sendable {
    /// The file, option or request, as the user knows it.
    public let subject: String
    /// The line, field or byte, where known: "line 7", "field shape of tensor fc.weight".
    public let place: String?
    /// What was found, and what was expected.
    public let problem: String
    /// The remedy, if it is not obvious from the problem.
    public let remedy: String?

    /// Each part is cut where it is too long for a sentence: names and values in it come from outside.
    public init(_ subject: String, at place: String? = nil, _ problem: String, remedy: String? = nil) {
        self.subject = subject.shortened
        self.place = place?.shortened
        self.problem = problem.shortened
        self.remedy = remedy?.shortened
    }
}

extension String {
    private static let mostBytes = 2000

    /// The text, or its beginning and its end where it has more than 2,000 bytes.
    package var shortened: String {
        if utf8.count <= String.mostBytes { return self }
        let part = String.mostBytes / 8
        let (start, end) = (unicodeScalars.prefix(part), unicodeScalars.suffix(part))
        return "\(String(start)) … \(String(end))"
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
