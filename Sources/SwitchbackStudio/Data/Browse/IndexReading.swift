import Switchback
import SwitchbackVision

/// A look at the files of a data set, some of them at a time: what is needed for a while does not grow with the data set.
struct IndexReading {
    private let set: DataFolder
    private let keypoints: KeypointLayout?
    /// What was known before, in this studio or the one before it.
    private let known: DataIndex.Content
    private(set) var images: [IndexedImage] = []
    /// How many of the images are others than were known.
    private(set) var newCount = 0
    /// A folder can be two splits at once: its images count for the first.
    private var seen: Set<UInt64> = []

    private static let mostAtOnce = 4096

    /// - Parameters:
    ///   - keypoints: those that objects have now.
    ///   - old: what the last look has found, if there was one.
    init(_ set: DataFolder, keypoints: KeypointLayout?, knowing old: DataIndex.Content?) {
        (self.set, self.keypoints) = (set, keypoints)
        known = old ?? DataIndex.Content(IndexFile(in: set.state, keypoints).read(), keypoints)
        images.reserveCapacity(known.images.count)
        seen.reserveCapacity(known.images.count)
    }

    mutating func add(_ paths: [String], _ split: DataSplit, classIndex: Int? = nil) {
        var place = images.last?.place
        for start in stride(from: 0, to: paths.count, by: Self.mostAtOnce) {
            var found: [(file: AddedImage, id: UInt64, known: IndexedImage?)] = []
            for path in paths[start..<min(start + Self.mostAtOnce, paths.count)] {
                let id = set.id(of: path)
                if !seen.insert(id).inserted { continue }
                let own = ImagePlace(path, beside: place)
                found.append((AddedImage(place: own, split: split, classIndex: classIndex), id, known(id)))
                place = own
            }
            let read = ImageSurvey.map(found) { [keypoints] file, id, known in
                IndexedImage(file, id: id, knowing: known, keypoints)
            }
            newCount += zip(read, found).count { $0.imageStamp != $1.known?.imageStamp }
            images += read
        }
    }

    private func known(_ id: UInt64) -> IndexedImage? {
        var image = known.image(id)
        // Lines of labels say something else where objects have other keypoints.
        if known.keypoints != keypoints { image?.labelStamp = FileStamp() }
        return image
    }
}

extension Memory {
    /// Returns what was freed to the system. The C library keeps pages of what was needed for a look at 100,000 files.
    static func giveBackHeap() { trim(to: cached) }
}
