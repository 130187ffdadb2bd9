import Switchback

extension JinjaEvaluator {
    /// The value of an expression.
    ///
    /// - Parameter piped: what a filter without a value of its own works on.
    func value(_ expression: JinjaExpression, piped: JinjaValue? = nil) throws -> JinjaValue {
        try spend(1)
        return try nested {
            switch expression {
            case .constant(let value): return value
            case .name(let name): return scope[name] ?? .undefined(name)
            case .list(let parts): return .list(try parts.map { try value($0) })
            case .tuple(let parts): return .tuple(try parts.map { try value($0) })
            case .dictionary(let entries):
                return .dictionary(JinjaDictionary(try entries.map { (try value($0.key), try value($0.value)) }))
            case .member(let object, let name): return try member(name, of: try value(object), object)
            case .item(let object, let key): return try item(try value(key), of: try value(object), object)
            case .slice(let object, let start, let end, let step):
                return try sliced(
                    try value(object), try start.map { try value($0) }, try end.map { try value($0) },
                    try step.map { try value($0) })
            case .call(let callee, let call): return try self.call(try value(callee), try arguments(call))
            case .filter(let operand, let name, let call):
                return try filter(name, try operand.map { try value($0, piped: piped) } ?? piped ?? .none, call)
            case .test(let operand, let name, let call):
                return .bool(try test(name, try value(operand), try arguments(call)))
            default: return try combined(expression)
            }
        }
    }

    private func combined(_ expression: JinjaExpression) throws -> JinjaValue {
        switch expression {
        case .not(let operand): return .bool(try !value(operand).isTrue)
        case .and(let a, let b):
            let first = try value(a)
            return first.isTrue ? try value(b) : first
        case .or(let a, let b):
            let first = try value(a)
            return first.isTrue ? first : try value(b)
        case .negative(let operand):
            let operand = try value(operand)
            if case .number(let number) = operand { return .number(-number) }
            return try JinjaArithmetic.apply("-", .integer(0), operand, self)
        case .positive(let operand): return try JinjaArithmetic.apply("+", .integer(0), try value(operand), self)
        case .comparison(let first, let others): return try compared(first, others)
        case .arithmetic(let a, let sign, let b):
            return try JinjaArithmetic.apply(sign, try value(a), try value(b), self)
        case .concatenation(let parts):
            return .text(try checked(JinjaText.joined(try parts.map { try value($0).text() }, by: JinjaText())))
        case .condition(let test, let then, let otherwise):
            if try value(test).isTrue { return try value(then) }
            return try otherwise.map { try value($0) } ?? .undefined("the inline if without an else")
        default: return .none
        }
    }

    private func compared(
        _ first: JinjaExpression, _ others: [(sign: String, operand: JinjaExpression)]
    ) throws -> JinjaValue {
        var left = try value(first)
        for (sign, operand) in others {
            let right = try value(operand)
            if try !JinjaArithmetic.holds(sign, left, right, self) { return .bool(false) }
            left = right
        }
        return .bool(true)
    }

    func arguments(_ call: JinjaCall) throws -> JinjaArguments {
        var arguments = JinjaArguments()
        arguments.positional = try call.positional.map { try value($0) }
        if let list = call.list { arguments.positional += try value(list).entries() }
        arguments.named = try call.named.map { ($0.name, try value($0.value)) }
        if let dictionary = call.dictionary {
            guard case .dictionary(let more) = try value(dictionary) else {
                throw JinjaError("a dictionary is needed after **")
            }
            arguments.named += try more.entries.map { (try $0.key.text().string, $0.value) }
        }
        return arguments
    }

    func call(_ callee: JinjaValue, _ arguments: JinjaArguments) throws -> JinjaValue {
        try spend(1)
        switch callee {
        case .function(let function): return try function.call(self, arguments)
        case .loop(let loop):
            guard let recurse = loop.recurse else { throw JinjaError("the loop is not recursive") }
            return try recurse(try arguments.required(0, "values"))
        case .undefined(let name): throw JinjaError("\(name) is undefined, and cannot be called")
        default: throw JinjaError("\(callee.kind) cannot be called")
        }
    }

    func filter(_ name: String, _ operand: JinjaValue, _ call: JinjaCall) throws -> JinjaValue {
        try apply(filter: name, operand, try arguments(call))
    }

    /// Applies a filter by its name.
    func apply(filter name: String, _ operand: JinjaValue, _ arguments: JinjaArguments) throws -> JinjaValue {
        guard let filter = JinjaFilters.named[name] else {
            throw JinjaError("there is no filter \(name.shortened)\(name.hint(in: JinjaFilters.named.keys))")
        }
        try spend(1 + operand.size)
        let result = try filter(operand, arguments, self)
        try spend(result.size)
        return result
    }

    func test(_ name: String, _ operand: JinjaValue, _ arguments: JinjaArguments) throws -> Bool {
        guard let test = JinjaTests.named[name] else {
            throw JinjaError("there is no test \(name.shortened)\(name.hint(in: JinjaTests.named.keys))")
        }
        return try test(operand, arguments, self)
    }

    // MARK: Members

    /// `object.name`: a method or an attribute before an entry.
    private func member(_ name: String, of object: JinjaValue, _ expression: JinjaExpression) throws -> JinjaValue {
        try checkDefined(object, name)
        if let method = JinjaMethods.method(name, of: object) { return .function(method) }
        switch object {
        case .dictionary(let dictionary):
            try spend(dictionary.entries.count)
            return dictionary[name] ?? .undefined(name)
        case .namespace(let space): return space.members[name] ?? .undefined(name)
        case .loop(let loop): return loop.member(name) ?? .undefined("loop.\(name)")
        case .function(let function) where name == "name": return .string(function.name)
        default: return .undefined(name)
        }
    }

    /// `object[key]`: an entry before a method or an attribute.
    func item(_ key: JinjaValue, of object: JinjaValue, _ expression: JinjaExpression? = nil) throws -> JinjaValue {
        let name = try key.text().string
        try checkDefined(object, name)
        switch object {
        case .dictionary(let dictionary):
            try spend(dictionary.entries.count)
            if let value = dictionary[key] { return value }
        case .list(let values), .tuple(let values):
            if let index = key.asInteger {
                let place = index < 0 ? index + values.count : index
                return values.indices.contains(place) ? values[place] : .undefined("entry \(index)")
            }
        case .text(let text):
            if let index = key.asInteger {
                let place = index < 0 ? index + text.count : index
                guard (0..<text.count).contains(place) else { return .undefined("character \(index)") }
                return .text(text[place..<place + 1])
            }
        default: break
        }
        guard case .text = key else { return .undefined(name) }
        if case .dictionary = object {
            return JinjaMethods.method(name, of: object).map { .function($0) } ?? .undefined(name)
        }
        return try member(name, of: object, .constant(object))
    }

    private func checkDefined(_ object: JinjaValue, _ name: String) throws {
        if case .undefined(let object) = object { throw JinjaError("\(object) is undefined, and has no \(name)") }
    }

    private func sliced(
        _ object: JinjaValue, _ start: JinjaValue?, _ end: JinjaValue?, _ step: JinjaValue?
    ) throws -> JinjaValue {
        func bound(_ value: JinjaValue?) throws -> Int? {
            guard let value, case let value = value, !value.isNone else { return nil }
            guard let number = value.asInteger else { throw JinjaError("a slice needs whole numbers") }
            return number
        }
        let count: Int
        switch object {
        case .text(let text): count = text.count
        case .list(let values), .tuple(let values): count = values.count
        default: throw JinjaError("\(object.kind) cannot be sliced")
        }
        let step = try bound(step) ?? 1
        guard step != 0 else { throw JinjaError("the step of a slice is 0") }
        let indices = JinjaEvaluator.indices(try bound(start), try bound(end), step, of: count)
        try spend(indices.count)
        switch object {
        case .text(let text): return .text(JinjaText(indices.map { text.elements[$0] }))
        case .tuple(let values): return .tuple(indices.map { values[$0] })
        case .list(let values): return .list(indices.map { values[$0] })
        default: return .none
        }
    }

    /// The indices of a slice, with Python's rules for what lies outside.
    private static func indices(_ start: Int?, _ end: Int?, _ step: Int, of count: Int) -> [Int] {
        func clamped(_ bound: Int, _ range: ClosedRange<Int>) -> Int {
            min(max(bound < 0 ? bound + count : bound, range.lowerBound), range.upperBound)
        }
        if step > 0 {
            let (first, last) = (clamped(start ?? 0, 0...count), clamped(end ?? count, 0...count))
            return Array(stride(from: first, to: last, by: step))
        }
        let range = -1...count - 1
        let first = start.map { clamped($0, range) } ?? count - 1
        let last = end.map { clamped($0, range) } ?? -1
        return Array(stride(from: first, to: last, by: step))
    }
}

extension JinjaValue {
    var isNone: Bool { if case .none = self { true } else { false } }

    /// How many characters or entries it has: what work on it costs.
    var size: Int {
        switch self {
        case .text(let text): text.count
        case .list(let values), .tuple(let values): values.count
        case .dictionary(let dictionary): dictionary.entries.count
        default: 1
        }
    }

    /// What a loop goes through: entries, keys, characters; nothing in what is undefined.
    func entries() throws -> [JinjaValue] {
        switch self {
        case .list(let values), .tuple(let values): return values
        case .dictionary(let dictionary): return dictionary.entries.map(\.key)
        case .text(let text): return (0..<text.count).map { .text(text[$0..<$0 + 1]) }
        case .undefined: return []
        default: throw JinjaError("\(kind) has no entries to go through")
        }
    }
}
