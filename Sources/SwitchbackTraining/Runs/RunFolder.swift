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
/// | `weights/epoch10.safetensors` | the weights of an epoch, with `savePeriod` |
/// | `diagnosis.jsonl`, `gradients.png` | what a ``DiagnosisLog`` measured |
/// | `resume/state-1.safetensors`, `resume/state-2.safetensors` | the last two checkpoints |
public final class RunFolder {
    public let path: String
    /// The folders that were made, outermost first.
    private let made: [String]
    /// Keeps other programs from training in the folder.
    private let lock: LockFile

    /// Creates the folder, with `args.yaml` in it from the start.
    ///
    /// - Parameter arguments: the configuration of the run.
    /// - Throws: `InputError` where that cannot be done; then none of its parents is left behind either.
    public init(in root: String, task: String, name: String, arguments: some Configuration) throws {
        let parent = Folder.join(root, task)
        var made: [String] = []
        let draft = Folder.join(parent, ".\(name).\(getpid()).part")
        do {
            try RunFolder.makeFolders(parent, made: &made)
            RunFolder.removeDrafts(in: parent)
            try RunFolder.makeFolders(Folder.join(draft, "weights"), made: &made)
            try ConfigurationFile.write(
                arguments, task: task, to: Folder.join(draft, "args.yaml"))
            path = try RunFolder.takeName(Folder.join(parent, name), for: draft)
            lock = try RunFolder.takeLock(path)
        } catch {
            try? FileManager.default.removeItem(atPath: draft)
            RunFolder.remove(made)
            guard let error = error as? InputError, error.subject.hasPrefix(draft) else { throw error }
            // The draft's name means nothing to the user.
            let final = Folder.join(parent, name)
            throw InputError(final, at: error.place, error.problem, remedy: error.remedy)
        }
        self.made = made.filter { !$0.hasPrefix(draft) } + [path]
    }

    /// Opens the folder of a run that is to be continued.
    ///
    /// - Throws: `InputError` where it is not the folder of a run, or a program is at work on it.
    public init(existing path: String) throws {
        self.path = path
        made = []
        guard FileManager.default.fileExists(atPath: path) else { throw InputError(path, "there is no such run") }
        lock = try RunFolder.takeLock(path)
        for folder in ["", "weights"] {
            AtomicFile.removeRemains(in: Folder.join(path, folder))
        }
    }

    /// Gives the folder `draft` the name `path`, or the first one that is free with a number after it. Renaming is what
    /// takes the name: two runs that start at once get two folders, and each is complete when it appears.
    private static func takeName(_ path: String, for draft: String) throws -> String {
        var candidate = path
        var number = 1
        while rename(draft, candidate) != 0 {
            guard [EEXIST, ENOTEMPTY, ENOTDIR].contains(errno) else {
                throw InputError(candidate, cannot: "made", errno)
            }
            number += 1
            candidate = "\(path)-\(number)"
        }
        return candidate
    }

    /// Removes the drafts of runs whose processes have ended.
    private static func removeDrafts(in parent: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: parent)) ?? []
        where name.hasPrefix(".") && name.hasSuffix(".part") {
            guard let process = name.split(separator: ".").dropLast().last.flatMap({ Int32($0) }),
                kill(process, 0) != 0, errno == ESRCH
            else { continue }
            try? FileManager.default.removeItem(atPath: Folder.join(parent, name))
        }
    }

    /// The path of a file in the folder.
    public func file(_ name: String) -> String { Folder.join(path, name) }

    /// The path of a file of weights: `last`, `best`, or `epoch10` where those of epochs are kept.
    public func weights(_ name: String) -> String { Self.weights(name, of: path) }

    static func weights(_ name: String, of run: String) -> String { Folder.join(run, "weights/\(name).safetensors") }

    /// The file of weights that a path stands for: of a run's folder its best, of anything else the path itself.
    ///
    /// - Throws: `InputError` where it is a folder without such a file.
    public static func weightFile(_ path: String) throws -> String {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder), isFolder.boolValue else {
            return path
        }
        let best = Folder.join(path, "weights/best.safetensors")
        guard FileManager.default.fileExists(atPath: best) else {
            throw InputError(
                path, "there is no weights/best.safetensors in it",
                remedy: "give a run folder or a weights file")
        }
        return best
    }

    var checkpoints: CheckpointFolder { CheckpointFolder(path: file("resume")) }

    /// Removes the folders that were made, unless the run has a result: for one that failed before it had any.
    public func removeIfFruitless() {
        let results = [weights("last"), weights("best"), file("resume")]
        if results.contains(where: { FileManager.default.fileExists(atPath: $0) }) { return }
        // What a training was like that failed before that.
        let diagnosis = try? FileManager.default.attributesOfItem(atPath: file(Diagnosis.fileName))
        if (diagnosis?[.size] as? NSNumber)?.intValue ?? 0 > 0 { return }
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
        let parent = FilePath.parent(path)
        if parent != path { try makeFolders(parent, made: &made) }
        guard mkdir(path, 0o777) == 0 || errno == EEXIST else { throw InputError(path, cannot: "made", errno) }
        made.append(path)
    }

    /// The right to write to a folder. Throws `InputError` if another has it.
    private static func takeLock(_ path: String) throws -> LockFile {
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOTDIR { throw InputError(path, "is a file, and a run folder was expected") }
            throw InputError(path, cannot: "read", errno)
        }
        guard let lock = LockFile.take(descriptor) else {
            throw InputError(path, "is in use: another process is training there")
        }
        return lock
    }
}
