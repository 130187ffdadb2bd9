import Foundation
import Switchback
import SwitchbackFormats

/// The folder `.studio` among the runs, where the studio keeps what it has started; and the right to be the only studio
/// there, which ends with the program, however that ends.
final class StudioFolder: Sendable {
    /// The folder that runs are saved in.
    let runs: String
    let path: String
    private let descriptor: Int32

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
        let lock = Folder.join(path, "lock")
        descriptor = open(lock, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw InputError(runs, cannot: "written to", errno) }
        if flock(descriptor, LOCK_EX | LOCK_NB) != 0, errno == EWOULDBLOCK {
            let address = (try? String(contentsOfFile: lock, encoding: .utf8)) ?? ""
            close(descriptor)
            throw InputError(
                runs, "another studio is at work in this folder",
                remedy: address.isEmpty ? "stop it first" : "open \(address), or stop it first")
        }
        ftruncate(descriptor, 0)
    }

    deinit { close(descriptor) }

    /// Tells another studio that is started for this folder where this one is.
    func announce(_ address: String) {
        let bytes = Array(address.utf8.prefix(200))
        pwrite(descriptor, bytes, bytes.count, 0)
    }
}
