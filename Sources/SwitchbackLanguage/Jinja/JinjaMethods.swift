import Switchback

/// The methods of text and dictionaries that leave their object as it is; others, Jinja's sandbox forbids.
enum JinjaMethods {
    static func method(_ name: String, of object: JinjaValue) -> JinjaFunction? {
        switch object {
        case .text(let text):
            guard let body = textMethods[name] else { return nil }
            return JinjaFunction(name) { evaluator, arguments in
                try evaluator.spend(1 + text.count)
                return try body(text, arguments, evaluator)
            }
        case .dictionary(let dictionary):
            guard let body = dictionaryMethods[name] else { return nil }
            return JinjaFunction(name) { evaluator, arguments in
                try evaluator.spend(1 + dictionary.entries.count)
                return try body(dictionary, arguments)
            }
        case .list(let values), .tuple(let values):
            guard name == "index" || name == "count" else { return nil }
            return JinjaFunction(name) { evaluator, arguments in
                try evaluator.spend(1 + values.count)
                let wanted = try arguments.required(0, "value")
                if name == "count" { return .integer(values.count { $0.equals(wanted) }) }
                guard let place = values.firstIndex(where: wanted.equals) else {
                    throw JinjaError("a value is not in the list")
                }
                return .integer(place)
            }
        default: return nil
        }
    }

    private typealias TextMethod = @Sendable (JinjaText, JinjaArguments, JinjaEvaluator) throws -> JinjaValue

    private static let textMethods: [String: TextMethod] = changing.merging(asking) { first, _ in first }

    private static let changing: [String: TextMethod] = [
        "upper": { text, _, _ in .text(text.uppercased) },
        "lower": { text, _, _ in .text(text.lowercased) },
        "capitalize": { text, _, _ in .text(text.capitalized) },
        "title": { text, _, _ in .text(text.titled { !$0.properties.isCased }) },
        "strip": { text, arguments, _ in .text(try stripped(text, arguments, start: true, end: true)) },
        "lstrip": { text, arguments, _ in .text(try stripped(text, arguments, start: true, end: false)) },
        "rstrip": { text, arguments, _ in .text(try stripped(text, arguments, start: false, end: true)) },
        "split": { text, arguments, _ in try split(text, arguments, fromEnd: false) },
        "rsplit": { text, arguments, _ in try split(text, arguments, fromEnd: true) },
        "splitlines": { text, arguments, _ in
            .list(text.lines(keepingEnds: arguments[0, "keepends"]?.isTrue ?? false).map { .text($0) })
        },
        "replace": { text, arguments, evaluator in
            let limit = arguments[2, "count"]?.asInteger ?? -1
            let new = try JinjaFilters.text(arguments, 1, "new")
            try evaluator.spend(text.count * min(new.count, 1000))
            return .text(
                try evaluator.checked(
                    text.replacing(
                        try JinjaFilters.text(arguments, 0, "old"), with: new, limit: limit < 0 ? .max : limit)))
        },
        "join": { text, arguments, evaluator in
            let parts = try arguments.required(0, "iterable").entries().map { try $0.text() }
            try evaluator.spend(text.count * parts.count)
            return .text(try evaluator.checked(JinjaText.joined(parts, by: text)))
        },
        "format": { text, arguments, evaluator in .text(try evaluator.checked(JinjaFormat.braces(text, arguments))) },
        "removeprefix": { text, arguments, _ in
            let prefix = try JinjaFilters.text(arguments, 0, "prefix")
            return .text(text.has(prefix, at: 0) ? text[prefix.count..<text.count] : text)
        },
        "removesuffix": { text, arguments, _ in
            let suffix = try JinjaFilters.text(arguments, 0, "suffix")
            return .text(text.has(suffix, at: text.count - suffix.count) ? text[0..<text.count - suffix.count] : text)
        },
        "partition": { text, arguments, _ in
            let separator = try JinjaFilters.text(arguments, 0, "sep")
            return partitioned(text, text.firstIndex(of: separator), separator, fromEnd: false)
        },
        "rpartition": { text, arguments, _ in
            let separator = try JinjaFilters.text(arguments, 0, "sep")
            return partitioned(text, text.lastIndex(of: separator), separator, fromEnd: true)
        },
        "zfill": { text, arguments, _ in
            let width = min(arguments[0, "width"]?.asInteger ?? 0, 1000)
            return .text(JinjaText(String(repeating: "0", count: max(0, width - text.count))) + text)
        },
    ]

    private static let asking: [String: TextMethod] = [
        "startswith": { text, arguments, _ in
            .bool(try choices(arguments).contains { text.has($0, at: 0) })
        },
        "endswith": { text, arguments, _ in
            .bool(try choices(arguments).contains { text.has($0, at: text.count - $0.count) })
        },
        "find": { text, arguments, _ in
            .integer(text.firstIndex(of: try JinjaFilters.text(arguments, 0, "sub")) ?? -1)
        },
        "rfind": { text, arguments, _ in
            .integer(text.lastIndex(of: try JinjaFilters.text(arguments, 0, "sub")) ?? -1)
        },
        "index": { text, arguments, _ in
            guard let place = text.firstIndex(of: try JinjaFilters.text(arguments, 0, "sub")) else {
                throw JinjaError("a text is not in another")
            }
            return .integer(place)
        },
        "count": { text, arguments, _ in
            let part = try JinjaFilters.text(arguments, 0, "sub")
            return .integer(part.isEmpty ? text.count + 1 : text.split(by: part).count - 1)
        },
        "isdigit": { text, _, _ in
            .bool(all(text) { $0.properties.numericType == .decimal || $0.properties.numericType == .digit })
        },
        "isnumeric": { text, _, _ in .bool(all(text) { $0.properties.numericType != nil }) },
        "isdecimal": { text, _, _ in .bool(all(text) { $0.properties.numericType == .decimal }) },
        "isalpha": { text, _, _ in .bool(all(text, isLetter)) },
        "isalnum": { text, _, _ in .bool(all(text) { isLetter($0) || $0.properties.numericType != nil }) },
        "isspace": { text, _, _ in .bool(all(text, JinjaText.isSpace)) },
        "islower": { text, _, _ in .bool(text.isLowercase) },
        "isupper": { text, _, _ in .bool(text.isUppercase) },
    ]

    private static func all(_ text: JinjaText, _ test: (Unicode.Scalar) -> Bool) -> Bool {
        !text.isEmpty && text.scalars.allSatisfy(test)
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
        default: false
        }
    }

    /// One text, or a tuple of them.
    private static func choices(_ arguments: JinjaArguments) throws -> [JinjaText] {
        let value = try arguments.required(0, "prefix")
        if case .tuple(let values) = value { return try values.map { try $0.text() } }
        return [try JinjaFilters.text(arguments, 0, "prefix")]
    }

    static func stripped(_ text: JinjaText, _ arguments: JinjaArguments, start: Bool, end: Bool) throws -> JinjaText {
        guard let characters = arguments[0, "chars"], !characters.isNone else {
            return text.stripped(start: start, end: end)
        }
        let set = Set(try characters.text().scalars)
        return text.stripped(start: start, end: end, set.contains)
    }

    private static func split(_ text: JinjaText, _ arguments: JinjaArguments, fromEnd: Bool) throws -> JinjaValue {
        let limit = arguments[1, "maxsplit"]?.asInteger ?? -1
        guard let separator = arguments[0, "sep"], !separator.isNone else {
            if fromEnd && limit >= 0 { throw JinjaError("rsplit needs a separator") }
            return .list(text.words(limit: limit < 0 ? .max : limit).map { .text($0) })
        }
        let mark = try separator.text()
        guard !mark.isEmpty else { throw JinjaError("the separator is empty") }
        return .list(text.split(by: mark, limit: limit < 0 ? .max : limit, fromEnd: fromEnd).map { .text($0) })
    }

    private static func partitioned(
        _ text: JinjaText, _ place: Int?, _ separator: JinjaText, fromEnd: Bool
    ) -> JinjaValue {
        guard let place else {
            let parts = fromEnd ? [JinjaText(), JinjaText(), text] : [text, JinjaText(), JinjaText()]
            return .tuple(parts.map { .text($0) })
        }
        let end = place + separator.count
        return .tuple([text[0..<place], separator, text[end..<text.count]].map { .text($0) })
    }

    private typealias DictionaryMethod = @Sendable (JinjaDictionary, JinjaArguments) throws -> JinjaValue

    private static let dictionaryMethods: [String: DictionaryMethod] = [
        "items": { dictionary, _ in .list(dictionary.entries.map { .tuple([$0.key, $0.value]) }) },
        "keys": { dictionary, _ in .list(dictionary.entries.map(\.key)) },
        "values": { dictionary, _ in .list(dictionary.entries.map(\.value)) },
        "copy": { dictionary, _ in .dictionary(dictionary) },
        "get": { dictionary, arguments in
            dictionary[try arguments.required(0, "key")] ?? arguments[1, "default"] ?? .none
        },
    ]
}
