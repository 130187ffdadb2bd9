/// The words of a template, read one after the other.
final class JinjaTokenStream {
    private let tokens: [JinjaToken]
    private var position = 0
    private var depth = 0
    /// The operations of the tag that is read which have all those before them for an operand.
    private var links = 0

    init(_ tokens: [JinjaToken]) { self.tokens = tokens }

    var next: JinjaToken.Kind { tokens[position].kind }
    var line: Int { tokens[position].line }

    /// The word after the next one.
    var following: JinjaToken.Kind { tokens[min(position + 1, tokens.count - 1)].kind }

    @discardableResult func take() -> JinjaToken.Kind {
        if next == .variableBegin || next == .blockBegin { links = 0 }
        defer { position = min(position + 1, tokens.count - 1) }
        return next
    }

    func take(_ kind: JinjaToken.Kind) -> Bool {
        guard next == kind else { return false }
        take()
        return true
    }

    func take(sign: String) -> Bool { take(.sign(sign)) }
    func take(word: String) -> Bool { take(.name(word)) }

    func expect(_ kind: JinjaToken.Kind) throws {
        if !take(kind) { throw problem("\(JinjaTokenStream.text(kind)) was expected") }
    }

    func expect(sign: String) throws { try expect(.sign(sign)) }

    func name() throws -> String {
        guard case .name(let name) = next else { throw problem("a name was expected") }
        take()
        return name
    }

    func problem(_ expectation: String) -> JinjaError {
        JinjaError("\(expectation), and \(JinjaTokenStream.text(next)) was found", line: line)
    }

    /// Calls `body` one level deeper, if there may be so many.
    func nested<Result>(_ body: () throws -> Result) throws -> Result {
        guard depth < JinjaBudget.depth else { throw JinjaError("it is nested too deeply", line: line) }
        depth += 1
        defer { depth -= 1 }
        return try body()
    }

    /// Counts an operation on what was read so far: a chain of them is as deep as it is long, for whoever evaluates it.
    func link() throws {
        links += 1
        guard links <= JinjaBudget.links else { throw JinjaError("a tag has too many operations", line: line) }
    }

    private static func text(_ kind: JinjaToken.Kind) -> String {
        switch kind {
        case .data: "text outside tags"
        case .variableBegin: "'{{'"
        case .variableEnd: "'}}'"
        case .blockBegin: "'{%'"
        case .blockEnd: "'%}'"
        case .name(let name): "'\(name.shortened)'"
        case .string(let text): "the text '\(text.shortened)'"
        case .integer(let number): "\(number)"
        case .number(let number): "\(number)"
        case .sign(let sign): "'\(sign)'"
        case .end: "the end"
        }
    }
}
