import Foundation
import Switchback
import SwitchbackFormats
import Yams

/// Configurations as YAML or JSON files.
public enum ConfigurationFile {
    /// The configuration as the text of a file: one key a line, `null` where an option is left open.
    static func text(_ configuration: some Configuration, task: String) throws -> String {
        let lines = try configuration.fields.map { field in
            // Yams would write 0 as 0e+0, and leave out the last digits.
            if let number = field.value as? Double { return "\(field.key): \(number)\n" }
            let value = try YAMLEncoder().encode([field.key: AnyEncodable(field.value)])
            return value.hasSuffix("\n") ? value : value + "\n"
        }
        return "task: \(task)\n" + lines.joined()
    }

    static func write(_ configuration: some Configuration, task: String, to path: String) throws {
        try AtomicFile.write(text(configuration, task: task), to: path)
    }

    /// What earlier versions wrote into the file of every run, also of tasks that have no such option: it did nothing there.
    private static let former = ["statistics_batches": "0"]

    /// Reads options from a YAML or JSON file; those that it does not name keep the values of `base`.
    ///
    /// - Parameter task: what the file must be for, where it says that.
    /// - Throws: `InputError` with the line, where the file cannot be read, has a key that is not an option, or a value
    ///   that its option cannot have.
    public static func read<Result: Configuration>(
        _ path: String, over base: Result = Result(), task: String
    ) throws -> Result {
        let fields = base.fields
        var result = base
        let entries = try entries(path)
        for entry in entries {
            if entry.key == "task" {
                guard entry.value.string == task else {
                    throw entry.error("is for the task \(entry.value.string ?? "?"), and this is \(task)")
                }
                continue
            }
            guard let field = fields.first(where: { $0.key == entry.key }) else {
                if former[entry.key] == entry.value.string { continue }
                let hint = entry.key.nearest(in: fields.map(\.key)).map { "did you mean \($0)?" }
                throw entry.error("there is no option \(entry.key)", remedy: hint)
            }
            result = try entry.applied(to: result, as: field)
            if let found = result.outOfRange, found.key == entry.key {
                throw entry.error("\(entry.key) is \(found.number), and \(found.problem)")
            }
            // What takes the place of an option by default gives way to one that is given.
            if let replacement = TrainingConfiguration.replacements[entry.key],
                !entries.contains(where: { $0.key == replacement }),
                let field = fields.first(where: { $0.key == replacement }), let null = try Yams.compose(yaml: "null")
            {
                let none = ConfigurationEntry(file: path, key: replacement, value: null, line: entry.line)
                result = try none.applied(to: result, as: field)
            }
        }
        return result
    }

    /// All keys of a file with the text of their values; of lists, their elements.
    static func values(_ path: String) throws -> [(key: String, value: String)] {
        try entries(path).map { entry in
            let list = entry.value.sequence.map { $0.compactMap(\.string).joined(separator: " ") }
            return (entry.key, entry.value.scalar?.string ?? list ?? "?")
        }
    }

    private static func entries(_ path: String) throws -> [ConfigurationEntry] {
        let text = try TextFile.read(path)
        let node: Node?
        do {
            node = try YAMLText.compose(text, path)
        } catch let error as YamlError {
            throw InputError(path, error)
        }
        guard let node else { return [] }
        guard case .mapping(let mapping) = node else {
            throw InputError(path, "is not a list of options: lines such as 'epochs: 10' were expected")
        }
        return mapping.map {
            ConfigurationEntry(file: path, key: $0.key.string ?? "?", value: $0.value, line: $0.key.mark?.line)
        }
    }
}

/// A key and its value in a file.
private struct ConfigurationEntry {
    let file: String
    let key: String
    let value: Node
    let line: Int?

    func error(_ problem: String, remedy: String? = nil) -> InputError {
        InputError(file, at: line.map { "line \($0)" }, problem, remedy: remedy)
    }

    /// The configuration with this entry's value.
    func applied<Result: Configuration>(to base: Result, as field: ConfigurationField) throws -> Result {
        do {
            guard let node = try Yams.compose(yaml: JSON.text(base)) else { return base }
            return try YAMLDecoder().decode(Result.self, from: node.replacing(field.path, with: value))
        } catch {
            let found = value.scalar.map { "'\($0.string)'" } ?? "a list or a table"
            throw self.error("\(key) is \(found), and \(expectation(field)) was expected", remedy: suggestion(field))
        }
    }

    private func expectation(_ field: ConfigurationField) -> String {
        switch field.type {
        case is any FixedWidthInteger.Type: "a whole number"
        case is any BinaryFloatingPoint.Type: "a number"
        case is Bool.Type: "true or false"
        case is String.Type: "text"
        case is [String].Type: "a list"
        case let type as any CaseIterable.Type: "one of \(names(type).joined(separator: ", "))"
        default: "something else"
        }
    }

    private func suggestion(_ field: ConfigurationField) -> String? {
        guard let type = field.type as? any CaseIterable.Type, let text = value.string else { return nil }
        return text.nearest(in: names(type)).map { "did you mean \($0)?" }
    }

    private func names(_ type: any CaseIterable.Type) -> [String] {
        func list<Cases: CaseIterable>(_ type: Cases.Type) -> [String] {
            type.allCases.compactMap { ($0 as? any RawRepresentable)?.rawValue as? String }
        }
        return list(type)
    }
}

extension Node {
    /// The same tables with another value at the end of a path of keys.
    fileprivate func replacing(_ path: [String], with value: Node) -> Node {
        guard let first = path.first, case .mapping(var mapping) = self else { return value }
        let key = Node(first)
        let rest = Array(path.dropFirst())
        mapping[key] = rest.isEmpty ? value : mapping[key]?.replacing(rest, with: value)
        return .mapping(mapping)
    }
}

extension InputError {
    /// The error of the YAML parser.
    fileprivate init(_ path: String, _ error: YamlError) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            self.init(path, at: "line \(mark.line)", "is not YAML: \(problem)")
        case .duplicatedKeysInMapping(let duplicates, let context):
            let key = duplicates.first ?? "?"
            self.init(path, at: "line \(context.mark.line)", "the option \(key) occurs twice")
        default: self.init(path, "is not YAML")
        }
    }
}
