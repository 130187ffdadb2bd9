import Foundation

// Values as text, as Python's `str` and `repr` write them.

extension JinjaValue {
    /// The value as it is written into a text.
    func text() throws -> JinjaText {
        switch self {
        case .text(let text): return text
        case .undefined: return JinjaText()
        default: return try representation(depth: 0)
        }
    }

    /// The value as Python shows it inside a list: text in quotes.
    private func representation(depth: Int) throws -> JinjaText {
        guard depth < JinjaBudget.depth else { throw JinjaError("a value is nested too deeply") }
        func joined(_ values: [JinjaValue], _ start: String, _ end: String) throws -> JinjaText {
            let parts = try values.map { try $0.representation(depth: depth + 1) }
            return JinjaText(start) + JinjaText.joined(parts, by: JinjaText(", ")) + JinjaText(end)
        }
        switch self {
        case .undefined: return JinjaText("Undefined")
        case .none: return JinjaText("None")
        case .bool(let value): return JinjaText(value ? "True" : "False")
        case .integer(let value): return JinjaText("\(value)")
        case .number(let value): return JinjaText(JinjaFormat.text(of: value))
        case .text(let text): return JinjaValue.quoted(text)
        case .list(let values): return try joined(values, "[", "]")
        case .tuple(let values): return try joined(values, "(", values.count == 1 ? ",)" : ")")
        case .dictionary(let dictionary):
            let parts = try dictionary.entries.map { key, value in
                try key.representation(depth: depth + 1) + JinjaText(": ") + value.representation(depth: depth + 1)
            }
            return JinjaText("{") + JinjaText.joined(parts, by: JinjaText(", ")) + JinjaText("}")
        case .namespace: return JinjaText("<Namespace>")
        case .loop(let loop): return JinjaText("<LoopContext \(loop.index + 1)/\(loop.values.count)>")
        case .function(let function): return JinjaText("<\(function.name)>")
        }
    }

    private static func quoted(_ text: JinjaText) -> JinjaText {
        let scalars = Set(text.scalars)
        let quote: Unicode.Scalar = scalars.contains("'") && !scalars.contains("\"") ? "\"" : "'"
        let mark = JinjaText(String(Character(quote)))
        let body = text.mapped { scalar in
            switch scalar {
            case quote, "\\": "\\" + String(Character(scalar))
            case "\n": "\\n"
            case "\r": "\\r"
            case "\t": "\\t"
            default: isPrintable(scalar) ? String(Character(scalar)) : escape(scalar)
            }
        }
        return mark + body + mark
    }

    private static func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator: false
        case .spaceSeparator: scalar == " "
        default: true
        }
    }

    private static func escape(_ scalar: Unicode.Scalar) -> String {
        let hex = String(scalar.value, radix: 16)
        let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        return "\\\(letter)" + String(repeating: "0", count: width - hex.count) + hex
    }
}

/// Python's formats of numbers and text.
enum JinjaFormat {
    /// A number as Python's `str` has it: the shortest digits that give it back.
    static func text(of number: Double) -> String {
        if number.isNaN { return "nan" }
        if number.isInfinite { return number < 0 ? "-inf" : "inf" }
        let size = abs(number)
        if size != 0 && (size < 1e-4 || size >= 1e16) {
            let parts = "\(number)".lowercased().split(separator: "e")
            guard parts.count == 2, let exponent = Int(parts[1]) else { return decimal(number) }
            let mantissa = parts[0].hasSuffix(".0") ? parts[0].dropLast(2) : parts[0]
            let digits = String(abs(exponent))
            return "\(mantissa)e\(exponent < 0 ? "-" : "+")\(digits.count < 2 ? "0" : "")\(digits)"
        }
        return decimal(number)
    }

    /// Without an exponent, which Swift writes for numbers above 2⁵³ already.
    private static func decimal(_ number: Double) -> String {
        let text = "\(number)"
        guard text.contains("e") else { return text }
        return abs(number) >= 1 ? String(format: "%.1f", number) : text
    }

    /// `format % values` for %s, %r, %d, %i, %f, %x and %%.
    static func percent(_ format: JinjaText, _ values: JinjaValue) throws -> JinjaText {
        var left: [JinjaValue]
        if case .tuple(let entries) = values { left = entries } else { left = [values] }
        var result = JinjaText()
        var place = 0
        while place < format.count {
            guard format.elements[place].scalar == "%" else {
                result.elements.append(format.elements[place])
                place += 1
                continue
            }
            let rest = format.scalars[(place + 1)...]
            let options = rest.prefix { "0123456789.-+ #".unicodeScalars.contains($0) }
            guard let letter = rest.dropFirst(options.count).first else { throw JinjaError("a format ends with %") }
            place += options.count + 2
            if letter == "%" {
                result += JinjaText("%")
                continue
            }
            guard !left.isEmpty else { throw JinjaError("a format has more places than values") }
            result += try formatted(left.removeFirst(), String(String.UnicodeScalarView(options)), letter)
        }
        return result
    }

    private static func formatted(
        _ value: JinjaValue, _ options: String, _ letter: Unicode.Scalar
    ) throws -> JinjaText {
        let numbers = options.split { !$0.isNumber }.compactMap { Int($0) }
        guard options.utf8.count < 16, numbers.allSatisfy({ $0 <= 1000 }) else {
            throw JinjaError("a format asks for too many places")
        }
        switch letter {
        case "s", "r":
            let text = letter == "s" ? try value.text() : try JinjaValue.list([value]).text()
            let shown = letter == "s" ? text : text[1..<text.count - 1]
            let padding = JinjaText(String(repeating: " ", count: max(0, (numbers.first ?? 0) - shown.count)))
            return options.hasPrefix("-") ? shown + padding : padding + shown
        case "d", "i", "x":
            guard let number = value.asNumber.flatMap({ Int(exactly: $0.rounded(.towardZero)) }) else {
                throw JinjaError("a format needs a number, not \(value.kind)")
            }
            return JinjaText(String(format: "%\(options)l\(letter == "x" ? "x" : "d")", number))
        case "f", "e", "g":
            guard let number = value.asNumber else { throw JinjaError("a format needs a number, not \(value.kind)") }
            return JinjaText(String(format: "%\(options)\(letter)", number))
        default: throw JinjaError("the format %\(letter) is not known")
        }
    }

    /// Python's `format.format(…)` for `{}`, `{0}`, `{name}`.
    static func braces(_ format: JinjaText, _ arguments: JinjaArguments) throws -> JinjaText {
        var result = JinjaText()
        var (place, number) = (0, 0)
        while place < format.count {
            let scalar = format.elements[place].scalar
            let isDouble = place + 1 < format.count && format.elements[place + 1].scalar == scalar
            if scalar == "{" && !isDouble {
                guard let end = format.firstIndex(of: JinjaText("}"), from: place) else {
                    throw JinjaError("a format has a brace that is not closed")
                }
                let name = format[place + 1..<end].string
                if name.isEmpty { number += 1 }
                guard let value = arguments[name.isEmpty ? number - 1 : Int(name) ?? .max, name] else {
                    throw JinjaError("a format has no value for {\(name.shortened)}")
                }
                result += try value.text()
                place = end + 1
            } else {
                result.elements.append(format.elements[place])
                place += isDouble && (scalar == "{" || scalar == "}") ? 2 : 1
            }
        }
        return result
    }
}
