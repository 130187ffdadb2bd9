import Foundation

/// Numbers as plots write them.
package enum NumberText {
    /// A tick of a linear axis: as many decimals as the step between ticks needs.
    static func tick(_ value: Double, step: Double) -> String {
        let magnitude = max(abs(value), abs(step))
        if value == 0 || abs(value) < step * 1e-9 { return "0" }
        if magnitude >= 1e6 || magnitude < 1e-4 { return scientific(value, relativeStep: step / abs(value)) }
        let decimals = decimals(of: step)
        return grouped(String(format: "%.\(decimals)f", value))
    }

    /// A number alone, with three significant digits.
    static func brief(_ value: Double) -> String {
        if !value.isFinite { return value.isNaN ? "NaN" : value < 0 ? "-∞" : "∞" }
        if value == value.rounded() && abs(value) < 1e6 { return grouped(String(format: "%.0f", value)) }
        let magnitude = abs(value)
        if magnitude >= 1e6 || magnitude < 1e-3 { return scientific(value, relativeStep: 0.01) }
        return String(format: "%.\(max(0, 2 - Int(floor(log10(magnitude)))))f", value)
    }

    /// A number in a narrow field: whole, or with two decimals.
    package static func twoDecimals(_ value: Double) -> String {
        value == value.rounded() ? brief(value) : grouped(String(format: "%.2f", value))
    }

    /// A power of ten on a logarithmic axis: plain where it is short.
    static func power(_ exponent: Int) -> String {
        switch exponent {
        case 0...4: grouped(String(format: "%.0f", pow(10, Double(exponent))))
        case -3...(-1): String(format: "%.\(-exponent)f", pow(10, Double(exponent)))
        default: "10" + superscript(exponent)
        }
    }

    private static func decimals(of step: Double) -> Int {
        for decimals in 0...8 {
            let scaled = step * pow(10, Double(decimals))
            if abs(scaled - scaled.rounded()) < 1e-6 * scaled { return decimals }
        }
        return 8
    }

    private static func scientific(_ value: Double, relativeStep: Double) -> String {
        let exponent = Int(floor(log10(abs(value)) + 1e-12))
        let mantissa = value / pow(10, Double(exponent))
        let digits = min(max(Int(ceil(-log10(relativeStep) - 1e-9)), 0), 4)
        var text = String(format: "%.\(digits)f", mantissa)
        if text.contains(".") {
            while text.hasSuffix("0") { text.removeLast() }
            if text.hasSuffix(".") { text.removeLast() }
        }
        return text == "1" ? "10\(superscript(exponent))" : "\(text)·10\(superscript(exponent))"
    }

    private static func superscript(_ number: Int) -> String {
        let digits = Array("⁰¹²³⁴⁵⁶⁷⁸⁹")
        return String("\(number)".map { $0 == "-" ? "⁻" : digits[$0.wholeNumberValue ?? 0] })
    }

    /// With a comma after every three digits: 12,500.
    private static func grouped(_ text: String) -> String {
        let whole = text.prefix { $0 != "." }
        let digits = whole.filter(\.isNumber)
        if digits.count < 5 { return text }
        var result = ""
        for (i, digit) in digits.enumerated() {
            if i > 0 && (digits.count - i) % 3 == 0 { result += "," }
            result.append(digit)
        }
        return (text.hasPrefix("-") ? "-" : "") + result + text.dropFirst(whole.count)
    }
}
