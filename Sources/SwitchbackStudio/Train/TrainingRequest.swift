import Foundation
import Switchback
import SwitchbackFormats

/// A training that was asked for: a task, and options by the names of the command line.
struct TrainingRequest: Sendable {
    let task: String
    let name: String
    /// Of `switchback`, without the name and the folder of runs.
    let arguments: [String]

    private static let mostCharacters = 4096

    /// - Parameter options: those of the task.
    /// - Throws: `InputError` where an option is unknown or has a value of another kind.
    init(_ fields: ConfigurationFields, task: String, options: [TrainingOption]) throws {
        try fields.checkNames(known: ["task", "options"])
        let given = try fields.object("options") ?? ConfigurationFields(body: Array("{}".utf8))
        try given.checkNames(known: options.map(\.name))
        var arguments = [task, "train"]
        for option in options where option.name != "name" {
            arguments += try TrainingRequest.arguments(option, given)
        }
        self.task = task
        self.arguments = arguments
        name = try given.string("name", default: "").nonEmpty ?? "train"
        // The command line says what is wrong with a name; here it only must be no path.
        guard !name.contains("/"), !name.hasPrefix("."), name.utf8.count <= 200 else {
            throw given.problem("name", "the name of a folder is needed, and \(name.shortened) is none")
        }
    }

    /// The words for an option: none where it was left as it is.
    private static func arguments(_ option: TrainingOption, _ given: ConfigurationFields) throws -> [String] {
        switch given[option.name] {
        case nil, .null: return []
        case .bool(let isOn) where option.isFlag: return isOn ? ["--\(option.name)"] : []
        case .string(let text) where !option.isFlag:
            guard text.utf8.count <= mostCharacters, !text.utf8.contains(0) else {
                throw given.problem(option.name, "a text of at most \(mostCharacters) characters is needed")
            }
            let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
            let values = option.isRepeating ? text.split(separator: " ").map(String.init) : [text]
            return values.filter { !$0.isEmpty }.map { "--\(option.name)=\($0)" }
        default: throw given.problem(option.name, option.isFlag ? "true or false is needed" : "text is needed")
        }
    }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}
