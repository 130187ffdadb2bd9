import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// A data set that lies in a folder of the studio: what of it is known without looking at its images.
struct DataFolder: Sendable {
    enum Kind: String, Encodable, Sendable {
        /// `data.yaml` with folders of images and of label files: browsed and labelled here.
        case yolo
        /// A folder of images for each class: browsed here.
        case classes
        /// COCO, Pascal VOC, LabelMe, CVAT or Label Studio: becomes YOLO before it is labelled here.
        case foreign
        /// Images and nothing that says what is in them: a data set can be made of them.
        case images

        /// Whether its images are browsed here.
        var isShown: Bool { self == .yolo || self == .classes }
    }

    /// By which the addresses of its pages call it: its path below the studio's folder, with ~ for the slashes.
    let name: String
    let root: String
    let kind: Kind
    /// The `data.yaml`, of the kind that has one.
    let description: String?

    /// Where the studio keeps the journal, thumbnails and unfinished uploads of it.
    var state: String { Folder.join(root, ".switchback") }

    private var sourceFile: String { Folder.join(state, "source") }

    /// The folder of images that it was made of, if it was.
    var source: String? { try? TextFile.read(sourceFile) }

    func keep(source: String) throws {
        try OutputFolder.make(state)
        try AtomicFile.write(source, to: sourceFile)
    }

    /// The data set in a folder; `nil` if there is none.
    init?(_ root: String, name: String) {
        let names = (try? Folder.names(in: root)) ?? []
        // Runs have folders of images, and a file of options that is YAML too.
        if names.contains("args.yaml") { return nil }
        let files = names.filter { $0.hasSuffix(".yaml") || $0.hasSuffix(".yml") }.map { Folder.join(root, $0) }
        self.name = name
        self.root = root
        if files.count == 1, (try? DataDescription.load(files[0])) != nil {
            (kind, description) = (.yolo, files[0])
        } else if files.isEmpty, DataFolder.mayHoldAnnotations(root, names) || DataFolder.mayHoldShapes(root, names),
            (try? DetectionData.recognises(root)) == true
        {
            (kind, description) = (.foreign, nil)
        } else if DataFolder.holdsClasses(root, names) {
            (kind, description) = (.classes, nil)
        } else if names.contains(where: { Image.fileExtensions.contains(($0 as NSString).pathExtension.lowercased()) })
        {
            (kind, description) = (.images, nil)
        } else {
            return nil
        }
    }

    /// A path beside it that is free: its own with an ending, and with a number after that where it is taken.
    func freePath(_ ending: String) -> String {
        var path = root + ending
        var number = 2
        while Folder.exists(path) {
            path = "\(root)\(ending)-\(number)"
            number += 1
        }
        return path
    }

    /// Programs write very many JSON files that are no annotations: more are not looked into.
    private static let mostLists = 20

    /// Whether there are JSON files of the names of images, in it or the folders of its parts, or the tasks of a project.
    private static func mayHoldShapes(_ root: String, _ names: [String]) -> Bool {
        let files = names.filter { $0.hasSuffix(".json") }
        if files.isEmpty {
            let parts = names.filter { DataSplit(folderName: $0) != nil }.map { Folder.join(root, $0) }
            return parts.contains { part in
                let inner = (try? Folder.names(in: part)) ?? []
                return inner.contains { $0.hasSuffix(".json") } && mayHoldShapes(part, inner)
            }
        }
        let images = Set(
            names.filter { Image.fileExtensions.contains(($0 as NSString).pathExtension.lowercased()) }.map(Folder.stem)
        )
        return files.contains { images.contains(Folder.stem($0)) }
            || files.prefix(mostLists).contains { LabelStudioFile.isLikely(Folder.join(root, $0)) }
    }

    /// Whether there are annotations right in it or in its folders, so that not all below it is looked through.
    private static func mayHoldAnnotations(_ root: String, _ names: [String]) -> Bool {
        names.contains { name in
            name.lowercased() == "annotations" || name.hasSuffix(".xml")
                || DataSplit(folderName: name) != nil
                    && Folder.exists(Folder.join(root, "\(name)/_annotations.coco.json"))
        }
    }

    /// Whether it has `train/CLASS/…` for two classes and more, or a mark that says that it will.
    private static func holdsClasses(_ root: String, _ names: [String]) -> Bool {
        guard let training = names.first(where: { DataSplit(folderName: $0) == .train }) else { return false }
        let folder = Folder.join(root, training)
        let inner = ((try? Folder.names(in: folder)) ?? []).map { Folder.join(folder, $0) }
        return inner.count > 1 && inner.allSatisfy(Folder.isFolder)
    }
}

/// The data sets below the studio's folder.
struct DataCatalog: Sendable {
    let folder: String

    init(folder: String) { self.folder = URL(fileURLWithPath: folder).standardizedFileURL.path }

    /// How deep data sets are looked for, and in how many folders at most: the studio may be started anywhere.
    private static let depth = 3
    private static let mostFolders = 2000

    /// The folder itself, where it is a data set; one of mere images has a name that no folder below it has.
    private var own: DataFolder? {
        let own = DataFolder(folder, name: (folder as NSString).lastPathComponent)
        return own?.kind == .images ? DataFolder(folder, name: "~") : own
    }

    /// In the order of their names. A data set is looked for in no other one, but beside mere images.
    func sets() -> [DataFolder] {
        let own = own
        if let own, own.kind != .images { return [own] }
        var found = own.map { [$0] } ?? []
        var places = [(path: folder, name: "")]
        var count = 0
        for _ in 0..<Self.depth {
            var inner: [(path: String, name: String)] = []
            for place in places {
                for name in (try? Folder.names(in: place.path)) ?? [] {
                    let path = Folder.join(place.path, name)
                    guard Folder.isFolder(path), count < Self.mostFolders else { continue }
                    count += 1
                    let full = place.name.isEmpty ? name : "\(place.name)~\(name)"
                    let set = DataFolder(path, name: full)
                    if let set { found.append(set) }
                    if set == nil || set?.kind == .images { inner.append((path, full)) }
                }
            }
            places = inner
        }
        return found.sorted { $0.name < $1.name }
    }

    /// A data set by its name. It is looked up among those that are there: no path is made of what a client sends.
    ///
    /// - Throws: `APIError` where there is none.
    func set(_ name: String) throws -> DataFolder {
        let sets = sets()
        if let set = sets.first(where: { $0.name == name }) { return set }
        throw APIError.notFound(
            "there is no such data set" + (name.nearest(in: sets.map(\.name)).map { "; did you mean \($0)?" } ?? ""))
    }

    /// Makes an empty data set.
    ///
    /// - Throws: `InputError` where the name cannot be one, is taken, or the folder cannot be written.
    func create(_ request: NewDataSet) throws -> DataFolder {
        if let own, own.kind != .images {
            throw InputError(folder, "is a data set itself", remedy: "start the studio on the folder above")
        }
        let root = Folder.join(folder, request.name)
        if Folder.exists(root) { throw InputError(root, "exists already", remedy: "give it another name") }
        try OutputFolder.make(folder)
        let temporary = Folder.join(folder, ".\(request.name).\(getpid()).part")
        try AtomicFolder.make(root, at: temporary) { try request.write(to: temporary) }
        guard let set = DataFolder(root, name: request.name) else { throw InputError(root, "cannot be read") }
        return set
    }
}

extension ImageSurvey {
    /// The images right in a folder, without those in its folders.
    static func files(in folder: String) throws -> [String] {
        try Folder.names(in: folder)
            .filter { (Image.fileExtensions + foreignExtensions).contains(($0 as NSString).pathExtension.lowercased()) }
            .map { Folder.join(folder, $0) }
    }
}
