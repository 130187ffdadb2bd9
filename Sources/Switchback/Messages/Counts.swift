// Counts as people read them.

extension Int {
    /// With a comma after every three digits.
    package var grouped: String {
        let digits = Array(String(magnitude))
        var text = self < 0 ? "-" : ""
        for (position, digit) in digits.enumerated() {
            if position > 0 && (digits.count - position) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return text
    }

    /// With a noun, which stands in the plural but after one: `1 class`, `2 classes`.
    package func counted(_ noun: String) -> String {
        let endsInSibilant = ["s", "x", "ch", "sh"].contains { noun.hasSuffix($0) }
        return "\(grouped) \(noun)\(self == 1 ? "" : endsInSibilant ? "es" : "s")"
    }
}
