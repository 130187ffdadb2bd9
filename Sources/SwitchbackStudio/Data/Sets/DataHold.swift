import Foundation
import Switchback
import SwitchbackFormats

/// The right to change a data set, which one studio has at a time: from when it first needs it until it ends, however that
/// is. Used from several threads.
package final class DataHold: @unchecked Sendable {
    let folder: String
    private let complete: @Sendable () -> Void
    private let mutex = NSLock()
    // Guarded by the mutex.
    private var lock: LockFile?

    /// - Parameters:
    ///   - folder: where the studio keeps what it knows of the data set.
    ///   - complete: is done once, when the right is taken, before anything else is.
    package init(_ folder: String, complete: @escaping @Sendable () -> Void = {}) {
        (self.folder, self.complete) = (folder, complete)
    }

    /// Takes the right where it is not had yet.
    ///
    /// - Throws: `InputError` where another studio has it, or the folder cannot be written.
    package func take() throws {
        try mutex.withLock {
            if lock != nil { return }
            try OutputFolder.make(folder)
            guard let taken = try LockFile.take(Folder.join(folder, "lock"), for: folder) else {
                throw InputError(
                    Folder.parent(folder), "another studio has this data set open",
                    remedy: "close that one to change it here")
            }
            complete()
            lock = taken
        }
    }
}
