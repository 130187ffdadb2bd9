import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// A state of a data set that was given a name: a folder `.switchback/versions/NAME`, which is a data set itself, so that one
/// can train on it as it is.
///
/// Images are hard links to those of the data set where the file system has such, and take no space; labels are copies.
struct DataVersion: Codable, Sendable {
    /// An image of it.
    struct Entry: Codable, Sendable {
        /// Where the image was: below the data set's folder, or anywhere else.
        let path: String
        /// Where it is kept, below the version's folder.
        let kept: String
        let split: DataSplit
        let size, changed: Int64

        var stamp: FileStamp {
            var stamp = FileStamp()
            (stamp.size, stamp.changed) = (size, changed)
            return stamp
        }
    }

    let name: String
    /// In seconds since 1970.
    let created: Double
    let images, labeled, objects: Int
    let classes: [String]

    // MARK: Files

    static let summaryName = "version.json"
    static let entriesName = "images.json"
    /// The data set's own description, as it was.
    static let descriptionName = "original.yaml"

    static func folder(in state: String) -> String { Folder.join(state, "versions") }

    /// What to train on: a data.yaml, or the folder where images are sorted into classes.
    static func trainingPath(of path: String) -> String {
        let description = Folder.join(path, "data.yaml")
        return Folder.exists(description) ? description : path
    }

    /// - Throws: `InputError` where the version's files are damaged.
    init(at path: String) throws { self = try Self.read(DataVersion.self, Self.summaryName, in: path) }

    static func entries(at path: String) throws -> [Entry] { try read([Entry].self, entriesName, in: path) }

    private static func read<Value: Decodable>(_ type: Value.Type, _ name: String, in path: String) throws -> Value {
        let file = Folder.join(path, name)
        guard let data = FileManager.default.contents(atPath: file), let value = try? JSON.decode(type, data) else {
            throw InputError(file, "cannot be read, so the version cannot be used", remedy: "remove the version")
        }
        return value
    }
}

/// Puts a file where none is: a hard link, or a copy where that cannot be.
func linkOrCopy(_ path: String, to target: String) throws {
    try OutputFolder.make(Folder.parent(target))
    if link(path, target) == 0 { return }
    do {
        try FileManager.default.copyItem(atPath: path, toPath: target)
    } catch {
        throw InputError(target, cannot: "written", error)
    }
}

// MARK: - Making

extension DataVersion {
    /// Keeps the images as a version, which appears whole or not at all.
    ///
    /// - Throws: `InputError` where the name cannot be one or is taken, there are no images, or the disk is full.
    init(named name: String, of set: DataFolder, _ content: DataIndex.Content) throws {
        if let problem = NewDataSet.problem(withName: name) { throw InputError("request", at: "field name", problem) }
        let target = Folder.join(Self.folder(in: set.state), name)
        if Folder.exists(target) {
            throw InputError(
                "request", at: "field name", "there is a version \(name) already", remedy: "give another name")
        }
        guard !content.images.isEmpty else { throw InputError(set.root, "has no image to keep") }
        self.name = name
        created = Date().timeIntervalSince1970
        (images, classes) = (content.images.count, content.classNames)
        labeled = content.images.count(where: \.isLabeled)
        objects = content.images.reduce(0) { $0 + $1.marks.count }
        let temporary = Folder.join(set.state, "versions.\(UUID().uuidString).part")
        try AtomicFolder.make(target, at: temporary) {
            try write(set, content, to: temporary)
            try OutputFolder.make(Self.folder(in: set.state))
        }
    }

    private func write(_ set: DataFolder, _ content: DataIndex.Content, to folder: String) throws {
        var places = KeptPlaces(set)
        var entries: [Entry] = []
        for image in content.images {
            let kept = try places.place(of: image)
            try linkOrCopy(image.path, to: Folder.join(folder, kept))
            let labels = YOLOData.labelPath(ofImage: image.path)
            if set.kind == .yolo, Folder.exists(labels) {
                try copy(labels, to: YOLOData.labelPath(ofImage: Folder.join(folder, kept)))
            }
            entries.append(
                Entry(
                    path: set.relativePath(image.path), kept: kept, split: image.split, size: image.imageStamp.size,
                    changed: image.imageStamp.changed))
        }
        try AtomicFile.write(JSON.text(entries), to: Folder.join(folder, Self.entriesName))
        if let description = set.description {
            try copy(description, to: Folder.join(folder, Self.descriptionName))
            try describe(description, Set(content.images.map(\.split)), to: Folder.join(folder, "data.yaml"))
        }
        try AtomicFile.write(JSON.text(self), to: Folder.join(folder, Self.summaryName))
    }

    private func copy(_ path: String, to target: String) throws {
        try OutputFolder.make(Folder.parent(target))
        try AtomicFile.write(TextFile.read(path), to: target)
    }

    /// Writes a data.yaml of the version: the data set's own, with other places of the images.
    private func describe(_ original: String, _ splits: Set<DataSplit>, to target: String) throws {
        let places = DataSplit.allCases.filter { splits.contains($0) || $0 != .test }
        for split in places { try OutputFolder.make(Folder.join(Folder.parent(target), "images/\(split.rawValue)")) }
        let lines = places.map { "\($0.rawValue): images/\($0.rawValue)\n" }.joined()
        let gone: Set<String> = ["path", "train", "training", "val", "valid", "validation", "test", "testing"]
        let kept = YAMLBlocks.blocks(in: try TextFile.read(original)).filter { !gone.contains($0.key) }
        try AtomicFile.write(lines + kept.map(\.text).joined(), to: target)
        // What was made is read before it counts.
        let (before, after) = (try DataDescription.load(original), try? DataDescription.load(target))
        guard after?.classNames == before.classNames, after?.keypoints == before.keypoints else {
            throw InputError(original, "is written in a way that a version cannot be made of")
        }
    }
}

/// The parts of a YAML file that is a mapping, each a key with all that belongs to it.
enum YAMLBlocks {
    /// What stands before the first key has an empty one.
    static func blocks(in text: String) -> [(key: String, text: String)] {
        var blocks: [(key: String, text: String)] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false).dropLast(text.hasSuffix("\n") ? 1 : 0)
        {
            let isInner = line.first.map { " -#]}\t".contains($0) } ?? true
            let key = line.prefix { $0 != ":" }
            if !isInner, key.count < line.count {
                blocks.append((key.trimmingCharacters(in: CharacterSet(charactersIn: " '\"")), line + "\n"))
            } else if blocks.isEmpty {
                blocks.append(("", line + "\n"))
            } else {
                blocks[blocks.count - 1].text += line + "\n"
            }
        }
        return blocks
    }
}

/// Where a version keeps images: `images/SPLIT/…` beside `labels/SPLIT/…`, or `SPLIT/CLASS/…`.
private struct KeptPlaces {
    private let set: DataFolder
    private let folders: [String]
    private var taken: Swift.Set<String> = []

    init(_ set: DataFolder) {
        self.set = set
        folders = set.description.flatMap { try? DataDescription.load($0).places.values.flatMap { $0 } } ?? []
    }

    mutating func place(of image: IndexedImage) throws -> String {
        guard set.kind == .yolo else { return set.relativePath(image.path) }
        let folder = folders.filter { image.path.hasPrefix($0 + "/") }.max { $0.count < $1.count }
        let inner = folder.map { String(image.path.dropFirst($0.count + 1)) } ?? image.name
        let (ending, stem) = ((inner as NSString).pathExtension, (inner as NSString).deletingPathExtension)
        var (free, number) = (stem, 2)
        while !taken.insert("\(image.split.rawValue)/\(free)").inserted {
            free = "\(stem)-\(number)"
            number += 1
        }
        return "images/\(image.split.rawValue)/\(free).\(ending)"
    }
}

extension DataFolder {
    /// The path below the data set's folder; of what lies elsewhere the whole.
    func relativePath(_ path: String) -> String {
        let start = (root + "/").utf8
        return path.utf8.starts(with: start) ? String(Substring(path.utf8.dropFirst(start.count))) : path
    }
}
