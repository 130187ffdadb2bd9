import Foundation
import Switchback
import SwitchbackFormats
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
    let place: ImagePlace
    let split: DataSplit
    var width: Int32 = 0
    var height: Int32 = 0
    var state = State.unlabeled
    var marks: [Mark] = []
    var imageStamp = FileStamp()
    var labelStamp = FileStamp()

    var path: String { place.path }
    var name: String { place.name }
    /// Whether its labels are known: also that there is nothing to find.
    var isLabeled: Bool { state == .labeled || state == .empty }
    /// Changes when the image does, so that browsers may keep what they got.
    var version: String { String(UInt64(bitPattern: imageStamp.changed &* 31 &+ imageStamp.size), radix: 36) }
}

/// Where the file of an image is. All images of a folder share its path, and short names take no memory of their own: of
/// 100,000 images whole paths are more than all else that is known of them.
struct ImagePlace: Sendable {
    let folder: String
    let name: String

    var path: String { Folder.join(folder, name) }

    static func < (first: ImagePlace, second: ImagePlace) -> Bool {
        first.folder == second.folder ? first.name < second.name : first.path < second.path
    }
}

extension ImagePlace {
    /// - Parameter neighbor: an image that may be in the same folder.
    init(_ path: String, beside neighbor: ImagePlace?) {
        let folder = Folder.parent(path)
        self.init(
            folder: neighbor.flatMap { $0.folder == folder ? $0.folder : nil } ?? folder,
            name: (path as NSString).lastPathComponent)
    }
}

/// A file of an image with its place in a data set.
struct AddedImage: Sendable {
    let place: ImagePlace
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

extension IndexedImage {
    /// An image as it is on disk now; only what has changed since it was known is read.
    init(_ file: AddedImage, id: UInt64, knowing known: IndexedImage? = nil, _ keypoints: KeypointLayout?) {
        self.init(id: id, place: file.place, split: file.split)
        if let known {
            (width, height, state, marks) = (known.width, known.height, known.state, known.marks)
            (imageStamp, labelStamp) = (known.imageStamp, known.labelStamp)
        }
        readImage()
        if let classIndex = file.classIndex {
            setClass(classIndex)
        } else {
            readLabelsIfChanged(keypoints)
        }
    }

    private mutating func readImage() {
        let path = path
        let stamp = FileStamp(path)
        if stamp == imageStamp { return }
        imageStamp = stamp
        // Labels are looked at again: the image may have been why they were not.
        labelStamp = FileStamp()
        let header = try? ImageHeader.load(path)
        (width, height) = (Int32(clamping: header?.width ?? 0), Int32(clamping: header?.height ?? 0))
    }

    private mutating func readLabelsIfChanged(_ keypoints: KeypointLayout?) {
        let stamp = FileStamp(YOLOData.labelPath(ofImage: path))
        if stamp.size < 0 {
            (labelStamp, marks, state) = (stamp, [], width > 0 ? .unlabeled : .faulty)
        } else if stamp != labelStamp || stamp.isFresh(at: Date()) {
            readLabels(keypoints)
        }
    }

    /// - Parameter keypoints: those that objects of the data set have.
    mutating func readLabels(_ keypoints: KeypointLayout?) {
        let labels = YOLOData.labelPath(ofImage: path)
        labelStamp = FileStamp(labels)
        do {
            let found = try LabelLines.read(labels, keypoints)
            marks = (found ?? []).compactMap(Mark.init)
            let isReadable = width > 0 && (found == nil || found?.count == marks.count)
            state = !isReadable ? .faulty : found == nil ? .unlabeled : found?.isEmpty == true ? .empty : .labeled
        } catch {
            (marks, state) = ([], .faulty)
        }
    }

    private mutating func setClass(_ index: Int) {
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
