import Switchback

/// What is wrong with a template, or what it does not accept.
struct JinjaError: Error {
    let message: String
    /// The line of the template, counted from 1.
    var line: Int?
    /// Whether the template itself refused, by `raise_exception`.
    var isRefusal = false

    init(_ message: String, line: Int? = nil, isRefusal: Bool = false) {
        self.message = message
        self.line = line
        self.isRefusal = isRefusal
    }

    /// The error with a line, if it has none yet.
    func at(_ line: Int) -> JinjaError {
        var result = self
        result.line = self.line ?? line
        return result
    }
}

/// What a template may spend: it is a program that comes with a model, and need not end by itself.
struct JinjaBudget {
    /// Steps of evaluation, and characters and list entries that are made on the way.
    var steps = 20_000_000
    /// How deep calls, blocks and expressions may be nested.
    static let depth = 200
    /// How many operations a tag may have.
    static let links = 500
    /// The longest text or list.
    static let length = 2_000_000
    /// The longest template.
    static let source = 1 << 20

    mutating func spend(_ count: Int) throws {
        steps -= count
        if steps < 0 { throw JinjaError("it takes more steps than a template may") }
    }
}
