import Foundation
import Switchback
import SwitchbackFormats

/// The runs below a folder.
public enum RunCatalog {
    /// The runs in `root/TASK/NAME`, the newest first. What is there and is not a run is passed over.
    ///
    /// - Parameter read: reads the run of a folder; whoever asks often may have kept it.
    ///
    /// Throws `InputError` if there is no such folder.
    public static func runs(
        in root: String, task: String? = nil, reading read: (String) throws -> RunRecord = { try RunRecord($0) }
    ) throws -> [RunRecord] {
        guard let tasks = contents(root) else {
            throw InputError(root, "there is no such folder", remedy: "the train commands create it")
        }
        return tasks.filter { task == nil || ($0 as NSString).lastPathComponent == task }
            .flatMap { contents($0) ?? [] }.compactMap { try? read($0) }
            .sorted { ($0.modified, $1.path) > ($1.modified, $0.path) }
    }

    /// The folder of a run that is named by its path, or by its name alone where only one task has a run of it.
    ///
    /// Throws `InputError` with the nearest name, if there is no such run.
    public static func path(of run: String, in root: String) throws -> String {
        if FileManager.default.fileExists(atPath: run) { return try RunRecord(run).path }
        let runs = FileManager.default.fileExists(atPath: root) ? try self.runs(in: root) : []
        let named = runs.filter { $0.name == run }
        if named.count == 1 { return named[0].path }
        if named.count > 1 {
            throw InputError(
                run, "there are several runs of this name", remedy: named.map(\.path).joined(separator: ", "))
        }
        let nearest = run.nearest(in: runs.map(run.contains("/") ? \.path : \.name))
        throw InputError(run, "there is no such run", remedy: nearest.map { "did you mean \($0)?" })
    }

    /// Something in a run's folder that can be done without.
    public struct Remains: Sendable {
        public let path: String
        public let reason: String
        public let byteCount: Int

        /// Removes it. Throws `InputError` if a program is at work on the run.
        public func remove() throws {
            let run = reason == Reason.noResult ? path : FilePath.parent(path)
            let folder = try RunFolder(existing: run)
            try withExtendedLifetime(folder) {
                do {
                    try FileManager.default.removeItem(atPath: path)
                } catch {
                    throw InputError(path, "cannot be removed, because permission is missing")
                }
            }
        }
    }

    private enum Reason {
        static let complete = "checkpoints of a completed run"
        static let noResult = "a run without any result"
    }

    /// The checkpoints of completed runs, and runs that have neither checkpoints nor results.
    ///
    /// Throws `InputError` if there is no such folder.
    public static func remains(in root: String) throws -> [Remains] {
        try runs(in: root).compactMap { run in
            let checkpoints = Folder.join(run.path, "resume")
            let hasCheckpoints = FileManager.default.fileExists(atPath: checkpoints)
            if run.isComplete && hasCheckpoints {
                return Remains(path: checkpoints, reason: Reason.complete, byteCount: byteCount(checkpoints))
            }
            if run.results.rows.isEmpty && !hasCheckpoints {
                return Remains(path: run.path, reason: Reason.noResult, byteCount: byteCount(run.path))
            }
            return nil
        }
    }

    /// The paths of what is in a folder, hidden files aside.
    private static func contents(_ folder: String) -> [String]? {
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder).filter { !$0.hasPrefix(".") }
        return names?.sorted().map { Folder.join(folder, $0) }
    }

    private static func byteCount(_ folder: String) -> Int {
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: folder)) ?? []
        return names.reduce(0) { sum, name in
            let path = Folder.join(folder, name)
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            return sum + ((attributes?[.size] as? NSNumber)?.intValue ?? 0)
        }
    }
}
