import Switchback

/// What `value is NAME` asks.
enum JinjaTests {
    typealias Test = @Sendable (JinjaValue, JinjaArguments, JinjaEvaluator) throws -> Bool

    static let named: [String: Test] = {
        var tests: [String: Test] = kinds
        for (sign, names) in [
            "==": ["eq", "equalto"], "!=": ["ne"], "<": ["lt", "lessthan"], "<=": ["le"],
            ">": ["gt", "greaterthan"], ">=": ["ge"], "in": ["in"],
        ] {
            for name in names {
                tests[name] = { try JinjaArithmetic.holds(sign, $0, try $1.required(0, "other"), $2) }
            }
        }
        tests["even"] = { value, _, _ in try whole(value) % 2 == 0 }
        tests["odd"] = { value, _, _ in try whole(value) % 2 != 0 }
        tests["divisibleby"] = { value, arguments, _ in
            let divisor = try whole(arguments.required(0, "num"))
            guard divisor != 0 else { throw JinjaError("it divides by 0") }
            return try whole(value).isMultiple(of: divisor)
        }
        tests["sameas"] = { value, arguments, _ in
            let other = try arguments.required(0, "other")
            return value.kind == other.kind && value.equals(other)
        }
        tests["lower"] = { value, _, _ in try value.text().isLowercase }
        tests["upper"] = { value, _, _ in try value.text().isUppercase }
        tests["filter"] = { value, _, _ in JinjaFilters.named[try value.text().string] != nil }
        tests["test"] = { value, _, _ in JinjaTests.named[try value.text().string] != nil }
        return tests
    }()

    private static let kinds: [String: Test] = [
        "defined": { value, _, _ in !value.isUndefined },
        "undefined": { value, _, _ in value.isUndefined },
        "none": { value, _, _ in value.isNone },
        "boolean": { value, _, _ in if case .bool = value { true } else { false } },
        "true": { value, _, _ in if case .bool(true) = value { true } else { false } },
        "false": { value, _, _ in if case .bool(false) = value { true } else { false } },
        "integer": { value, _, _ in if case .integer = value { true } else { false } },
        "float": { value, _, _ in if case .number = value { true } else { false } },
        "number": { value, _, _ in value.asNumber != nil },
        "string": { value, _, _ in if case .text = value { true } else { false } },
        "mapping": { value, _, _ in if case .dictionary = value { true } else { false } },
        // What is undefined can be called, to no good end.
        "callable": { value, _, _ in
            switch value {
            case .function, .loop, .undefined: true
            default: false
            }
        },
        "escaped": { _, _, _ in false },
        "iterable": { value, _, _ in
            switch value {
            case .text, .list, .tuple, .dictionary, .undefined, .loop: true
            default: false
            }
        },
        "sequence": { value, _, _ in
            switch value {
            case .text, .list, .tuple, .dictionary, .undefined: true
            default: false
            }
        },
    ]

    private static func whole(_ value: JinjaValue) throws -> Int {
        guard let number = value.asInteger else { throw JinjaError("a whole number is needed, not \(value.kind)") }
        return number
    }
}

extension JinjaText {
    /// Whether there are letters with cases, all of them small.
    var isLowercase: Bool {
        scalars.contains { $0.properties.isLowercase }
            && !scalars.contains { $0.properties.isUppercase || $0.properties.generalCategory == .titlecaseLetter }
    }

    var isUppercase: Bool {
        scalars.contains { $0.properties.isUppercase }
            && !scalars.contains { $0.properties.isLowercase || $0.properties.generalCategory == .titlecaseLetter }
    }
}
