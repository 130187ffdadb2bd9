import Switchback
import SwitchbackFormats

/// A value in a template, with Python's meaning.
enum JinjaValue {
    /// A name or member that is not there; used for more than a question, it is an error.
    case undefined(String)
    case none
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case text(JinjaText)
    case list([JinjaValue])
    case tuple([JinjaValue])
    case dictionary(JinjaDictionary)
    case namespace(JinjaNamespace)
    case loop(JinjaLoop)
    case function(JinjaFunction)

    static func string(_ text: String) -> JinjaValue { .text(JinjaText(text)) }
}

/// Pairs of keys and values in the order in which they were given.
struct JinjaDictionary {
    private(set) var entries: [(key: JinjaValue, value: JinjaValue)] = []

    init() {}

    init(_ entries: some Sequence<(key: JinjaValue, value: JinjaValue)>) {
        for (key, value) in entries { self[key] = value }
    }

    subscript(key: JinjaValue) -> JinjaValue? {
        get { entries.first { $0.key.equals(key) }?.value }
        set {
            guard let newValue else { return }
            if let place = entries.firstIndex(where: { $0.key.equals(key) }) {
                entries[place].value = newValue
            } else {
                entries.append((key, newValue))
            }
        }
    }

    subscript(name: String) -> JinjaValue? { self[.string(name)] }
}

/// The one kind of value that a template can change: `{% set space.name = … %}`.
final class JinjaNamespace {
    var members: [String: JinjaValue]

    init(_ members: [String: JinjaValue]) { self.members = members }
}

/// Something that can be called: a macro, a method or a function of the language.
final class JinjaFunction {
    let name: String
    private let body: (JinjaEvaluator, JinjaArguments) throws -> JinjaValue

    init(_ name: String, _ body: @escaping (JinjaEvaluator, JinjaArguments) throws -> JinjaValue) {
        self.name = name
        self.body = body
    }

    func call(_ evaluator: JinjaEvaluator, _ arguments: JinjaArguments) throws -> JinjaValue {
        try body(evaluator, arguments)
    }
}

/// The arguments of a call, a filter or a test.
struct JinjaArguments {
    var positional: [JinjaValue] = []
    var named: [(name: String, value: JinjaValue)] = []

    /// The argument of a place or a name.
    subscript(place: Int, name: String) -> JinjaValue? {
        place < positional.count ? positional[place] : named.first { $0.name.isExactly(name) }?.value
    }

    func required(_ place: Int, _ name: String) throws -> JinjaValue {
        guard let value = self[place, name] else { throw JinjaError("the argument \(name) is missing") }
        return value
    }
}

// MARK: - Questions

extension JinjaValue {
    /// Whether it counts as true.
    var isTrue: Bool {
        switch self {
        case .undefined, .none: false
        case .bool(let value): value
        case .integer(let value): value != 0
        case .number(let value): value != 0
        case .text(let text): !text.isEmpty
        case .list(let values), .tuple(let values): !values.isEmpty
        case .dictionary(let dictionary): !dictionary.entries.isEmpty
        case .namespace, .loop, .function: true
        }
    }

    var isUndefined: Bool { if case .undefined = self { true } else { false } }

    /// As a number; Python counts true as 1.
    var asNumber: Double? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// As a whole number; Python counts true as 1.
    var asInteger: Int? {
        switch self {
        case .bool(let value): value ? 1 : 0
        case .integer(let value): value
        default: nil
        }
    }

    /// Whether two values are equal; values of different kinds are not.
    func equals(_ other: JinjaValue) -> Bool {
        switch (self, other) {
        case (.undefined, .undefined), (.none, .none): return true
        case (.text(let a), .text(let b)): return a == b
        case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
            return a.count == b.count && zip(a, b).allSatisfy { $0.equals($1) }
        case (.dictionary(let a), .dictionary(let b)):
            return a.entries.count == b.entries.count
                && a.entries.allSatisfy { key, value in b[key].map(value.equals) ?? false }
        case (.namespace(let a), .namespace(let b)): return a === b
        case (.function(let a), .function(let b)): return a === b
        case (.loop(let a), .loop(let b)): return a === b
        default:
            if let a = asInteger, let b = other.asInteger { return a == b }
            guard let a = asNumber, let b = other.asNumber else { return false }
            return a == b
        }
    }

    /// Whether it comes before another in Python's order. Throws where the two have no order.
    func precedes(_ other: JinjaValue) throws -> Bool {
        switch (self, other) {
        case (.text(let a), .text(let b)): return a < b
        case (.list(let a), .list(let b)), (.tuple(let a), .tuple(let b)):
            for (x, y) in zip(a, b) where !x.equals(y) { return try x.precedes(y) }
            return a.count < b.count
        default:
            guard let a = asNumber, let b = other.asNumber else {
                throw JinjaError("\(kind) and \(other.kind) have no order")
            }
            return a < b
        }
    }

    /// The name of its kind, for messages.
    var kind: String {
        switch self {
        case .undefined(let name): "\(name), which is undefined,"
        case .none: "none"
        case .bool: "a truth value"
        case .integer, .number: "a number"
        case .text: "text"
        case .list, .tuple: "a list"
        case .dictionary: "a dictionary"
        case .namespace: "a namespace"
        case .loop: "a loop"
        case .function: "a function"
        }
    }
}

// MARK: - From and to JSON

extension JinjaValue {
    /// - Parameter origin: where its texts come from.
    init(_ json: JSON, origin: JinjaText.Origin) {
        switch json {
        case .null: self = .none
        case .bool(let value): self = .bool(value)
        case .integer(let value): self = .integer(value)
        case .number(let value): self = .number(value)
        case .string(let text): self = .text(JinjaText(text, origin: origin))
        case .array(let values): self = .list(values.map { JinjaValue($0, origin: origin) })
        case .object(let members):
            self = .dictionary(
                JinjaDictionary(
                    members.map {
                        (.text(JinjaText($0.name, origin: origin)), JinjaValue($0.value, origin: origin))
                    }))
        }
    }
}
