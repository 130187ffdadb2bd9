import Switchback

/// Reads a template's statements.
final class JinjaParser {
    private let stream: JinjaTokenStream
    private var loops = 0

    init(_ source: String) throws { stream = JinjaTokenStream(try JinjaLexer.tokens(of: source)) }

    /// The statements of a whole template.
    static func statements(of source: String) throws -> [JinjaStatement] {
        let parser = try JinjaParser(source)
        let statements = try parser.body(until: [])
        guard parser.stream.next == .end else { throw parser.stream.problem("the end was expected") }
        return statements
    }

    /// Statements up to a tag that begins with one of `ends`, whose first two words are then not taken.
    private func body(until ends: Set<String>) throws -> [JinjaStatement] {
        var statements: [JinjaStatement] = []
        while true {
            let line = stream.line
            switch stream.next {
            case .data(let text):
                stream.take()
                statements.append(JinjaStatement(kind: .text(JinjaText(text)), line: line))
            case .variableBegin:
                stream.take()
                let value = try stream.expressions()
                try stream.expect(.variableEnd)
                statements.append(JinjaStatement(kind: .output(value), line: line))
            case .blockBegin:
                if case .name(let name) = stream.following, ends.contains(name) { return statements }
                stream.take()
                if let kind = try statement() { statements.append(JinjaStatement(kind: kind, line: line)) }
            default:
                if !ends.isEmpty {
                    throw stream.problem("'{% \(ends.sorted().joined(separator: " %}' or '{% ")) %}' was expected")
                }
                return statements
            }
        }
    }

    /// A body that ends with a tag of one word; the tag is taken.
    private func body(endingWith end: String) throws -> [JinjaStatement] {
        let statements = try nestedBody(until: [end])
        stream.take()
        stream.take()
        // `{% endmacro name %}` may repeat the name.
        if case .name = stream.next { stream.take() }
        try stream.expect(.blockEnd)
        return statements
    }

    private func nestedBody(until ends: Set<String>) throws -> [JinjaStatement] {
        try stream.nested { try body(until: ends) }
    }

    private func statement() throws -> JinjaStatement.Kind? {
        let line = stream.line
        let name = try stream.name()
        switch name {
        case "if": return try condition()
        case "for": return try loop()
        case "set": return try assignment()
        case "macro":
            let name = try stream.name()
            return .macro(try macro(named: name, end: "endmacro"))
        case "call": return try callBlock()
        case "filter":
            let filters = try stream.filters(on: nil)
            try stream.expect(.blockEnd)
            return .filterBlock(filters, try body(endingWith: "endfilter"))
        case "with": return try with()
        case "generation":
            try stream.expect(.blockEnd)
            return .generation(try body(endingWith: "endgeneration"))
        case "break", "continue":
            guard loops > 0 else { throw JinjaError("\(name) stands outside of every loop", line: line) }
            try stream.expect(.blockEnd)
            return name == "break" ? .breakLoop : .continueLoop
        default:
            let names = [
                "if", "for", "set", "macro", "call", "filter", "with", "generation", "break", "continue", "raw",
            ]
            throw JinjaError("there is no statement \(name.shortened)\(name.hint(in: names))", line: line)
        }
    }

    private func condition() throws -> JinjaStatement.Kind {
        var branches: [(test: JinjaExpression, body: [JinjaStatement])] = []
        while true {
            let test = try stream.expressions()
            try stream.expect(.blockEnd)
            branches.append((test, try nestedBody(until: ["elif", "else", "endif"])))
            stream.take()
            switch stream.take() {
            case .name("elif"): continue
            case .name("else"):
                try stream.expect(.blockEnd)
                return .condition(branches, else: try body(endingWith: "endif"))
            default:
                try stream.expect(.blockEnd)
                return .condition(branches, else: [])
            }
        }
    }

    private func loop() throws -> JinjaStatement.Kind {
        let target = try target()
        guard stream.take(word: "in") else { throw stream.problem("'in' was expected") }
        // Not a whole expression: an `if` behind it belongs to the loop.
        var values = try stream.either()
        if stream.next == .sign(",") {
            var parts = [values]
            while stream.take(sign: ",") { parts.append(try stream.either()) }
            values = .tuple(parts)
        }
        let condition = stream.take(word: "if") ? try stream.expression() : nil
        let isRecursive = stream.take(word: "recursive")
        try stream.expect(.blockEnd)
        loops += 1
        let body = try nestedBody(until: ["else", "endfor"])
        loops -= 1
        stream.take()
        var otherwise: [JinjaStatement] = []
        if stream.take() == .name("else") {
            try stream.expect(.blockEnd)
            otherwise = try self.body(endingWith: "endfor")
        } else {
            try stream.expect(.blockEnd)
        }
        return .loop(
            JinjaForLoop(
                target: target, values: values, condition: condition, isRecursive: isRecursive, body: body,
                otherwise: otherwise))
    }

    private func assignment() throws -> JinjaStatement.Kind {
        let target = try target()
        if stream.take(sign: "=") {
            let value = try stream.expressions()
            try stream.expect(.blockEnd)
            return .set(target, value)
        }
        var filters: JinjaExpression?
        if stream.take(sign: "|") { filters = try stream.filters(on: nil) }
        try stream.expect(.blockEnd)
        return .setBlock(target, filters, try body(endingWith: "endset"))
    }

    private func target() throws -> JinjaTarget {
        var parts = [try singleTarget()]
        var isTuple = false
        while stream.take(sign: ",") {
            isTuple = true
            switch stream.next {
            case .sign("("): parts.append(try singleTarget())
            case .name(let name) where name != "in": parts.append(try singleTarget())
            default: break
            }
        }
        return isTuple ? .tuple(parts) : parts[0]
    }

    private func singleTarget() throws -> JinjaTarget {
        if stream.take(sign: "(") {
            let inner = try stream.nested { try target() }
            try stream.expect(sign: ")")
            return inner
        }
        let name = try stream.name()
        return stream.take(sign: ".") ? .member(of: name, try stream.name()) : .name(name)
    }

    private func parameters() throws -> [(name: String, usual: JinjaExpression?)] {
        var parameters: [(name: String, usual: JinjaExpression?)] = []
        guard stream.take(sign: "(") else { return [] }
        while !stream.take(sign: ")") {
            if !parameters.isEmpty { try stream.expect(sign: ",") }
            if stream.take(sign: ")") { break }
            let name = try stream.name()
            parameters.append((name, stream.take(sign: "=") ? try stream.expression() : nil))
        }
        return parameters
    }

    private func macro(named name: String, end: String) throws -> JinjaMacro {
        let parameters = try parameters()
        try stream.expect(.blockEnd)
        let outer = loops
        loops = 0
        defer { loops = outer }
        return JinjaMacro(name: name, parameters: parameters, body: try body(endingWith: end))
    }

    private func callBlock() throws -> JinjaStatement.Kind {
        let parameters = try parameters()
        let call = try stream.expression()
        try stream.expect(.blockEnd)
        let body = try body(endingWith: "endcall")
        return .callBlock(JinjaMacro(name: "caller", parameters: parameters, body: body), call)
    }

    private func with() throws -> JinjaStatement.Kind {
        var values: [(JinjaTarget, JinjaExpression)] = []
        while stream.next != .blockEnd {
            if !values.isEmpty { try stream.expect(sign: ",") }
            let target = try singleTarget()
            try stream.expect(sign: "=")
            values.append((target, try stream.expression()))
        }
        stream.take()
        return .with(values, try body(endingWith: "endwith"))
    }
}
