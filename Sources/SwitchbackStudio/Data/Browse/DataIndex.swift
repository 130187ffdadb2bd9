import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// What is known of one image of a data set: little enough for 100,000 of them.
struct IndexedImage: Sendable {
    enum State: String, CaseIterable, Sendable {
        /// No file of labels: nobody has looked at it.
        case unlabeled
        /// A file of labels without an object: there is nothing to find.
        case empty
        case labeled
        /// The image or a line of its labels cannot be read.
        case faulty
    }

    /// An object, as statistics count it.
    struct Mark: Hashable, Sendable {
        let classIndex: UInt16
        /// The root of its area in hundredths of the image's.
        let side: UInt8
        /// The cell of its center in a map of 24×18.
        let cell: UInt16
    }

    /// A hash of the path below the data set's folder, by which pages speak of it.
    let id: UInt64
    let path: String
    let split: DataSplit
    var width: Int32 = 0
    var height: Int32 = 0
    var state = State.unlabeled
    var marks: [Mark] = []
    var imageStamp = FileStamp()
    var labelStamp = FileStamp()

    var name: String { (path as NSString).lastPathComponent }
    /// Whether its labels are known: also that there is nothing to find.
    var isLabeled: Bool { state == .labeled || state == .empty }
    /// Changes when the image does, so that browsers may keep what they got.
    var version: String { String(UInt64(bitPattern: imageStamp.changed &* 31 &+ imageStamp.size), radix: 36) }
}

/// A file of an image with its place in a data set.
struct AddedImage: Sendable {
    let path: String
    let split: DataSplit
    /// In a data set of class folders.
    var classIndex: Int?
}

extension DataFolder {
    /// The number of an image: a hash of its path below the data set's folder.
    func id(of path: String) -> UInt64 {
        Checksum.fnv1a(relativePath(path))
    }
}

/// The images of a data set, in order, as they are on disk. Used from several threads.
final class DataIndex: @unchecked Sendable {
    let set: DataFolder
    /// Held while folders are looked at, which takes long where there are very many images.
    private let looking = NSLock()
    // Guarded by it.
    private var looked = ContinuousClock.Instant?.none
    private var pause = Duration.seconds(2)
    /// How many images were read anew since the index was last kept on disk.
    private var unkept = 0
    private let lock = NSLock()
    // Guarded by the lock.
    private var content: Content?

    struct Content: Sendable {
        var classNames: [String] = []
        var images: [IndexedImage] = []
        /// Where the image of a number is.
        var positions: [UInt64: Int32] = [:]
        var hasKeypoints = false

        func image(_ id: UInt64) -> IndexedImage? { positions[id].map { images[Int($0)] } }

        fileprivate mutating func updatePositions() {
            positions.removeAll(keepingCapacity: true)
            positions.reserveCapacity(images.count)
            for (position, image) in images.enumerated() { positions[image.id] = Int32(position) }
        }
    }

    init(_ set: DataFolder) { self.set = set }

    /// The images now. Folders are looked at again where that was not done for a while: the longer it takes, the longer
    /// that is.
    ///
    /// - Parameter isFresh: whether they are looked at again in any case.
    /// - Throws: `InputError` where the data set cannot be read.
    func now(isFresh: Bool = false) throws -> Content {
        try looking.withLock {
            let old = lock.withLock { content }
            if !isFresh, let old, let looked, looked.duration(to: .now) < pause { return old }
            let (start, moment) = (ContinuousClock.now, Date())
            let kept = old == nil ? IndexFile(in: set.state).read() : [:]
            let new = try read { old?.image($0) ?? kept[$0] }
            lock.withLock { content = new }
            looked = .now
            pause = min(max(.seconds(2), start.duration(to: .now) * 20), .seconds(30))
            keep(new, lookedAt: moment)
            return new
        }
    }

    /// Keeps a large index on disk where a fiftieth of it is new. That it cannot be kept only makes the next start slower.
    private func keep(_ content: Content, lookedAt moment: Date) {
        guard content.images.count >= IndexFile.leastImages else { return }
        guard unkept > content.images.count / 50 else { return }
        if (try? IndexFile(in: set.state).write(content.images, lookedAt: moment)) != nil { unkept = 0 }
    }

    /// The images as they were when they were last looked at: a stroke waits for nobody who looks.
    func known() throws -> Content { try lock.withLock { content } ?? now() }

    /// The image of a number that a client sent.
    ///
    /// - Throws: `APIError` where there is none.
    func image(_ text: String) throws -> IndexedImage {
        guard let id = UInt64(text, radix: 16), let image = try known().image(id) ?? now(isFresh: true).image(id) else {
            throw APIError.notFound("there is no such image; it may have been moved or deleted")
        }
        return image
    }

    /// Takes up images that were added here, each at its place: to look at all of a large data set again would take longer
    /// than to add them.
    func insert(_ files: [AddedImage]) {
        looking.withLock {
            guard var content = lock.withLock({ content }) else { return }
            for file in files {
                let image = IndexedImage(file, in: set, hasKeypoints: content.hasKeypoints)
                if content.positions[image.id] != nil { continue }
                let after = content.images.firstIndex { $0.split == image.split && $0.path > image.path }
                let last = content.images.lastIndex { $0.split == image.split }.map { $0 + 1 }
                content.images.insert(image, at: after ?? last ?? content.images.count)
                unkept += 1
            }
            content.updatePositions()
            lock.withLock { self.content = content }
        }
    }

    /// Reads the labels of an image again, which were changed here.
    func refresh(_ id: UInt64) {
        lock.withLock {
            guard let position = content?.positions[id], let hasKeypoints = content?.hasKeypoints else { return }
            content?.images[Int(position)].readLabels(hasKeypoints: hasKeypoints)
        }
    }

    // MARK: Reading

    private func read(knowing known: (UInt64) -> IndexedImage?) throws -> Content {
        var content = Content()
        var files: [AddedImage] = []
        if let description = set.description {
            let found = try DataDescription.load(description)
            content.classNames = found.classNames
            content.hasKeypoints = found.keypoints != nil
            for split in DataSplit.allCases {
                for place in found.places[split] ?? [] {
                    files += try YOLOData.images(in: place).map { AddedImage(path: $0, split: split) }
                }
            }
        } else {
            try Self.readClasses(set.root, &content, &files)
        }
        // A folder can be two splits at once: its images count for the first.
        var seen: Set<UInt64> = []
        let pairs = files.map { (file: $0, known: known(set.id(of: $0.path))) }
            .filter { seen.insert(set.id(of: $0.file.path)).inserted }
        let hasKeypoints = content.hasKeypoints
        content.images = ImageSurvey.map(pairs) { [set] file, known in
            IndexedImage(file, in: set, knowing: known, hasKeypoints: hasKeypoints)
        }
        unkept += zip(content.images, pairs).count { $0.imageStamp != $1.known?.imageStamp }
        content.updatePositions()
        return content
    }

    private static func readClasses(
        _ root: String, _ content: inout Content, _ files: inout [AddedImage]
    ) throws {
        for name in try Folder.names(in: root) {
            guard let split = DataSplit(folderName: name) else { continue }
            let folder = Folder.join(root, name)
            for name in try Folder.names(in: folder) where Folder.isFolder(Folder.join(folder, name)) {
                if !content.classNames.contains(name) { content.classNames.append(name) }
                let index = content.classNames.firstIndex(of: name)
                files += try ImageSurvey.files(under: Folder.join(folder, name)).map {
                    AddedImage(path: $0, split: split, classIndex: index)
                }
            }
        }
    }
}

extension IndexedImage {
    /// An image as it is on disk now; only what has changed since it was known is read.
    init(_ file: AddedImage, in set: DataFolder, knowing known: IndexedImage? = nil, hasKeypoints: Bool) {
        self.init(id: set.id(of: file.path), path: file.path, split: file.split)
        if let known {
            (width, height, state, marks) = (known.width, known.height, known.state, known.marks)
            (imageStamp, labelStamp) = (known.imageStamp, known.labelStamp)
        }
        readImage()
        if let classIndex = file.classIndex {
            setClass(classIndex)
        } else {
            readLabelsIfChanged(hasKeypoints: hasKeypoints)
        }
    }

    fileprivate mutating func readImage() {
        let stamp = FileStamp(path)
        if stamp == imageStamp { return }
        imageStamp = stamp
        // Labels are looked at again: the image may have been why they were not.
        labelStamp = FileStamp()
        let header = try? ImageHeader.load(path)
        (width, height) = (Int32(clamping: header?.width ?? 0), Int32(clamping: header?.height ?? 0))
    }

    fileprivate mutating func readLabelsIfChanged(hasKeypoints: Bool) {
        let stamp = FileStamp(YOLOData.labelPath(ofImage: path))
        if stamp == labelStamp && stamp.size >= 0 && !stamp.isFresh(at: Date()) { return }
        readLabels(hasKeypoints: hasKeypoints)
    }

    fileprivate mutating func readLabels(hasKeypoints: Bool) {
        let labels = YOLOData.labelPath(ofImage: path)
        labelStamp = FileStamp(labels)
        do {
            let found = try LabelLines.read(labels, hasKeypoints: hasKeypoints)
            marks = (found ?? []).compactMap(Mark.init)
            let isReadable = width > 0 && (found == nil || found?.count == marks.count || hasKeypoints)
            state = !isReadable ? .faulty : found == nil ? .unlabeled : found?.isEmpty == true ? .empty : .labeled
        } catch {
            (marks, state) = ([], .faulty)
        }
    }

    fileprivate mutating func setClass(_ index: Int) {
        marks = [Mark(classIndex: UInt16(clamping: index), side: 100, cell: 0)]
        state = width > 0 ? .labeled : .faulty
    }
}

extension IndexedImage.Mark {
    static let (columns, rows) = (24, 18)

    init?(_ value: LabelValue) {
        guard let index = value.classIndex, let bounds = value.bounds else { return nil }
        classIndex = UInt16(clamping: index)
        let b = bounds.map { min(max($0, 0), 1) }
        let area: Double = max(0, b[2] - b[0]) * max(0, b[3] - b[1])
        side = UInt8(area.squareRoot() * 100)
        func cell(_ place: Double, _ count: Int) -> Int { min(Int(place * Double(count)), count - 1) }
        let (row, column) = (cell((b[1] + b[3]) / 2, Self.rows), cell((b[0] + b[2]) / 2, Self.columns))
        self.cell = UInt16(row * Self.columns + column)
    }
}
