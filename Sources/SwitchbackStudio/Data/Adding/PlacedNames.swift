import Foundation
import Switchback
import SwitchbackFormats

/// Finds free names for images, and those that are there already: in a time that does not depend on how many have the same
/// name. What it learns of one file that is added it remembers for the next.
struct PlacedNames {
    private struct Files {
        /// How many of the names are taken: `a`, `a-2` and so on.
        var taken = 0
        /// The files by the checksum of what is in them.
        var byContent: [UInt32: [String]] = [:]
    }

    /// By folder, name and ending.
    private var known: [String: Files] = [:]

    /// The first free name for an image; `nil` where the same is there already, byte for byte.
    ///
    /// - Parameter isTaken: whether an image of a name is there, whatever its ending.
    mutating func freeName(
        for path: String, _ stem: String, _ ending: String, in folder: String, isTaken: (String) -> Bool
    ) -> String? {
        func name(_ number: Int) -> String { number == 0 ? stem : "\(stem)-\(number + 1)" }
        guard isTaken(stem) else { return stem }
        let key = Folder.join(folder, "\(stem).\(ending)")
        var files = known[key] ?? Files()
        known[key] = nil
        defer { known[key] = files }
        while isTaken(name(files.taken)) {
            let file = Folder.join(folder, "\(name(files.taken)).\(ending)")
            if let content = Self.checksum(file) { files.byContent[content, default: []].append(file) }
            files.taken += 1
        }
        let alike = Self.checksum(path).flatMap { files.byContent[$0] } ?? []
        let isThere = alike.contains { FileManager.default.contentsEqual(atPath: path, andPath: $0) }
        return isThere ? nil : name(files.taken)
    }

    private static func checksum(_ path: String) -> UInt32? {
        FileManager.default.contents(atPath: path)?.withUnsafeBytes { Checksum.crc32($0) }
    }
}
