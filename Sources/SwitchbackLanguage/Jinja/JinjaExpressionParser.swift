import Switchback

// Expressions, by descending through the precedences of Jinja's own parser.

extension JinjaTokenStream {
    /// An expression; several with commas between them are a tuple.
    func expressions() throws -> JinjaExpression {
        let first = try expression()
        guard next == .sign(",") else { return first }
        var parts = [first]
        while take(sign: ",") {
            switch next {
            case .variableEnd, .blockEnd, .sign(")"): return .tuple(parts)
            default: parts.append(try expression())
            }
        }
        return .tuple(parts)
    }

    func expression() throws -> JinjaExpression { try nested { try condition() } }

    private func condition() throws -> JinjaExpression {
        var value = try either()
        while take(word: "if") {
            try link()
            let test = try either()
            let otherwise = take(word: "else") ? try nested { try condition() } : nil
            value = .condition(test, then: value, else: otherwise)
        }
        return value
    }

    func either() throws -> JinjaExpression {
        var value = try both()
        while take(word: "or") {
            try link()
            value = .or(value, try both())
        }
        return value
    }

    private func both() throws -> JinjaExpression {
        var value = try negation()
        while take(word: "and") {
            try link()
            value = .and(value, try negation())
        }
        return value
    }

    private func negation() throws -> JinjaExpression {
        take(word: "not") ? .not(try nested { try negation() }) : try comparison()
    }

    private func comparison() throws -> JinjaExpression {
        let value = try sum()
        var others: [(sign: String, operand: JinjaExpression)] = []
        while true {
            if case .sign(let sign) = next, ["==", "!=", "<", "<=", ">", ">="].contains(sign) {
                take()
                others.append((sign, try sum()))
            } else if take(word: "in") {
                others.append(("in", try sum()))
            } else if next == .name("not"), following == .name("in") {
                take()
                take()
                others.append(("not in", try sum()))
            } else {
                return others.isEmpty ? value : .comparison(value, others)
            }
        }
    }

    private func sum() throws -> JinjaExpression {
        try chain(of: ["+", "-"]) { try concatenation() }
    }

    private func concatenation() throws -> JinjaExpression {
        var parts = [try product()]
        while take(sign: "~") { parts.append(try product()) }
        return parts.count == 1 ? parts[0] : .concatenation(parts)
    }

    private func product() throws -> JinjaExpression {
        try chain(of: ["*", "/", "//", "%"]) { try chain(of: ["**"]) { try unary(withFilters: true) } }
    }

    private func chain(
        of signs: [String], _ operand: () throws -> JinjaExpression
    ) throws -> JinjaExpression {
        var value = try operand()
        while case .sign(let sign) = next, signs.contains(sign) {
            take()
            try link()
            value = .arithmetic(value, sign, try operand())
        }
        return value
    }

    private func unary(withFilters: Bool) throws -> JinjaExpression {
        var value: JinjaExpression
        if take(sign: "-") {
            value = .negative(try nested { try unary(withFilters: false) })
        } else if take(sign: "+") {
            value = .positive(try nested { try unary(withFilters: false) })
        } else {
            value = try primary()
        }
        value = try postfix(value)
        return withFilters ? try filters(value) : value
    }

    // MARK: What stands by itself

    private func primary() throws -> JinjaExpression {
        switch next {
        case .name(let name):
            take()
            switch name {
            case "true", "True": return .constant(.bool(true))
            case "false", "False": return .constant(.bool(false))
            case "none", "None": return .constant(.none)
            default: return .name(name)
            }
        case .string(var text):
            take()
            while case .string(let more) = next {
                text += more
                take()
            }
            return .constant(.string(text))
        case .integer(let value):
            take()
            return .constant(.integer(value))
        case .number(let value):
            take()
            return .constant(.number(value))
        case .sign("("): return try parentheses()
        case .sign("["):
            take()
            return .list(try list(until: "]") { try expression() })
        case .sign("{"):
            take()
            return .dictionary(
                try list(until: "}") {
                    let key = try expression()
                    try expect(sign: ":")
                    return (key, try expression())
                })
        default: throw problem("a value was expected")
        }
    }

    private func parentheses() throws -> JinjaExpression {
        take()
        if take(sign: ")") { return .tuple([]) }
        let value = try expressions()
        try expect(sign: ")")
        return value
    }

    private func list<Entry>(
        until end: String, _ entry: () throws -> Entry
    ) throws -> [Entry] {
        var entries: [Entry] = []
        while !take(sign: end) {
            if !entries.isEmpty { try expect(sign: ",") }
            if take(sign: end) { break }
            entries.append(try entry())
        }
        return entries
    }

    // MARK: What follows a value

    private func postfix(_ value: JinjaExpression) throws -> JinjaExpression {
        var value = value
        while [.sign("."), .sign("["), .sign("(")].contains(next) {
            try link()
            if take(sign: ".") {
                if case .integer(let number) = next {
                    take()
                    value = .item(value, .constant(.integer(number)))
                } else {
                    value = .member(value, try name())
                }
            } else if take(sign: "[") {
                value = try subscripted(value)
            } else {
                value = .call(value, try call())
            }
        }
        return value
    }

    private func subscripted(_ value: JinjaExpression) throws -> JinjaExpression {
        var bounds: [JinjaExpression?] = [nil]
        while !take(sign: "]") {
            if take(sign: ":") {
                guard bounds.count < 3 else { throw problem("']' was expected") }
                bounds.append(nil)
            } else {
                guard bounds[bounds.count - 1] == nil else { throw problem("']' was expected") }
                bounds[bounds.count - 1] = try expressions()
            }
        }
        if bounds.count > 1 { return .slice(value, bounds[0], bounds[1], bounds.count > 2 ? bounds[2] : nil) }
        guard let index = bounds[0] else { throw problem("a number or name was expected between brackets") }
        return .item(value, index)
    }

    func call() throws -> JinjaCall {
        try expect(sign: "(")
        var call = JinjaCall()
        while !take(sign: ")") {
            if !(call.positional.isEmpty && call.named.isEmpty && call.list == nil && call.dictionary == nil) {
                try expect(sign: ",")
                if take(sign: ")") { break }
            }
            if take(sign: "*") {
                call.list = try expression()
            } else if take(sign: "**") {
                call.dictionary = try expression()
            } else if case .name(let name) = next, following == .sign("=") {
                take()
                take()
                call.named.append((name, try expression()))
            } else {
                call.positional.append(try expression())
            }
        }
        return call
    }

    /// Filters, tests and calls behind a value.
    private func filters(_ value: JinjaExpression) throws -> JinjaExpression {
        var value = value
        while true {
            if next == .sign("|") {
                value = try filters(on: value)
            } else if take(word: "is") {
                try link()
                value = try test(value)
            } else if next == .sign("(") {
                try link()
                value = .call(value, try call())
            } else {
                return value
            }
        }
    }

    /// `| name | name(…)`, behind a value or by itself.
    func filters(on value: JinjaExpression?) throws -> JinjaExpression {
        var value = value
        while take(sign: "|") || value == nil {
            try link()
            let name = try name()
            value = .filter(value, name, next == .sign("(") ? try call() : JinjaCall())
        }
        return value ?? .constant(.none)
    }

    private func test(_ value: JinjaExpression) throws -> JinjaExpression {
        let isNegated = take(word: "not")
        let name = try name()
        var arguments = JinjaCall()
        switch next {
        case .sign("("): arguments = try call()
        case .name("else"), .name("or"), .name("and"), .name("is"), .name("if"), .name("not"), .name("in"): break
        case .name, .string, .integer, .number, .sign("["), .sign("{"):
            let argument = try primary()
            arguments.positional = [try postfix(argument)]
        default: break
        }
        let test = JinjaExpression.test(value, name, arguments)
        return isNegated ? .not(test) : test
    }
}

extension String {
    /// A question after the nearest of the names that there are.
    func hint(in names: some Sequence<String>) -> String {
        nearest(in: names).map { "; did you mean \($0)?" } ?? ""
    }
}
