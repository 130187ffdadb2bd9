import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// The images of a data set, in order, as they are on disk. Used from several threads.
final class DataIndex: @unchecked Sendable {
    let set: DataFolder
    /// Held while folders are looked at, which takes long where there are very many images.
    private let looking = NSLock()
    // Guarded by it.
    /// When the last look began, and when it ended.
    private var looked: (from: ContinuousClock.Instant, to: ContinuousClock.Instant)?
    private var pause = Duration.seconds(2)
    /// How many images were read anew since the index was last kept on disk.
    private var unkept = 0
    private let lock = NSLock()
    // Guarded by the lock.
    private var content: Content?
    /// Images that were added here since, which come to their places when somebody wants to see all: to make room for each
    /// one among 100,000 takes longer than to add it.
    private var added: [UInt64: IndexedImage] = [:]
    /// How many images each split has, those that were added included.
    private var knownCounts: [DataSplit: Int] = [:]

    init(_ set: DataFolder) { self.set = set }

    /// The images now. Folders are looked at again where that was not done for a while: the longer it takes, the longer
    /// that is.
    ///
    /// - Parameter isFresh: whether they are looked at again in any case.
    /// - Throws: `InputError` where the data set cannot be read.
    func now(isFresh: Bool = false) throws -> Content {
        let asked = ContinuousClock.now
        return try looking.withLock {
            let old = merged
            // Whoever waited here while another looked anew has what that one saw.
            if let old, let looked, isFresh ? looked.from > asked : looked.to.duration(to: .now) < pause { return old }
            let (start, moment) = (ContinuousClock.now, Date())
            let new = try read(knowing: old)
            replace(new)
            looked = (start, .now)
            pause = min(max(.seconds(2), start.duration(to: .now) * 20), .seconds(30))
            keep(new, lookedAt: moment)
            return new
        }
    }

    private func replace(_ new: Content?) {
        lock.withLock { (content, added, knownCounts) = (new, [:], new?.counts ?? [:]) }
    }

    /// What is known, with all images in their places.
    private var merged: Content? {
        lock.withLock {
            if !added.isEmpty { content?.insert(Array(added.values)) }
            added = [:]
            return content
        }
    }

    /// Forgets what is known: files were changed otherwise than the images' own.
    func forget() {
        looking.withLock {
            replace(nil)
            looked = nil
        }
    }

    /// Keeps a large index on disk where a fiftieth of it is new. That it cannot be kept only makes the next start slower.
    private func keep(_ content: Content, lookedAt moment: Date) {
        guard content.images.count >= IndexFile.leastImages else { return }
        guard unkept > content.images.count / 50 else { return }
        if (try? IndexFile(in: set.state, content.keypoints).write(content.images, lookedAt: moment)) != nil {
            unkept = 0
        }
    }

    /// The images as they were when they were last looked at: a stroke waits for nobody who looks.
    func known() throws -> Content { try merged ?? now() }

    /// The image of a number that a client sent.
    ///
    /// - Throws: `APIError` where there is none.
    func image(_ text: String) throws -> IndexedImage {
        guard let id = UInt64(text, radix: 16),
            let image = try lock.withLock({ added[id] ?? content?.image(id) }) ?? now(isFresh: true).image(id)
        else {
            throw APIError.notFound("there is no such image; it may have been moved or deleted")
        }
        return image
    }

    // MARK: Changes

    /// How many images each split has.
    func counts() throws -> [DataSplit: Int] {
        if lock.withLock({ content == nil }) { _ = try now() }
        return lock.withLock { knownCounts }
    }

    /// Takes up images that were added here, in a time that does not depend on how many there are: to look at all of a
    /// large data set again would take longer than to add them.
    func insert(_ files: [AddedImage]) {
        looking.withLock {
            guard let keypoints = lock.withLock({ content.map(\.keypoints) }) else { return }
            for file in files {
                let image = IndexedImage(file, id: set.id(of: file.path), keypoints)
                lock.withLock {
                    if content?.positions[image.id] != nil || added[image.id] != nil { return }
                    added[image.id] = image
                    knownCounts[image.split, default: 0] += 1
                    unkept += 1
                }
            }
        }
    }

    /// Reads the labels of an image again, which were changed here.
    func refresh(_ id: UInt64) {
        lock.withLock {
            guard let keypoints = content.map(\.keypoints) else { return }
            added[id]?.readLabels(keypoints)
            guard let position = content?.positions[id] else { return }
            content?.images[Int(position)].readLabels(keypoints)
        }
    }

    // MARK: Reading

    private func read(knowing old: Content?) throws -> Content {
        var content = Content()
        var files: [AddedImage] = []
        if let description = set.description {
            content.description = FileStamp(description)
            let found = try DataDescription.load(description)
            content.classNames = found.classNames
            content.keypoints = found.keypoints
            for split in DataSplit.allCases {
                for place in found.places[split] ?? [] {
                    files += try YOLOData.images(in: place).map { AddedImage(path: $0, split: split) }
                }
            }
        } else {
            try Self.readClasses(set.root, &content, &files)
        }
        let keypoints = content.keypoints
        let kept = old == nil ? IndexFile(in: set.state, keypoints).read() : [:]
        func known(_ id: UInt64) -> IndexedImage? {
            guard let old else { return kept[id] }
            var image = old.image(id)
            // Lines of labels say something else where objects have other keypoints.
            if old.keypoints != keypoints { image?.labelStamp = FileStamp() }
            return image
        }
        // A folder can be two splits at once: its images count for the first.
        var seen: Set<UInt64> = []
        let found = files.map { (file: $0, id: set.id(of: $0.path)) }.filter { seen.insert($0.id).inserted }
            .map { (file: $0.file, id: $0.id, known: known($0.id)) }
        content.images = ImageSurvey.map(found) { file, id, known in
            IndexedImage(file, id: id, knowing: known, keypoints)
        }
        unkept += zip(content.images, found).count { $0.imageStamp != $1.known?.imageStamp }
        content.updatePositions()
        return content
    }

    private static func readClasses(
        _ root: String, _ content: inout Content, _ files: inout [AddedImage]
    ) throws {
        var numbers: [String: Int] = [:]
        for name in try Folder.names(in: root) {
            guard let split = DataSplit(folderName: name) else { continue }
            let folder = Folder.join(root, name)
            for name in try Folder.names(in: folder) where Folder.isFolder(Folder.join(folder, name)) {
                let index = numbers[name] ?? numbers.count
                if numbers.updateValue(index, forKey: name) == nil { content.classNames.append(name) }
                files += try ImageSurvey.files(under: Folder.join(folder, name)).map {
                    AddedImage(path: $0, split: split, classIndex: index)
                }
            }
        }
    }
}
