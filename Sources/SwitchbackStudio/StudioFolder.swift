import Foundation
import Switchback
import SwitchbackFormats

/// The folder `.studio` among the runs, where the studio keeps what it has started; and the right to be the only studio
/// there, which ends with the program, however that ends.
final class StudioFolder: Sendable {
    /// The folder that runs are saved in.
    let runs: String
    let path: String
    private let lock: LockFile

    /// - Throws: `InputError` where `runs` is a file, cannot be written to, or belongs to another studio.
    init(in runs: String) throws {
        if FileManager.default.fileExists(atPath: runs), !Folder.isFolder(runs) {
            throw InputError(
                runs, "is a file, and the folder that runs are saved in is needed",
                remedy: "give its folder, or leave it out for runs")
        }
        self.runs = runs
        path = Folder.join(runs, ".studio")
        try OutputFolder.make(path)
        let file = Folder.join(path, "lock")
        guard let lock = try LockFile.take(file, for: runs) else {
            let address = (try? String(contentsOfFile: file, encoding: .utf8)) ?? ""
            throw InputError(
                runs, "another studio is at work in this folder",
                remedy: address.isEmpty ? "stop it first" : "open \(address), or stop it first")
        }
        self.lock = lock
        ftruncate(lock.descriptor, 0)
    }

    /// Tells another studio that is started for this folder where this one is.
    func announce(_ address: String) {
        let bytes = Array(address.utf8.prefix(200))
        pwrite(lock.descriptor, bytes, bytes.count, 0)
    }
}
