import Switchback
import SwitchbackFormats
import SwitchbackLanguage

extension ConfigurationFields {
    /// What the text has to be for `response_format`; `nil` where it can be any.
    ///
    /// Throws `InputError` over a form that is not known, and a schema that cannot be kept.
    func responseGrammar() throws -> Grammar? {
        guard let format = try object("response_format") else { return nil }
        switch try format.string("type") {
        case "text": return nil
        case "json_object": return .jsonObject()
        case "json_schema":
            guard let schema = try format.object("json_schema")?.object("schema") else {
                throw format.problem("json_schema", "an object with a schema is needed")
            }
            return try .json(schema: schema)
        case let kind:
            throw format.problem("type", "it is \(kind); supported are text, json_object and json_schema")
        }
    }
}
