import Switchback

/// Runs a template: writes its text, and gives names their values.
final class JinjaEvaluator {
    private(set) var budget = JinjaBudget()
    private(set) var scope: JinjaScope
    private var depth = 0
    private var loopDepth = 0

    /// How a body ended.
    private enum Ending { case normal, breakLoop, continueLoop }

    init(_ variables: [String: JinjaValue]) {
        scope = JinjaScope(variables, in: JinjaScope(JinjaFunctions.named))
    }

    func run(_ statements: [JinjaStatement]) throws -> JinjaText {
        var output = JinjaText()
        _ = try run(statements, into: &output)
        return output
    }

    func spend(_ count: Int) throws { try budget.spend(count) }

    /// A text as long as one may be.
    func checked(_ text: JinjaText) throws -> JinjaText {
        try spend(text.count)
        guard text.count <= JinjaBudget.length else { throw JinjaError("it makes a text that is too long") }
        return text
    }

    func nested<Result>(_ body: () throws -> Result) throws -> Result {
        guard depth < JinjaBudget.depth else { throw JinjaError("it calls itself too deeply") }
        depth += 1
        defer { depth -= 1 }
        return try body()
    }

    private func within<Result>(_ inner: JinjaScope, _ body: () throws -> Result) rethrows -> Result {
        let outer = scope
        scope = inner
        defer { scope = outer }
        return try body()
    }

    // MARK: Statements

    private func run(_ statements: [JinjaStatement], into output: inout JinjaText) throws -> Ending {
        for statement in statements {
            do {
                try spend(1)
                let ending = try nested { try run(statement.kind, into: &output) }
                if ending != .normal { return ending }
            } catch let error as JinjaError {
                throw error.at(statement.line)
            }
        }
        return .normal
    }

    private func run(_ statement: JinjaStatement.Kind, into output: inout JinjaText) throws -> Ending {
        switch statement {
        case .text(let text): try write(text, to: &output)
        case .output(let expression): try write(try value(expression).text(), to: &output)
        case .condition(let branches, let otherwise):
            for (test, body) in branches where try value(test).isTrue { return try run(body, into: &output) }
            return try run(otherwise, into: &output)
        case .loop(let loop): return try run(loop, on: try value(loop.values), into: &output)
        case .set(let target, let expression): try assign(try value(expression), to: target)
        case .setBlock(let target, let filters, let body):
            try assign(try filtered(try captured(body), filters), to: target)
        case .macro(let macro): scope[macro.name] = .function(function(macro))
        case .callBlock(let macro, let call): try write(try callBlock(macro, call).text(), to: &output)
        case .filterBlock(let filters, let body):
            try write(try filtered(try captured(body), filters).text(), to: &output)
        case .with(let values, let body):
            let inner = JinjaScope(in: scope)
            for (target, expression) in values { try assign(try value(expression), to: target, in: inner) }
            return try within(inner) { try run(body, into: &output) }
        case .generation(let body): try write(try captured(body).generated, to: &output)
        case .breakLoop: return .breakLoop
        case .continueLoop: return .continueLoop
        }
        return .normal
    }

    private func write(_ text: JinjaText, to output: inout JinjaText) throws {
        output += try checked(text)
        guard output.count <= JinjaBudget.length else { throw JinjaError("it writes a text that is too long") }
    }

    /// What a body writes, in a scope of its own.
    private func captured(_ body: [JinjaStatement], in inner: JinjaScope? = nil) throws -> JinjaText {
        var text = JinjaText()
        _ = try within(inner ?? JinjaScope(in: scope)) { try run(body, into: &text) }
        return text
    }

    private func filtered(_ text: JinjaText, _ filters: JinjaExpression?) throws -> JinjaValue {
        guard let filters else { return .text(text) }
        return try value(filters, piped: .text(text))
    }

    func assign(_ value: JinjaValue, to target: JinjaTarget, in scope: JinjaScope? = nil) throws {
        let scope = scope ?? self.scope
        switch target {
        case .name(let name): scope[name] = value
        case .member(let name, let member):
            guard case .namespace(let space) = scope[name] else {
                throw JinjaError("\(name) is no namespace, so its members cannot be set")
            }
            space.members[member] = value
        case .tuple(let targets):
            let values = try value.entries()
            guard values.count == targets.count else {
                throw JinjaError("\(values.count) values cannot be given to \(targets.count) names")
            }
            for (target, value) in zip(targets, values) { try assign(value, to: target, in: scope) }
        }
    }

    // MARK: Loops

    private func run(_ loop: JinjaForLoop, on values: JinjaValue, into output: inout JinjaText) throws -> Ending {
        var entries = try values.entries()
        try spend(entries.count)
        if let condition = loop.condition {
            entries = try entries.filter { entry in
                let inner = JinjaScope(in: scope)
                try assign(entry, to: loop.target, in: inner)
                return try within(inner) { try value(condition).isTrue }
            }
        }
        if entries.isEmpty { return try run(loop.otherwise, into: &output) }
        let outer = scope
        loopDepth += 1
        defer { loopDepth -= 1 }
        let state = JinjaLoop(
            entries, depth: loopDepth,
            recurse: loop.isRecursive ? { [unowned self] in try recurse(loop, on: $0, in: outer) } : nil)
        for (index, entry) in entries.enumerated() {
            state.index = index
            let inner = JinjaScope(["loop": .loop(state)], in: outer)
            try assign(entry, to: loop.target, in: inner)
            if try within(inner, { try run(loop.body, into: &output) }) == .breakLoop { break }
        }
        return .normal
    }

    private func recurse(_ loop: JinjaForLoop, on values: JinjaValue, in outer: JinjaScope) throws -> JinjaValue {
        var text = JinjaText()
        _ = try nested { try within(outer) { try run(loop, on: values, into: &text) } }
        return .text(text)
    }

    // MARK: Macros

    private func function(_ macro: JinjaMacro) -> JinjaFunction {
        JinjaFunction(macro.name) { [scope] evaluator, arguments in
            try evaluator.call(macro, arguments, in: scope)
        }
    }

    private func call(_ macro: JinjaMacro, _ arguments: JinjaArguments, in definition: JinjaScope) throws -> JinjaValue
    {
        let inner = JinjaScope(in: definition)
        let names = macro.parameters.map(\.name)
        for (place, parameter) in macro.parameters.enumerated() {
            if let given = arguments[place, parameter.name] {
                inner[parameter.name] = given
            } else if let usual = parameter.usual {
                inner[parameter.name] = try within(inner) { try value(usual) }
            } else {
                inner[parameter.name] = .undefined(parameter.name)
            }
        }
        inner["varargs"] = .tuple(Array(arguments.positional.dropFirst(names.count)))
        let others = arguments.named.filter { !names.contains($0.name) }
        inner["caller"] = others.first { $0.name == "caller" }?.value ?? .undefined("caller")
        inner["kwargs"] = .dictionary(
            JinjaDictionary(others.filter { $0.name != "caller" }.map { (.string($0.name), $0.value) }))
        return .text(try nested { try captured(macro.body, in: inner) })
    }

    private func callBlock(_ macro: JinjaMacro, _ call: JinjaExpression) throws -> JinjaValue {
        guard case .call(let callee, let given) = call else { throw JinjaError("call needs a macro with parentheses") }
        var arguments = try self.arguments(given)
        arguments.named.append(("caller", .function(function(macro))))
        return try self.call(try value(callee), arguments)
    }
}
