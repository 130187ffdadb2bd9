import Foundation

// Values of Swift's types as JSON texts, with infinities and what is not a number.

extension JSON {
    /// - Parameter isPretty: whether each member has a line of its own.
    package static func text(
        _ value: some Encodable, keys: JSONEncoder.KeyEncodingStrategy = .useDefaultKeys, isPretty: Bool = false
    ) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        if isPretty { encoder.outputFormatting.insert(.prettyPrinted) }
        encoder.keyEncodingStrategy = keys
        encoder.nonConformingFloatEncodingStrategy = .convertToString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    /// Throws Foundation's `DecodingError` where the text is something else.
    package static func decode<Value: Decodable>(_ type: Value.Type, _ data: Data) throws -> Value {
        let decoder = JSONDecoder()
        decoder.nonConformingFloatDecodingStrategy = .convertFromString(
            positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
        return try decoder.decode(type, from: data)
    }

    /// `nil` if the text is something else.
    package static func value<Value: Decodable>(_ type: Value.Type, _ text: String) -> Value? {
        try? decode(type, Data(text.utf8))
    }
}
