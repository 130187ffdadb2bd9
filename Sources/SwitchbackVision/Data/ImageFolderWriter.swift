import Foundation
import Switchback
import SwitchbackFormats

/// Puts images and files about them into a folder that does not exist yet.
struct ImageFolderWriter {
    let root: String
    /// Whether images are copied, or hard links to them are made, which take no space.
    let copies: Bool
    /// The names that are taken, by folder, with the number that the next image of the same name gets.
    private var taken: [String: [String: Int]] = [:]

    private init(root: String, copies: Bool) { (self.root, self.copies) = (root, copies) }

    /// Makes a folder, which appears whole or not at all.
    ///
    /// - Parameter fill: puts into it what belongs there.
    /// - Throws: `InputError` where the folder exists already, or cannot be written.
    static func make(_ folder: String, copies: Bool, fill: (ImageFolderWriter) throws -> Void) throws {
        if Folder.exists(folder) { throw InputError(folder, "exists already", remedy: "give the name of a new folder") }
        let temporary = folder + ".part-\(ProcessInfo.processInfo.processIdentifier)"
        do {
            try AtomicFolder.make(folder, at: temporary) {
                try fill(ImageFolderWriter(root: temporary, copies: copies))
            }
        } catch {
            throw error as? InputError ?? InputError(folder, cannot: "written", error)
        }
    }

    func make(_ name: String) throws -> String {
        let path = Folder.join(root, name)
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        return path
    }

    func write(_ text: String, _ name: String) throws {
        let path = Folder.join(root, name)
        _ = try make(Folder.parent(name))
        try AtomicFile.write(text, to: path)
    }

    /// Puts an image into a folder; returns its name there, which is another where two have the same.
    mutating func place(_ imagePath: String, in folder: String) throws -> String {
        let path = try make(folder)
        let ending = (imagePath as NSString).pathExtension
        let unique = unusedName(Folder.stem(imagePath), in: folder)
        let target = Folder.join(path, "\(unique).\(ending)")
        if copies || link(imagePath, target) != 0 {
            try FileManager.default.copyItem(atPath: imagePath, toPath: target)
        }
        return "\(unique).\(ending)"
    }

    /// The name, or one with a number, in constant time however many images have the same.
    private mutating func unusedName(_ stem: String, in folder: String) -> String {
        var unique = stem
        while taken[folder]?[unique] != nil {
            let number = taken[folder]?[stem] ?? 2
            taken[folder]?[stem] = number + 1
            unique = "\(stem)_\(number)"
        }
        taken[folder, default: [:]][unique] = 2
        return unique
    }
}
