import Foundation
import Switchback

/// By what a file is known to be the same as before: its size and the time of its last change.
package struct FileStamp: Hashable, Sendable {
    /// In bytes; -1 if there is no file.
    package var size: Int64 = -1
    /// In nanoseconds since 1970.
    package var changed: Int64 = 0

    package init() {}

    package init(_ path: String) {
        var status = stat()
        guard stat(path, &status) == 0 else { return }
        size = Int64(status.st_size)
        changed = Platform.changeTime(of: status)
    }

    /// Whether a change after `moment` could have left the time as it is: clocks of file systems tick coarsely.
    package func isFresh(at moment: Date) -> Bool {
        Double(changed) > (moment.timeIntervalSince1970 - 2) * 1e9
    }
}
