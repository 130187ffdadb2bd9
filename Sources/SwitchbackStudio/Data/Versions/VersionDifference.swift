import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision

/// How a data set has changed since a version of it.
struct VersionDifference: Sendable {
    /// Images that were not there.
    var added: [IndexedImage] = []
    /// Images that are no longer there.
    var removed: [DataVersion.Entry] = []
    /// Images that were there under another path: in another split or class.
    var moved: [(from: DataVersion.Entry, to: IndexedImage)] = []
    /// Images of the same path with other pixels.
    var replaced: [(from: DataVersion.Entry, to: IndexedImage)] = []
    /// Images whose labels differ.
    var relabeled: [(from: DataVersion.Entry, to: IndexedImage)] = []
    /// Versions' images that another program has changed, because it wrote into the file that both have.
    var damaged: [DataVersion.Entry] = []

    /// - Parameter version: the folder of the version.
    init(_ set: DataFolder, _ content: DataIndex.Content, since version: String) throws {
        let entries = try DataVersion.entries(at: version)
        let now = Dictionary(content.images.map { (set.relativePath($0.path), $0) }) { first, _ in first }
        let known = Set(entries.map(\.path))
        added = content.images.filter { !known.contains(set.relativePath($0.path)) }
        for entry in entries {
            let kept = Folder.join(version, entry.kept)
            let (stamp, image) = (FileStamp(kept), now[entry.path])
            // A copy has another time; a link has that of the image.
            if stamp.size != entry.size || stamp != entry.stamp && stamp == image?.imageStamp { damaged.append(entry) }
            guard let image else {
                removed.append(entry)
                continue
            }
            if image.imageStamp != entry.stamp, !FileManager.default.contentsEqual(atPath: kept, andPath: image.path) {
                replaced.append((entry, image))
            }
            if set.kind == .yolo, Self.text(kept) != Self.text(image.path) { relabeled.append((entry, image)) }
        }
        findMoved()
    }

    private static func text(_ image: String) -> String? { try? TextFile.read(YOLOData.labelPath(ofImage: image)) }

    /// What is gone and what is new under the same name, of the same size and time, was moved.
    private mutating func findMoved() {
        func key(_ path: String, _ stamp: FileStamp) -> String {
            "\((path as NSString).lastPathComponent) \(stamp.size) \(stamp.changed)"
        }
        var gone = Dictionary(removed.map { (key($0.path, $0.stamp), $0) }) { first, _ in first }
        for image in added {
            if let entry = gone.removeValue(forKey: key(image.path, image.imageStamp)) { moved.append((entry, image)) }
        }
        let (from, to) = (Set(moved.map(\.from.path)), Set(moved.map(\.to.id)))
        removed.removeAll { from.contains($0.path) }
        added.removeAll { to.contains($0.id) }
    }
}

/// The same for a page: how many of what, and the first of them.
struct VersionDifferenceAnswer: Encodable, Sendable {
    let added, moved, replaced, relabeled: [ImageAnswer]
    /// The paths of images that are gone.
    let removed: [String]
    let counts: [String: Int]
    let newClasses, oldClasses: [String]
    let damaged: [String]

    private static let most = 60

    init(_ difference: VersionDifference, _ version: DataVersion, _ content: DataIndex.Content) {
        func first(_ images: [IndexedImage]) -> [ImageAnswer] {
            images.prefix(Self.most).map { ImageAnswer($0, boxesWith: content.keypoints) }
        }
        added = first(difference.added)
        moved = first(difference.moved.map(\.to))
        replaced = first(difference.replaced.map(\.to))
        relabeled = first(difference.relabeled.map(\.to))
        removed = difference.removed.prefix(Self.most).map(\.path)
        damaged = difference.damaged.prefix(Self.most).map(\.path)
        counts = [
            "added": difference.added.count, "removed": difference.removed.count, "moved": difference.moved.count,
            "replaced": difference.replaced.count, "relabeled": difference.relabeled.count,
        ]
        newClasses = content.classNames.filter { !version.classes.contains($0) }
        oldClasses = version.classes.filter { !content.classNames.contains($0) }
    }
}
