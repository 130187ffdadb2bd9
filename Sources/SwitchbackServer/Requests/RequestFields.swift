import Switchback
import SwitchbackFormats
import SwitchbackLanguage

extension ConfigurationFields {
    /// More values than any conversation has: each takes memory many times its size in the text.
    private static let mostValues = 200_000

    /// The members of a request's body, which is a JSON object. Throws `InputError` if it is none.
    package init(body: [UInt8]) throws {
        let value: JSON
        do {
            value = try body.withUnsafeBytes { try JSON(parsing: $0, limit: ConfigurationFields.mostValues) }
        } catch let problem as JSON.Problem {
            throw InputError("request", at: "byte \(problem.offset)", "the body is not valid JSON: \(problem.message)")
        }
        try self.init(value, path: "request")
    }

    /// Throws where a member is none of those that are known, with the nearest that is.
    package func checkNames(known: [String]) throws {
        for name in names where !known.contains(where: name.isExactly) {
            let remedy = name.nearest(in: known).map { "did you mean \($0)?" }
            throw problem(name, "there is no such field", remedy: remedy)
        }
    }

    /// The name of the model that is asked for; `nil` where none is named.
    var modelName: String? {
        get throws { self["model"] == nil ? nil : try string("model") }
    }

    /// Throws where a field asks for what is not there: any value but those that change nothing.
    func refuse(_ name: String, unless isHarmless: (JSON) -> Bool, _ problem: String) throws {
        if let value = self[name], !isHarmless(value) { throw self.problem(name, problem) }
    }

    /// How a stream is to be, where one is asked for.
    func streamOptions(known: [String]) throws -> ConfigurationFields? {
        guard let options = try object("stream_options") else { return nil }
        guard try bool("stream", default: false) else {
            throw problem("stream_options", "it needs stream", remedy: "set stream to true")
        }
        try options.checkNames(known: known + ["include_obfuscation"])
        try options.refuse("include_obfuscation", unless: { $0.isFalse }, "pieces come as they are")
        return options
    }
}
