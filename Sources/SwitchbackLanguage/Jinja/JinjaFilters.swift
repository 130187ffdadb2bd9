import Foundation
import Switchback

/// What `value | NAME` makes.
enum JinjaFilters {
    typealias Filter = @Sendable (JinjaValue, JinjaArguments, JinjaEvaluator) throws -> JinjaValue

    static let named: [String: Filter] =
        ofText.merging(ofNumbers) { first, _ in first }.merging(ofLists) { first, _ in first }

    /// An argument that has to be text.
    static func text(_ arguments: JinjaArguments, _ place: Int, _ name: String) throws -> JinjaText {
        let value = try arguments.required(place, name)
        guard case .text(let text) = value else { throw JinjaError("\(name) has to be text, and is \(value.kind)") }
        return text
    }

    // MARK: Text

    private static let ofText: [String: Filter] = [
        "trim": { value, arguments, _ in
            .text(try JinjaMethods.stripped(value.text(), arguments, start: true, end: true))
        },
        "upper": { value, _, _ in .text(try value.text().uppercased) },
        "lower": { value, _, _ in .text(try value.text().lowercased) },
        "capitalize": { value, _, _ in .text(try value.text().capitalized) },
        "title": { value, _, _ in
            .text(try value.text().titled { "-({[<".unicodeScalars.contains($0) || JinjaText.isSpace($0) })
        },
        "string": { value, _, _ in .text(try value.text()) },
        "safe": { value, _, _ in
            var text = try value.text()
            text.isMarkup = true
            return .text(text)
        },
        "escape": { value, _, _ in .text(try value.text().markup) },
        "e": { value, _, _ in .text(try value.text().markup) },
        "replace": { value, arguments, evaluator in
            let limit = arguments[2, "count"]?.asInteger ?? -1
            let (old, new) = (try arguments.required(0, "old").text(), try arguments.required(1, "new").text())
            try evaluator.spend(value.size * min(new.count, 1000))
            return .text(
                try evaluator.checked(value.text().replacing(old, with: new, limit: limit < 0 ? .max : limit)))
        },
        "indent": { value, arguments, evaluator in .text(try evaluator.checked(indented(value.text(), arguments))) },
        "center": { value, arguments, _ in
            let (text, width) = (try value.text(), min(arguments[0, "width"]?.asInteger ?? 80, 10_000))
            let space = max(0, width - text.count)
            let left = space / 2 + (space & width & 1)
            let pad = { (count: Int) in JinjaText(String(repeating: " ", count: count)) }
            return .text(pad(left) + text + pad(space - left))
        },
        "truncate": { value, arguments, _ in .text(try truncated(value.text(), arguments)) },
        "wordcount": { value, _, _ in .integer(try value.text().words().count) },
        "format": { value, arguments, evaluator in
            .text(try evaluator.checked(JinjaFormat.percent(value.text(), .tuple(arguments.positional))))
        },
        "tojson": { value, arguments, evaluator in
            let writer = try JinjaJSON(arguments)
            return .text(try evaluator.checked(writer.text(value)))
        },
        "urlencode": { value, _, _ in
            .text(
                try value.text().mapped { scalar in
                    let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar))
                    if isPlain || "_.-~/".unicodeScalars.contains(scalar) { return String(Character(scalar)) }
                    return String(Character(scalar)).utf8.map { String(format: "%%%02X", $0) }.joined()
                })
        },
    ]

    private static func indented(_ text: JinjaText, _ arguments: JinjaArguments) throws -> JinjaText {
        let width = arguments[0, "width"] ?? .integer(4)
        let space: JinjaText
        if case .text(let given) = width {
            space = given
        } else {
            space = JinjaText(String(repeating: " ", count: min(max(0, width.asInteger ?? 4), 1000)))
        }
        let isFirst = arguments[1, "first"]?.isTrue ?? false
        let fillsBlank = arguments[2, "blank"]?.isTrue ?? false
        // A line end behind the text counts as the start of one more line.
        let lines = (text + JinjaText("\n")).lines(keepingEnds: false)
        var result = JinjaText()
        for (index, line) in lines.enumerated() {
            if index > 0 { result += JinjaText("\n") }
            let isIndented = index == 0 ? isFirst : fillsBlank || !line.isEmpty
            result += isIndented ? space + line : line
        }
        return result
    }

    private static func truncated(_ text: JinjaText, _ arguments: JinjaArguments) throws -> JinjaText {
        let length = arguments[0, "length"]?.asInteger ?? 255
        let end = try arguments[2, "end"]?.text() ?? JinjaText("...")
        let leeway = arguments[3, "leeway"]?.asInteger ?? 5
        guard length >= end.count, leeway >= 0, leeway < 10_000 else {
            throw JinjaError("truncate has no room for its end")
        }
        if text.count <= length + leeway { return text }
        let kept = text[0..<length - end.count]
        if arguments[1, "killwords"]?.isTrue ?? false { return kept + end }
        return (kept.lastIndex(of: JinjaText(" ")).map { kept[0..<$0] } ?? kept) + end
    }

    // MARK: Numbers and what may be missing

    private static let ofNumbers: [String: Filter] = [
        "default": { value, arguments, _ in orDefault(value, arguments) },
        "d": { value, arguments, _ in orDefault(value, arguments) },
        "int": { value, arguments, _ in integer(value) ?? arguments[0, "default"] ?? .integer(0) },
        "float": { value, arguments, _ in number(value) ?? arguments[0, "default"] ?? .number(0) },
        "abs": { value, _, evaluator in
            guard let number = value.asNumber else { throw JinjaError("abs needs a number, not \(value.kind)") }
            return number < 0 ? try JinjaArithmetic.apply("-", .integer(0), value, evaluator) : value
        },
        "round": { value, arguments, _ in
            guard let number = value.asNumber else { throw JinjaError("round needs a number, not \(value.kind)") }
            let factor = pow(10, Double(min(max(arguments[0, "precision"]?.asInteger ?? 0, -300), 300)))
            let method = try arguments[1, "method"]?.text().string ?? "common"
            let rule: FloatingPointRoundingRule = method == "ceil" ? .up : method == "floor" ? .down : .toNearestOrEven
            return .number((number * factor).rounded(rule) / factor)
        },
    ]

    private static func orDefault(_ value: JinjaValue, _ arguments: JinjaArguments) -> JinjaValue {
        let isMissing = value.isUndefined || (arguments[1, "boolean"]?.isTrue ?? false) && !value.isTrue
        return isMissing ? arguments[0, "default_value"] ?? .string("") : value
    }

    private static func integer(_ value: JinjaValue) -> JinjaValue? {
        if let number = value.asInteger { return .integer(number) }
        if let number = value.asNumber { return Int(exactly: number.rounded(.towardZero)).map { .integer($0) } }
        guard case .text(let text) = value else { return nil }
        let trimmed = text.stripped().string
        return Int(trimmed).map { .integer($0) }
            ?? Double(trimmed).flatMap { Int(exactly: $0.rounded(.towardZero)) }.map { .integer($0) }
    }

    private static func number(_ value: JinjaValue) -> JinjaValue? {
        if let number = value.asNumber { return .number(number) }
        guard case .text(let text) = value else { return nil }
        return Double(text.stripped().string).map { .number($0) }
    }
}
