import Foundation
import Switchback

/// Writing to files that are open.
package enum FileWriting {
    /// Writes all of the bytes, in as many pieces as the system takes them in.
    ///
    /// - Parameter name: what an error calls the file.
    /// - Throws: `InputError` where they cannot be written; a part of them may be in the file by then.
    package static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, named name: String) throws {
        var rest = bytes
        while !rest.isEmpty {
            let written = Foundation.write(descriptor, rest.baseAddress, rest.count)
            if written >= 0 {
                rest = UnsafeRawBufferPointer(rebasing: rest[written...])
            } else if errno != EINTR {
                throw InputError(name, cannot: "written", errno)
            }
        }
    }
}
