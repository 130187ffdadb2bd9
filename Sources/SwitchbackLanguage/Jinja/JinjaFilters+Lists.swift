import Switchback

extension JinjaFilters {
    static let ofLists: [String: Filter] = [
        "length": { value, _, _ in .integer(try length(value)) },
        "count": { value, _, _ in .integer(try length(value)) },
        "first": { value, _, _ in try value.entries().first ?? .undefined("the first entry") },
        "last": { value, _, _ in try value.entries().last ?? .undefined("the last entry") },
        "list": { value, _, _ in .list(try value.entries()) },
        "reverse": { value, _, _ in
            if case .text(let text) = value { return .text(JinjaText(text.elements.reversed())) }
            return .list(try value.entries().reversed())
        },
        "join": { value, arguments, evaluator in
            let separator = try arguments[0, "d"]?.text() ?? JinjaText()
            let entries = try value.entries()
            let parts = try entries.map { try picked(arguments[1, "attribute"], of: $0, evaluator).text() }
            try evaluator.spend(separator.count * parts.count)
            return .text(try evaluator.checked(JinjaText.joined(parts, by: separator)))
        },
        "items": { value, _, _ in
            guard case .dictionary(let dictionary) = value else {
                if value.isUndefined { return .list([]) }
                throw JinjaError("items needs a dictionary, not \(value.kind)")
            }
            return .list(dictionary.entries.map { .tuple([$0.key, $0.value]) })
        },
        "dictsort": { value, arguments, _ in try dictionarySorted(value, arguments) },
        "sort": { value, arguments, evaluator in try sorted(value, arguments, evaluator) },
        "unique": { value, arguments, evaluator in try unique(value, arguments, evaluator) },
        "min": { value, arguments, evaluator in try extreme(value, arguments, evaluator) { try $0.precedes($1) } },
        "max": { value, arguments, evaluator in try extreme(value, arguments, evaluator) { try $1.precedes($0) } },
        "sum": { value, arguments, evaluator in
            try value.entries().reduce(arguments[1, "start"] ?? .integer(0)) { sum, entry in
                try JinjaArithmetic.apply(
                    "+", sum, try picked(arguments[0, "attribute"], of: entry, evaluator), evaluator)
            }
        },
        "attr": { value, arguments, evaluator in try evaluator.item(try arguments.required(0, "name"), of: value) },
        "map": { value, arguments, evaluator in try mapped(value, arguments, evaluator) },
        "select": { try chosen($0, $1, $2, keeping: true, byMember: false) },
        "reject": { try chosen($0, $1, $2, keeping: false, byMember: false) },
        "selectattr": { try chosen($0, $1, $2, keeping: true, byMember: true) },
        "rejectattr": { try chosen($0, $1, $2, keeping: false, byMember: true) },
        "groupby": { value, arguments, evaluator in try grouped(value, arguments, evaluator) },
        "batch": { value, arguments, _ in
            let (entries, size) = (try value.entries(), arguments[0, "linecount"]?.asInteger ?? 1)
            guard size > 0 else { throw JinjaError("a batch has at least one entry") }
            let filler = arguments[1, "fill_with"]
            return .list(
                stride(from: 0, to: entries.count, by: size).map { start in
                    let part = Array(entries[start..<min(start + min(size, entries.count), entries.count)])
                    guard let filler, size < 10_000 else { return .list(part) }
                    return .list(part + Array(repeating: filler, count: size - part.count))
                })
        },
    ]

    private static func length(_ value: JinjaValue) throws -> Int {
        switch value {
        case .text, .list, .tuple, .dictionary: return value.size
        case .undefined: return 0
        default: throw JinjaError("\(value.kind) has no length")
        }
    }

    /// A member of an entry by a name such as `function.name` or a number; the entry itself without one.
    private static func picked(
        _ name: JinjaValue?, of entry: JinjaValue, _ evaluator: JinjaEvaluator
    ) throws -> JinjaValue {
        guard let name, !name.isNone else { return entry }
        guard case .text(let path) = name else { return try evaluator.item(name, of: entry) }
        return try path.split(by: JinjaText(".")).reduce(entry) { value, part in
            if case .undefined = value { return value }
            return try evaluator.item(Int(part.string).map { .integer($0) } ?? .text(part), of: value)
        }
    }

    private static func mapped(
        _ value: JinjaValue, _ arguments: JinjaArguments, _ evaluator: JinjaEvaluator
    ) throws -> JinjaValue {
        // None is as good as an empty list here.
        guard value.isTrue else { return .list([]) }
        let entries = try value.entries()
        if arguments.positional.isEmpty {
            let attribute = arguments.named.first { $0.name == "attribute" }?.value
            let usual = arguments.named.first { $0.name == "default" }?.value
            return .list(
                try entries.map { entry in
                    let found = try picked(attribute, of: entry, evaluator)
                    return found.isUndefined ? usual ?? found : found
                })
        }
        let filter = try JinjaFilters.text(arguments, 0, "filter").string
        var others = arguments
        others.positional.removeFirst()
        return .list(try entries.map { try evaluator.apply(filter: filter, $0, others) })
    }

    private static func chosen(
        _ value: JinjaValue, _ arguments: JinjaArguments, _ evaluator: JinjaEvaluator, keeping: Bool, byMember: Bool
    ) throws -> JinjaValue {
        guard value.isTrue else { return .list([]) }
        var rest = arguments
        let attribute = byMember ? try arguments.required(0, "attribute") : nil
        if byMember { rest.positional.removeFirst() }
        let test = try rest.positional.isEmpty ? nil : JinjaFilters.text(rest, 0, "test").string
        if test != nil { rest.positional.removeFirst() }
        return .list(
            try value.entries().filter { entry in
                let subject = try picked(attribute, of: entry, evaluator)
                try evaluator.spend(1)
                return try (test.map { try evaluator.test(testName($0), subject, rest) } ?? subject.isTrue) == keeping
            })
    }

    /// Tests can be called by signs as well.
    private static func testName(_ name: String) -> String {
        ["==": "eq", "!=": "ne", "<": "lt", "<=": "le", ">": "gt", ">=": "ge"][name] ?? name
    }

    // MARK: Order

    /// What an entry is ordered by: text without regard to case, unless it counts.
    private static func key(
        _ entry: JinjaValue, _ attribute: JinjaValue?, _ caseCounts: Bool, _ evaluator: JinjaEvaluator
    ) throws -> JinjaValue {
        let value = try picked(attribute, of: entry, evaluator)
        if case .text(let text) = value, !caseCounts { return .text(text.lowercased) }
        return value
    }

    private static func sorted(
        _ value: JinjaValue, _ arguments: JinjaArguments, _ evaluator: JinjaEvaluator
    ) throws -> JinjaValue {
        let caseCounts = arguments[1, "case_sensitive"]?.isTrue ?? false
        let keyed = try value.entries().map {
            (key: try key($0, arguments[2, "attribute"], caseCounts, evaluator), entry: $0)
        }
        try evaluator.spend(8 * keyed.count)
        return .list(try ordered(keyed, reversed: arguments[0, "reverse"]?.isTrue ?? false))
    }

    /// Entries by their keys, equal ones in their order.
    private static func ordered(
        _ keyed: [(key: JinjaValue, entry: JinjaValue)], reversed: Bool
    ) throws -> [JinjaValue] {
        try keyed.sorted { try reversed ? $1.key.precedes($0.key) : $0.key.precedes($1.key) }.map(\.entry)
    }

    private static func dictionarySorted(_ value: JinjaValue, _ arguments: JinjaArguments) throws -> JinjaValue {
        guard case .dictionary(let dictionary) = value else {
            throw JinjaError("dictsort needs a dictionary, not \(value.kind)")
        }
        let caseCounts = arguments[0, "case_sensitive"]?.isTrue ?? false
        let byValue = try arguments[1, "by"]?.text().string == "value"
        let keyed = dictionary.entries.map { key, value -> (key: JinjaValue, entry: JinjaValue) in
            let subject = byValue ? value : key
            if case .text(let text) = subject, !caseCounts { return (.text(text.lowercased), .tuple([key, value])) }
            return (subject, .tuple([key, value]))
        }
        return .list(try ordered(keyed, reversed: arguments[2, "reverse"]?.isTrue ?? false))
    }

    private static func unique(
        _ value: JinjaValue, _ arguments: JinjaArguments, _ evaluator: JinjaEvaluator
    ) throws -> JinjaValue {
        let caseCounts = arguments[0, "case_sensitive"]?.isTrue ?? false
        var seen: [JinjaValue] = []
        return .list(
            try value.entries().filter { entry in
                let key = try key(entry, arguments[1, "attribute"], caseCounts, evaluator)
                try evaluator.spend(seen.count)
                if seen.contains(where: key.equals) { return false }
                seen.append(key)
                return true
            })
    }

    private static func extreme(
        _ value: JinjaValue, _ arguments: JinjaArguments, _ evaluator: JinjaEvaluator,
        _ comesFirst: (JinjaValue, JinjaValue) throws -> Bool
    ) throws -> JinjaValue {
        let caseCounts = arguments[0, "case_sensitive"]?.isTrue ?? false
        let keyed = try value.entries().map {
            (key: try key($0, arguments[1, "attribute"], caseCounts, evaluator), entry: $0)
        }
        return try keyed.min { try comesFirst($0.key, $1.key) }?.entry ?? .undefined("an entry of an empty list")
    }

    private static func grouped(
        _ value: JinjaValue, _ arguments: JinjaArguments, _ evaluator: JinjaEvaluator
    ) throws -> JinjaValue {
        let attribute = try arguments.required(0, "attribute")
        let keyed = try value.entries().map { entry in
            let key = try picked(attribute, of: entry, evaluator)
            return (key: key, entry: JinjaValue.tuple([key, entry]))
        }
        var groups: [(key: JinjaValue, entries: [JinjaValue])] = []
        for pair in try ordered(keyed, reversed: false) {
            guard case .tuple(let parts) = pair else { continue }
            if let last = groups.last, last.key.equals(parts[0]) {
                groups[groups.count - 1].entries.append(parts[1])
            } else {
                groups.append((parts[0], [parts[1]]))
            }
        }
        return .list(groups.map { .tuple([$0.key, .list($0.entries)]) })
    }
}
