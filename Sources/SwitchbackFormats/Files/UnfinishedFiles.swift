import Foundation

/// What is being written, so that nothing of it is left behind where the program is told to end in the midst of it.
package enum UnfinishedFiles {
    private static let lock = NSLock()
    // Guarded by the lock.
    nonisolated(unsafe) private static var paths: Set<String> = []
    nonisolated(unsafe) private static var folders: [String] = []

    /// A file or folder is begun, which is of no use before it is complete.
    package static func begin(_ path: String) { lock.withLock { _ = paths.insert(path) } }

    /// A file or folder is complete, or was removed.
    package static func end(_ path: String) { lock.withLock { _ = paths.remove(path) } }

    /// A folder was made for results: it should not stay if there are none.
    package static func willFill(_ folder: String) { lock.withLock { folders.append(folder) } }

    /// Removes all that is not complete. The program ends after this: whoever begins a file from now on waits for ever.
    package static func removeAll() {
        lock.lock()
        for path in paths { try? FileManager.default.removeItem(atPath: path) }
        for folder in folders.reversed() { rmdir(folder) }
    }
}
