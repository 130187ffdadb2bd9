import Foundation
import Switchback
import SwitchbackFormats

/// What was read of the images and labels of large data sets, kept between runs in the user's folder for caches: to
/// look into 100,000 images and label files takes ten times as long as to see that none of them has changed.
///
/// An entry counts where size and time of the image and of its labels are the same as when they were read. A cache that
/// is damaged, or of another data set, is as good as none, and one that cannot be written is done without.
package enum LabelCache {
    /// The fewest images of a data set that is kept.
    package static let leastCount = 1000

    /// An image and its labels, as they were read.
    struct Entry: Equatable, Sendable {
        let image, labels: FileStamp
        let example: DetectionExample
    }

    /// The folder, as the XDG Base Directory Specification says; `nil` if there is no home.
    package static var usualFolder: String? {
        let environment = ProcessInfo.processInfo.environment
        let base = environment["XDG_CACHE_HOME"] ?? environment["HOME"].map { Folder.join($0, ".cache") }
        return base.flatMap { $0.hasPrefix("/") ? Folder.join($0, "switchback/labels") : nil }
    }

    /// The examples of images in order, from the cache where that is up to date, else by `read`.
    ///
    /// - Parameters:
    ///   - data: the path of the data set.
    ///   - task: what the labels were read for.
    ///   - folder: where the cache is; none is used where it is `nil`.
    package static func examples(
        _ images: [String], of data: String, for task: YOLOTask = .detect, classCount: Int,
        keypoints: KeypointLayout? = nil, in folder: String? = usualFolder, least: Int = leastCount,
        read: @Sendable (String) -> Result<DetectionExample, YOLOData.Failure>
    ) -> [Result<DetectionExample, YOLOData.Failure>] {
        guard let folder, images.count >= least, let first = images.first else { return ImageSurvey.map(images, read) }
        let key = LabelCacheFile.Key(
            data: absolute(data), part: absolute(Folder.parent(first)), task: task, keypoints: keypoints,
            classCount: classCount)
        let path = Folder.join(folder, key.fileName)
        let known = LabelCacheFile.read(path, key)
        let found = ImageSurvey.map(images) { image -> (Result<DetectionExample, YOLOData.Failure>, Entry?) in
            // Before the files are read: a change while they are makes the entry useless, and not wrong.
            let stamps = (FileStamp(image), FileStamp(YOLOData.labelPath(ofImage: image)))
            if let entry = known[image], entry.image == stamps.0, entry.labels == stamps.1 {
                return (.success(entry.example), entry)
            }
            let result = read(image)
            // What there is a remark on is read again, so that it is said again.
            let kept = (try? result.get()).flatMap { $0.remarks.isEmpty ? $0 : nil }
            return (result, kept.map { Entry(image: stamps.0, labels: stamps.1, example: $0) })
        }
        let now = Date()
        let entries = found.compactMap(\.1).filter { !$0.image.isFresh(at: now) && !$0.labels.isFresh(at: now) }
        if entries.count != known.count || entries.contains(where: { known[$0.example.imagePath] != $0 }) {
            LabelCacheFile.write(entries, key, to: path)
        }
        return found.map(\.0)
    }

    private static func absolute(_ path: String) -> String { URL(fileURLWithPath: path).standardized.path }
}
