/// The number by which a JSON file calls something, or where a program writes that, a text. A number and its digits as a
/// text are the same, because programs write one and refer to the other.
struct JSONIdentifier: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
    let number: Int?
    let text: String
    /// Whether the file has it as a text.
    private let isText: Bool

    init(_ number: Int) { (self.number, text, isText) = (number, "\(number)", false) }

    /// A number where the text is one, leading zeros aside; else the text.
    init(_ text: String) {
        number = text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
        self.text = number.map(String.init) ?? text
        isText = number == nil
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if let number = try? container.decode(Int.self) {
            (self.number, text, isText) = (number, "\(number)", false)
        } else {
            text = try container.decode(String.self)
            (number, isText) = (Int(text), true)
        }
    }

    /// As the file has it.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let number, !isText { try container.encode(number) } else { try container.encode(text) }
    }

    var description: String { text }

    static func == (a: JSONIdentifier, b: JSONIdentifier) -> Bool { a.text == b.text }

    func hash(into hasher: inout Hasher) { hasher.combine(text) }

    static func < (a: JSONIdentifier, b: JSONIdentifier) -> Bool {
        if let first = a.number, let second = b.number, first != second { return first < second }
        return a.text < b.text
    }
}
