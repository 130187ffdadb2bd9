import Foundation

/// Python's arithmetic and comparisons.
enum JinjaArithmetic {
    static func apply(
        _ sign: String, _ a: JinjaValue, _ b: JinjaValue, _ evaluator: JinjaEvaluator
    ) throws -> JinjaValue {
        if let x = a.asInteger, let y = b.asInteger, sign != "/" { return try whole(sign, x, y) }
        if let x = a.asNumber, let y = b.asNumber { return .number(try real(sign, x, y)) }
        switch (sign, a, b) {
        case ("+", .text(let x), .text(let y)): return .text(try evaluator.checked(joined([x, y])))
        case ("+", .list(let x), .list(let y)):
            try evaluator.spend(x.count + y.count)
            return .list(x + y)
        case ("+", .tuple(let x), .tuple(let y)):
            try evaluator.spend(x.count + y.count)
            return .tuple(x + y)
        case ("*", .text(let text), _) where b.asInteger != nil: return try repeated(text, b.asInteger ?? 0, evaluator)
        case ("*", _, .text(let text)) where a.asInteger != nil: return try repeated(text, a.asInteger ?? 0, evaluator)
        case ("*", .list(let values), _) where b.asInteger != nil:
            return .list(try repeated(values, b.asInteger ?? 0, evaluator))
        case ("%", .text(let format), _): return .text(try JinjaFormat.percent(format, b))
        default: throw JinjaError("\(a.kind) \(sign) \(b.kind) has no meaning")
        }
    }

    /// Texts one after the other; beside markup, those that are none are escaped.
    static func joined(_ texts: [JinjaText]) -> JinjaText {
        guard texts.contains(where: \.isMarkup) else { return JinjaText.joined(texts, by: JinjaText()) }
        var result = JinjaText.joined(texts.map(\.markup), by: JinjaText())
        result.isMarkup = true
        return result
    }

    private static func repeated(_ text: JinjaText, _ count: Int, _ evaluator: JinjaEvaluator) throws -> JinjaValue {
        .text(JinjaText(try repeated(text.elements, count, evaluator)))
    }

    private static func repeated<Entry>(
        _ entries: [Entry], _ count: Int, _ evaluator: JinjaEvaluator
    ) throws -> [Entry] {
        let (total, overflows) = entries.count.multipliedReportingOverflow(by: max(0, count))
        guard !overflows, total <= JinjaBudget.length else { throw JinjaError("it repeats something too often") }
        try evaluator.spend(total)
        return Array(repeatElement(entries, count: entries.isEmpty ? 0 : max(0, count)).joined())
    }

    private static func whole(_ sign: String, _ a: Int, _ b: Int) throws -> JinjaValue {
        let (value, overflows): (Int, Bool)
        switch sign {
        case "+": (value, overflows) = a.addingReportingOverflow(b)
        case "-": (value, overflows) = a.subtractingReportingOverflow(b)
        case "*": (value, overflows) = a.multipliedReportingOverflow(by: b)
        case "//", "%":
            guard b != 0 else { throw JinjaError("it divides by 0") }
            (value, overflows) = floored(sign, a, b)
        default:
            guard b >= 0 else { return .number(pow(Double(a), Double(b))) }
            (value, overflows) = power(a, b)
        }
        if overflows { throw JinjaError("\(a) \(sign) \(b) is too large a number") }
        return .integer(value)
    }

    /// Division rounded down, and what is left of it, as Python has them.
    private static func floored(_ sign: String, _ a: Int, _ b: Int) -> (Int, Bool) {
        let (quotient, overflows) = a.dividedReportingOverflow(by: b)
        if overflows { return sign == "%" ? (0, false) : (0, true) }
        let rest = a - quotient * b
        let isBelow = rest != 0 && (rest < 0) != (b < 0)
        return sign == "%" ? (isBelow ? rest + b : rest, false) : (isBelow ? quotient - 1 : quotient, false)
    }

    private static func power(_ base: Int, _ exponent: Int) -> (Int, Bool) {
        if base.magnitude <= 1 { return (base == -1 && exponent % 2 == 0 ? 1 : exponent == 0 ? 1 : base, false) }
        var result = 1
        for _ in 0..<min(exponent, Int.bitWidth) {
            let (next, overflows) = result.multipliedReportingOverflow(by: base)
            if overflows { return (0, true) }
            result = next
        }
        return (result, false)
    }

    private static func real(_ sign: String, _ a: Double, _ b: Double) throws -> Double {
        switch sign {
        case "+": return a + b
        case "-": return a - b
        case "*": return a * b
        case "**": return pow(a, b)
        default:
            guard b != 0 else { throw JinjaError("it divides by 0") }
            if sign == "/" { return a / b }
            return sign == "//" ? (a / b).rounded(.down) : a - b * (a / b).rounded(.down)
        }
    }

    /// Whether a comparison holds.
    static func holds(_ sign: String, _ a: JinjaValue, _ b: JinjaValue, _ evaluator: JinjaEvaluator) throws -> Bool {
        try evaluator.spend(min(a.size, b.size))
        switch sign {
        case "==": return a.equals(b)
        case "!=": return !a.equals(b)
        case "<": return try a.precedes(b)
        case ">": return try b.precedes(a)
        case "<=": return try a.equals(b) || a.precedes(b)
        case ">=": return try a.equals(b) || b.precedes(a)
        case "in": return try contains(b, a, evaluator)
        default: return try !contains(b, a, evaluator)
        }
    }

    static func contains(_ whole: JinjaValue, _ part: JinjaValue, _ evaluator: JinjaEvaluator) throws -> Bool {
        try evaluator.spend(whole.size)
        switch whole {
        case .text(let text):
            guard case .text(let part) = part else { throw JinjaError("only text can be in text, not \(part.kind)") }
            return text.firstIndex(of: part) != nil
        case .list(let values), .tuple(let values): return values.contains { $0.equals(part) }
        case .dictionary(let dictionary): return dictionary[part] != nil
        case .undefined: return false
        default: throw JinjaError("\(whole.kind) contains nothing")
        }
    }
}
