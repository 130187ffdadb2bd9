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

    /// With a noun, which stands in the plural but after one: `1 class`, `2 classes`, `2 cherries`. Names that end in no
    /// letter, such as `class_0`, stay as they are.
    package func counted(_ noun: String) -> String { "\(grouped) \(self == 1 ? noun : noun.plural)" }
}

extension String {
    fileprivate var plural: String {
        guard let last, last.isLetter else { return self }
        if ["s", "x", "z", "ch", "sh"].contains(where: hasSuffix) { return self + "es" }
        let endsInConsonantAndY = last == "y" && !["a", "e", "i", "o", "u"].contains(dropLast().last ?? "a")
        return endsInConsonantAndY ? dropLast() + "ies" : self + "s"
    }
}
