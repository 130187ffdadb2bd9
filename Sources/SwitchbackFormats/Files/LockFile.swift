import Foundation
import Switchback

/// The right to something that a file or a folder stands for, for as long as this exists. It ends with the program, however
/// that ends.
package final class LockFile: Sendable {
    /// Of the file, which may be written to where it was taken by its path.
    package let descriptor: Int32

    private init(_ descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Takes the right; `nil` where another has it. File systems without locks do without.
    ///
    /// - Parameters:
    ///   - path: of the file, which is made where there is none.
    ///   - folder: what a problem is said of.
    /// - Throws: `InputError` where the file cannot be written.
    package static func take(_ path: String, for folder: String) throws -> LockFile? {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw InputError(folder, cannot: "written to", errno) }
        return take(descriptor)
    }

    /// Takes the right to what is open, a file or a folder, and closes it when that ends; `nil` where another has it.
    package static func take(_ descriptor: Int32) -> LockFile? {
        let lock = LockFile(descriptor)
        return flock(descriptor, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK ? nil : lock
    }
}
