import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// What a page wants of some images: another split, another class, or that they go.
struct ImageArrangement: Sendable {
    enum Wish: Sendable {
        case split(DataSplit)
        /// In a data set of class folders.
        case className(String)
        /// Into the trash, where they stay for a month.
        case delete
    }

    let images: [String]
    let wish: Wish

    private static let mostImages = 20_000

    init(_ fields: ConfigurationFields) throws {
        try fields.checkNames(known: ["images", "split", "class", "delete"])
        images = try (fields.array("images") ?? []).map { value in
            guard case .string(let id) = value else { throw fields.problem("images", "ids of images are needed") }
            return id
        }
        guard (1...Self.mostImages).contains(images.count) else {
            throw fields.problem("images", "from 1 to \(Self.mostImages) ids of images are needed")
        }
        let isDeletion = try fields.bool("delete", default: false)
        switch (fields["split"] != nil, fields["class"] != nil, isDeletion) {
        case (true, false, false): wish = .split(try fields.choice("split", default: DataSplit.train))
        case (false, true, false): wish = .className(try fields.string("class"))
        case (false, false, true): wish = .delete
        default:
            throw InputError("request", at: "field split", "one of split, class and delete is needed, and no other")
        }
    }
}

/// What came of it.
struct ArrangementReport: Encodable, Sendable {
    /// How many images have another place.
    let count: Int
    /// By which it is taken back; `nil` where nothing was done.
    let id: String?
}

extension OpenDataSet {
    /// Moves or deletes images with their labels: all or none.
    ///
    /// - Throws: `InputError` where a place is taken, or the data set has no such split or class; `APIError` where there
    ///   is no such image.
    func arrange(_ arrangement: ImageArrangement) throws -> ArrangementReport {
        try changing {
            let images = try arrangement.images.map { try index.image($0) }
            let places = try DataPlaces(folder)
            let trash = Folder.join(FileMoves.trash(in: folder.state), UUID().uuidString)
            var taken: Set<String> = []
            let moves = try images.flatMap { image -> [FileMoves.Move] in
                let target =
                    switch arrangement.wish {
                    case .delete: folder.trashPlace(of: image, in: trash)
                    case .split(image.split): image.path
                    case .split(let split): try places.path(of: image, in: split)
                    case .className(let name): try places.path(of: image, inClass: name)
                    }
                return target == image.path ? [] : self.moves(of: image, to: free(target, &taken))
            }
            if moves.isEmpty { return ArrangementReport(count: 0, id: nil) }
            var files = FileMoves(moves)
            try exclusively { try files.perform(in: folder.state) }
            _ = try index.now(isFresh: true)
            return ArrangementReport(count: moves.count { !$0.from.hasSuffix(".txt") }, id: files.id)
        }
    }

    /// Puts back what `arrange` moved or deleted.
    func takeBack(_ id: String) throws -> ArrangementReport {
        try changing {
            let back = try exclusively { try FileMoves.takeBack(id, in: folder.state) }
            _ = try index.now(isFresh: true)
            return ArrangementReport(count: back.moves.count { !$0.from.hasSuffix(".txt") }, id: nil)
        }
    }

    /// The moves of an image and of its file of labels, where it has one.
    func moves(of image: IndexedImage, to target: String) -> [FileMoves.Move] {
        let labels = YOLOData.labelPath(ofImage: image.path)
        let own = FileMoves.Move(from: image.path, to: target)
        guard folder.kind == .yolo, Folder.exists(labels) else { return [own] }
        return [own, FileMoves.Move(from: labels, to: YOLOData.labelPath(ofImage: target))]
    }

    /// The path itself, or one with a number, where neither an image nor labels are.
    private func free(_ path: String, _ taken: inout Set<String>) -> String {
        let (parent, stem, ending) = (Folder.parent(path), Folder.stem(path), (path as NSString).pathExtension)
        var (candidate, number) = (path, 2)
        while Folder.exists(candidate) || Folder.exists(YOLOData.labelPath(ofImage: candidate))
            || !taken.insert(candidate).inserted
        {
            candidate = Folder.join(parent, "\(stem)-\(number).\(ending)")
            number += 1
        }
        return candidate
    }
}

/// Where the images of a data set belong, by split and class.
private struct DataPlaces {
    private let set: DataFolder
    private var folders: [DataSplit: [String]] = [:]

    init(_ set: DataFolder) throws {
        self.set = set
        if let description = set.description {
            folders = try DataDescription.load(description).places.mapValues { $0.filter(Folder.isFolder) }
        } else {
            for name in try Folder.names(in: set.root) {
                if let split = DataSplit(folderName: name) { folders[split] = [Folder.join(set.root, name)] }
            }
        }
    }

    /// The place of an image in another split: the same path below its folder.
    func path(of image: IndexedImage, in split: DataSplit) throws -> String {
        guard let target = folders[split]?.first else {
            throw InputError(set.root, "it has no folder of images for \(split.rawValue)")
        }
        let own = folders[image.split]?.first { image.path.hasPrefix($0 + "/") }
        return Folder.join(target, own.map { String(image.path.dropFirst($0.count + 1)) } ?? image.name)
    }

    func path(of image: IndexedImage, inClass name: String) throws -> String {
        guard set.kind == .classes else {
            throw InputError(set.root, "its objects have classes, not its images", remedy: "change them in the editor")
        }
        guard let own = folders[image.split]?.first, Folder.isFolder(Folder.join(own, name)),
            NewDataSet.problem(withName: name) == nil
        else { throw InputError("request", at: "field class", "there is no class \(name) in \(image.split.rawValue)") }
        return Folder.join(own, "\(name)/\(image.name)")
    }
}
