import Foundation
import Switchback
import SwitchbackFormats

/// The folder of one run: `ROOT/TASK/NAME`, with a number after the name where that is taken.
///
/// | file | what it holds |
/// | --- | --- |
/// | `args.yaml` | the configuration |
/// | `results.csv` | a row for each validation |
/// | `weights/best.safetensors`, `weights/last.safetensors` | the weights of the best and of the last validation |
/// | `resume/state-1.safetensors`, `resume/state-2.safetensors` | the last two checkpoints |
public final class RunFolder {
    public let path: String
    /// The folders that were made, outermost first.
    private let made: [String]

    /// Makes the folder. Throws `InputError` where that cannot be done; then none of its parents is left behind either.
    public init(in root: String, task: String, name: String) throws {
        let parent = (root as NSString).appendingPathComponent(task)
        var made: [String] = []
        do {
            try RunFolder.makeFolders(parent, made: &made)
            path = try RunFolder.takeName((parent as NSString).appendingPathComponent(name))
            made.append(path)
            try RunFolder.makeFolders((path as NSString).appendingPathComponent("weights"), made: &made)
        } catch {
            RunFolder.remove(made)
            throw error
        }
        self.made = made
    }

    /// A folder that is there already.
    ///
    /// Throws `InputError` where it is not the folder of a run.
    public init(existing path: String) throws {
        self.path = path
        made = []
        guard FileManager.default.fileExists(atPath: path) else { throw InputError(path, "there is no such run") }
        for folder in ["", "weights"] {
            AtomicFile.removeRemains(in: (path as NSString).appendingPathComponent(folder))
        }
    }

    /// Makes the folder `path`, or the first one that is free with a number after the name. Making it is what takes the
    /// name: two runs that start at once get two folders.
    private static func takeName(_ path: String) throws -> String {
        var candidate = path
        var number = 1
        while mkdir(candidate, 0o777) != 0 {
            guard errno == EEXIST else { throw InputError(candidate, cannot: "made", errno) }
            number += 1
            candidate = "\(path)-\(number)"
        }
        return candidate
    }

    /// The path of a file in the folder.
    public func file(_ name: String) -> String { (path as NSString).appendingPathComponent(name) }

    /// The path of a file of weights, `last` or `best`.
    public func weights(_ name: String) -> String { file("weights/\(name).safetensors") }

    var checkpoints: CheckpointFolder { CheckpointFolder(path: file("resume")) }

    func saveWeights(_ model: Module, _ metadata: [String: String], as name: String) throws {
        try Safetensors.save(model.namedState.map { ($0.name, $0.tensor) }, metadata: metadata, to: weights(name))
    }

    /// Writes `results.csv`: a row for each validation.
    func writeResults(_ history: [EpochResult]) throws {
        try AtomicFile.write(ResultsTable(history).text, to: file("results.csv"))
    }

    /// Removes the folders that were made, unless the run has a result: for one that failed before it had any.
    public func removeIfFruitless() {
        let results = [weights("last"), weights("best"), file("resume")]
        if results.contains(where: { FileManager.default.fileExists(atPath: $0) }) { return }
        if made.contains(path) { try? FileManager.default.removeItem(atPath: path) }
        RunFolder.remove(made)
    }

    /// Removes folders as far as they are empty.
    private static func remove(_ folders: [String]) {
        for folder in folders.reversed() { rmdir(folder) }
    }

    private static func makeFolders(_ path: String, made: inout [String]) throws {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) {
            if isFolder.boolValue { return }
            throw InputError(path, "is a file, and a folder was expected there")
        }
        let parent = (path as NSString).deletingLastPathComponent
        if !parent.isEmpty && parent != path { try makeFolders(parent, made: &made) }
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw InputError(path, cannot: "made", errno) }
        made.append(path)
    }
}
