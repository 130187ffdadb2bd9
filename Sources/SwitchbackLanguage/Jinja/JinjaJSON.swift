import Foundation

/// `tojson` as Transformers has it: Python's `json.dumps` with `ensure_ascii` off, whose text keeps its origin.
struct JinjaJSON {
    /// How many spaces a level is indented by; `nil` is one line.
    var indent: Int?
    var itemSeparator = JinjaText(", ")
    var keySeparator = JinjaText(": ")
    var sortsKeys = false
    var isASCII = false

    init(_ arguments: JinjaArguments) throws {
        isASCII = arguments[0, "ensure_ascii"]?.isTrue ?? false
        if let indent = arguments[1, "indent"], !indent.isNone {
            guard let number = indent.asInteger, number <= 100 else { throw JinjaError("indent needs a small number") }
            self.indent = max(0, number)
            itemSeparator = JinjaText(",")
        }
        if let separators = arguments[2, "separators"], !separators.isNone {
            let pair = try separators.entries()
            guard pair.count == 2 else { throw JinjaError("separators needs two texts") }
            (itemSeparator, keySeparator) = (try pair[0].text(), try pair[1].text())
        }
        sortsKeys = arguments[3, "sort_keys"]?.isTrue ?? false
    }

    func text(_ value: JinjaValue, depth: Int = 0) throws -> JinjaText {
        guard depth < JinjaBudget.depth else { throw JinjaError("a value is nested too deeply") }
        switch value {
        case .none: return JinjaText("null")
        case .bool(let flag): return JinjaText(flag ? "true" : "false")
        case .integer(let number): return JinjaText("\(number)")
        case .number(let number):
            if number.isNaN { return JinjaText("NaN") }
            if number.isInfinite { return JinjaText(number < 0 ? "-Infinity" : "Infinity") }
            return JinjaText(JinjaFormat.text(of: number))
        case .text(let text): return quoted(text)
        case .list(let values), .tuple(let values):
            return enclosed(try values.map { try self.text($0, depth: depth + 1) }, "[", "]", depth)
        case .dictionary(let dictionary):
            let entries = try sortsKeys ? dictionary.entries.sorted { try $0.key.precedes($1.key) } : dictionary.entries
            let parts = try entries.map { try key($0.key) + keySeparator + text($0.value, depth: depth + 1) }
            return enclosed(parts, "{", "}", depth)
        default: throw JinjaError("\(value.kind) cannot be written as JSON")
        }
    }

    private func key(_ key: JinjaValue) throws -> JinjaText {
        if case .text(let text) = key { return quoted(text) }
        return JinjaText("\"") + (try text(key)) + JinjaText("\"")
    }

    private func enclosed(_ parts: [JinjaText], _ start: String, _ end: String, _ depth: Int) -> JinjaText {
        guard let indent, !parts.isEmpty else {
            return JinjaText(start) + JinjaText.joined(parts, by: itemSeparator) + JinjaText(end)
        }
        let outer = "\n" + String(repeating: " ", count: indent * depth)
        let inner = JinjaText("\n" + String(repeating: " ", count: indent * (depth + 1)))
        let body = JinjaText.joined(parts, by: itemSeparator + inner)
        return JinjaText(start) + inner + body + JinjaText(outer + end)
    }

    private func quoted(_ text: JinjaText) -> JinjaText {
        let body = text.mapped { scalar in
            switch scalar {
            case "\"": "\\\""
            case "\\": "\\\\"
            case "\n": "\\n"
            case "\r": "\\r"
            case "\t": "\\t"
            case "\u{8}": "\\b"
            case "\u{C}": "\\f"
            default:
                scalar.value < 0x20 || (isASCII && scalar.value > 0x7E)
                    ? Character(scalar).utf16.map(JinjaJSON.escape).joined() : String(Character(scalar))
            }
        }
        return JinjaText("\"") + body + JinjaText("\"")
    }

    private static func escape(_ unit: UInt16) -> String {
        let hex = String(unit, radix: 16)
        return "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
    }
}
