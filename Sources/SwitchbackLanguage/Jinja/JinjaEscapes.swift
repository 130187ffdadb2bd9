/// The escapes in a text of a template, which are Python's.
enum JinjaEscapes {
    static func decoded(_ text: ArraySlice<Unicode.Scalar>) -> String {
        var result = String.UnicodeScalarView()
        var place = text.startIndex
        while place < text.endIndex {
            guard text[place] == "\\", place + 1 < text.endIndex else {
                result.append(text[place])
                place += 1
                continue
            }
            let (scalars, next) = escape(text, place + 1)
            result.append(contentsOf: scalars)
            place = next
        }
        return String(result)
    }

    private static let single: [Unicode.Scalar: Unicode.Scalar] = [
        "n": "\n", "t": "\t", "r": "\r", "\\": "\\", "'": "'", "\"": "\"", "a": "\u{7}", "b": "\u{8}", "f": "\u{C}",
        "v": "\u{B}",
    ]
    private static let hexadecimal: [Unicode.Scalar: Int] = ["x": 2, "u": 4, "U": 8]

    /// What the escape means whose letter is at a place, and where it ends.
    private static func escape(_ text: ArraySlice<Unicode.Scalar>, _ place: Int) -> ([Unicode.Scalar], Int) {
        let letter = text[place]
        if letter == "\n" { return ([], place + 1) }
        if let scalar = single[letter] { return ([scalar], place + 1) }
        if let count = hexadecimal[letter], place + count < text.endIndex {
            let digits = String(String.UnicodeScalarView(text[place + 1...place + count]))
            if let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value) {
                return ([scalar], place + count + 1)
            }
        }
        let octal = text[place...].prefix(3).prefix { ("0"..."7").contains($0) }
        if !octal.isEmpty, let value = UInt32(String(String.UnicodeScalarView(octal)), radix: 8),
            let scalar = Unicode.Scalar(value)
        {
            return ([scalar], octal.endIndex)
        }
        return (["\\", letter], place + 1)
    }
}
