import Foundation
import Switchback

/// Makes folders that are there as a whole or not at all.
package enum AtomicFolder {
    /// - Parameters:
    ///   - folder: where it is to be; what it lies in has to be there when `fill` is done.
    ///   - temporary: where it is made, on the same file system.
    ///   - fill: makes it there.
    /// - Throws: what `fill` throws, about the folder as it would have been; `InputError` where it cannot get its name.
    package static func make(_ folder: String, at temporary: String, _ fill: () throws -> Void) throws {
        UnfinishedFiles.begin(temporary)
        defer { UnfinishedFiles.end(temporary) }
        do {
            try fill()
            guard rename(temporary, folder) == 0 else { throw InputError(folder, cannot: "made", errno) }
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw (error as? InputError)?.about(folder, insteadOf: temporary) ?? error
        }
    }
}
