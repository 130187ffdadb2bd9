import Foundation
import Switchback

/// Images in files, read when they are needed. Used from several threads.
///
/// An image that turns out to be damaged is reported once, and the next one that can be read takes its place: one bad
/// file among ten thousand costs nothing but itself.
final class ImageFiles: @unchecked Sendable {
    let paths: [String]
    private let cache: ImageCache
    private let load: @Sendable (String) throws -> Image
    private let lock = NSLock()
    /// The images that were found damaged. Guarded by `lock`.
    private var damaged: Set<Int> = []

    /// - Parameters:
    ///   - cacheBytes: how much memory images may take up between their uses.
    ///   - load: reads an image, in the size in which it is kept.
    init(
        _ paths: [String], cacheBytes: Int,
        load: @escaping @Sendable (String) throws -> Image = { try Image.load($0) }
    ) {
        self.paths = paths
        self.load = load
        cache = ImageCache(byteLimit: cacheBytes)
    }

    /// An image, and its number: that of the next one where it is damaged. Throws where all are.
    func image(_ number: Int) throws -> (number: Int, image: Image) {
        for step in 0..<paths.count {
            let candidate = (number + step) % paths.count
            do {
                return (candidate, try cache.image(candidate) { try load(paths[candidate]) })
            } catch {
                let isNew = lock.withLock { damaged.insert(candidate).inserted }
                if isNew { Diagnostics.warn("\(error); another image takes its place") }
            }
        }
        throw InputError("the data", "no image can be read")
    }
}
