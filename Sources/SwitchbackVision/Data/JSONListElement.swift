/// An element of a list in JSON, or what is wrong with it: one odd value is no reason to refuse all others.
struct JSONListElement<Value: Decodable>: Decodable {
    struct Problem: Error {
        let sentence: String
    }

    let result: Result<Value, Problem>

    init(from decoder: any Decoder) throws {
        do {
            result = .success(try Value(from: decoder))
        } catch DecodingError.keyNotFound(let key, _) {
            result = .failure(Problem(sentence: "the key \(key.stringValue) is missing"))
        } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context),
            let DecodingError.dataCorrupted(context)
        {
            let keys = context.codingPath.dropFirst(decoder.codingPath.count).map(\.stringValue)
            let value = keys.isEmpty ? "it" : "its value \(keys.joined(separator: "."))"
            result = .failure(Problem(sentence: "\(value) is not of the type that is needed"))
        }
    }
}
