import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import Synchronization

/// What was found out about files, which takes a while: found out again where a file is another than it was, and forgotten
/// where it is gone.
package final class KeptByFile<Value: Sendable>: Sendable {
    private struct Entry {
        let stamp: FileStamp
        /// Whether the stamp tells the file from any later one: clocks of file systems tick coarsely.
        let isSure: Bool
        let value: Value
    }

    private let known = Mutex<[String: Entry]>([:])

    package init() {}

    /// - Parameter find: finds out; `nil` is not kept.
    package func value(of path: String, _ find: () throws -> Value?) rethrows -> Value? {
        let (stamp, now) = (FileStamp(path), Date())
        if let entry = known.withLock({ $0[path] }), entry.stamp == stamp, entry.isSure { return entry.value }
        let value = try find()
        known.withLock { known in
            known = known.filter { Folder.exists($0.key) }
            known[path] = value.map { Entry(stamp: stamp, isSure: !stamp.isFresh(at: now), value: $0) }
        }
        return value
    }

    /// How many files something is kept of.
    package var count: Int { known.withLock { $0.count } }
}

extension KeptByFile<KeypointLayout?> {
    /// The keypoints that objects have as a data.yaml says; `nil` where they have none.
    ///
    /// - Throws: `InputError` where it cannot be read.
    func keypoints(in description: String) throws -> KeypointLayout? {
        try value(of: description) { .some(try DataDescription.load(description).keypoints) } ?? nil
    }
}
