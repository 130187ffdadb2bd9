/// The number by which a JSON file calls something, or where a program writes that, a text.
struct JSONIdentifier: Codable, Hashable, Comparable, Sendable, CustomStringConvertible {
    let number: Int?
    let text: String

    init(_ number: Int) { (self.number, text) = (number, "\(number)") }

    /// A number where the text is one, leading zeros aside; else the text.
    init(_ text: String) {
        number = text.utf8.allSatisfy { (48...57).contains($0) } ? Int(text) : nil
        self.text = number.map(String.init) ?? text
    }

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        number = try? container.decode(Int.self)
        text = try number.map(String.init) ?? container.decode(String.self)
    }

    func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        if let number { try container.encode(number) } else { try container.encode(text) }
    }

    var description: String { text }

    static func < (a: JSONIdentifier, b: JSONIdentifier) -> Bool {
        if let first = a.number, let second = b.number { return first < second }
        return a.text < b.text
    }
}
