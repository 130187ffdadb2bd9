import Foundation
import Switchback
import SwitchbackFormats

/// Information about a run, without opening its folder for training.
public struct RunRecord: Sendable {
    public let path: String
    public let task: String
    /// The options in `args.yaml`: keys with the text of their values, in order.
    public let arguments: [(key: String, value: String)]
    public let results: ResultsTable
    /// When something was last written to it.
    public let modified: Date

    /// Throws `InputError` if `path` is not the folder of a run, or its files are damaged.
    public init(_ path: String) throws {
        self.path = path
        func file(_ name: String) -> String { Folder.join(path, name) }
        guard FileManager.default.fileExists(atPath: file("args.yaml")) else {
            throw InputError(path, "is not a run folder: it has no args.yaml")
        }
        let values = try ConfigurationFile.values(file("args.yaml"))
        task = values.first { $0.key == "task" }?.value ?? "?"
        arguments = values.filter { $0.key != "task" }
        results = try ResultsTable(path: file("results.csv"))
        let dates = ["args.yaml", "results.csv"].compactMap {
            try? FileManager.default.attributesOfItem(atPath: file($0))[.modificationDate] as? Date
        }
        modified = dates.max() ?? .distantPast
    }

    public var name: String { (path as NSString).lastPathComponent }

    /// The text of an option's value; `nil` if it was left open.
    public func argument(_ key: String) -> String? {
        arguments.first { $0.key == key && $0.value != "null" }?.value
    }

    /// In what the length of the training is counted, how far it has come, and where it ends.
    private var length: (unit: String, done: Int, all: Int?) {
        func last(_ column: String) -> Int? { results.values(column).last.flatMap { $0 }.flatMap { Int(exactly: $0) } }
        if argument("steps") != nil { return ("steps", last("step") ?? 0, argument("steps").flatMap { Int($0) }) }
        let isFitted = argument("minutes") != nil || argument("time") != nil
        return ("epochs", last("epoch") ?? 0, isFitted ? last("epochs") : argument("epochs").flatMap { Int($0) })
    }

    /// How far it has come: `4/10 epochs`.
    public var progress: String { "\(length.done)/\(length.all.map(String.init) ?? "?") \(length.unit)" }

    /// Whether it has come to its end, or its patience has.
    public var isComplete: Bool {
        if let all = length.all, length.done >= all { return true }
        guard let patience = argument("patience").flatMap({ Int($0) }), let best = results.bestRow else { return false }
        return results.rows.count - 1 - best >= patience
    }
}
