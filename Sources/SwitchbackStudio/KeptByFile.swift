import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import Synchronization

/// To look for files that are gone takes long where they are many.
private let mostSearched = 64

/// What was found out about files, which takes a while: found out again where a file is another than it was, and forgotten
/// where it is gone.
package final class KeptByFile<Value: Sendable>: Sendable {
    private struct Entry {
        let stamps: [FileStamp]
        /// Whether the stamps tell the files from any later ones: clocks of file systems tick coarsely.
        let isSure: Bool
        let value: Value
    }

    private let known = Mutex<[String: Entry]>([:])

    package init() {}

    /// - Parameters:
    ///   - others: files that the value depends on as well.
    ///   - find: finds out, and is told which file it was just before; `nil` is not kept.
    package func value(
        of path: String, and others: [String] = [], _ find: (FileStamp) throws -> Value?
    ) rethrows -> Value? {
        let (stamps, now) = (([path] + others).map { FileStamp($0) }, Date())
        if let entry = known.withLock({ $0[path] }), entry.stamps == stamps, entry.isSure { return entry.value }
        let value = try find(stamps[0])
        known.withLock { known in
            if known.count < mostSearched || known.count.isMultiple(of: mostSearched) {
                known = known.filter { Folder.exists($0.key) }
            }
            known[path] = value.map { value in
                Entry(stamps: stamps, isSure: !stamps.contains { $0.isFresh(at: now) }, value: value)
            }
        }
        return value
    }

    /// How many files something is kept of.
    package var count: Int { known.withLock { $0.count } }
}

/// The keypoints that objects have, as a data.yaml says.
struct SaidKeypoints: Sendable {
    /// `nil` where objects have none.
    var layout: KeypointLayout?
    /// The file that says so. Where it was changed just then, this may be the one before: never a later one.
    var file = FileStamp()
}

extension KeptByFile<SaidKeypoints> {
    /// - Throws: `InputError` where the data.yaml cannot be read.
    func keypoints(in description: String) throws -> SaidKeypoints? {
        try value(of: description) { SaidKeypoints(layout: try DataDescription.load(description).keypoints, file: $0) }
    }
}
