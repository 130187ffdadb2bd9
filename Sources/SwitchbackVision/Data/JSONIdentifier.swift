/// The number by which a JSON file calls something, or where a program writes that, a text.
struct JSONIdentifier: Decodable, Hashable, Comparable, Sendable, CustomStringConvertible {
    let number: Int?
    let text: String

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        number = try? container.decode(Int.self)
        text = try number.map(String.init) ?? container.decode(String.self)
    }

    var description: String { text }

    static func < (a: JSONIdentifier, b: JSONIdentifier) -> Bool {
        if let first = a.number, let second = b.number { return first < second }
        return a.text < b.text
    }
}
