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
    /// Images that were added here since, which come to their places when they are many, or somebody wants to see all: to make
    /// room for each one among 100,000 takes longer than to add it.
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
            if new.images.count >= IndexFile.leastImages { Memory.giveBackHeap() }
            return new
        }
    }

    private static let mostAdded = 4096

    private func replace(_ new: Content?) {
        lock.withLock { (content, added, knownCounts) = (new, [:], new?.counts ?? [:]) }
    }

    /// What is known, with all images in their places.
    private var merged: Content? {
        lock.withLock {
            takeIn()
            return content
        }
    }

    /// Puts the images that were added to their places. The lock is held.
    private func takeIn() {
        if !added.isEmpty { content?.insert(Array(added.values)) }
        added = [:]
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
                let image = IndexedImage(file, id: set.id(of: file.place.path), keypoints)
                lock.withLock {
                    if content?.positions[image.id] != nil || added[image.id] != nil { return }
                    added[image.id] = image
                    knownCounts[image.split, default: 0] += 1
                    unkept += 1
                    if added.count >= Self.mostAdded { takeIn() }
                }
            }
            if lock.withLock({ added.isEmpty }) { Memory.giveBackHeap() }
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
        if let description = set.description {
            content.description = FileStamp(description)
            let found = try DataDescription.load(description)
            content.classNames = found.classNames
            content.keypoints = found.keypoints
            var reading = IndexReading(set, keypoints: content.keypoints, knowing: old)
            for split in DataSplit.allCases {
                for place in found.places[split] ?? [] { reading.add(try YOLOData.images(in: place), split) }
            }
            finish(&content, reading)
        } else {
            var reading = IndexReading(set, keypoints: nil, knowing: old)
            try readClasses(&content, &reading)
            finish(&content, reading)
        }
        return content
    }

    private func finish(_ content: inout Content, _ reading: IndexReading) {
        content.images = reading.images
        unkept += reading.newCount
        content.updatePositions()
    }

    private func readClasses(_ content: inout Content, _ reading: inout IndexReading) throws {
        var numbers: [String: Int] = [:]
        for name in try Folder.names(in: set.root) {
            guard let split = DataSplit(folderName: name) else { continue }
            let folder = Folder.join(set.root, name)
            for name in try Folder.names(in: folder) where Folder.isFolder(Folder.join(folder, name)) {
                let index = numbers[name] ?? numbers.count
                if numbers.updateValue(index, forKey: name) == nil { content.classNames.append(name) }
                reading.add(try ImageSurvey.files(under: Folder.join(folder, name)), split, classIndex: index)
            }
        }
    }
}
