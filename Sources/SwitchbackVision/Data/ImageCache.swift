import Foundation
import Switchback

/// Decoded images, as far as they fit into a share of the memory; those that were not used for longest go first.
///
/// It changes how fast images come, not which. Used from several threads.
final class ImageCache: @unchecked Sendable {
    private let byteLimit: Int
    private let lock = NSLock()
    // Guarded by `lock`.
    private var entries: [Int: (image: Image, lastUse: Int)] = [:]
    private var byteCount = 0
    private var uses = 0

    init(byteLimit: Int) { self.byteLimit = byteLimit }

    /// The image of that number: as it was kept, or as `load` makes it. Two threads may both load one.
    func image<Failure: Error>(_ number: Int, load: () throws(Failure) -> Image) throws(Failure) -> Image {
        if let image = lock.withLock({ found(number) }) { return image }
        let image = try load()
        lock.withLock { keep(image, number) }
        return image
    }

    private func found(_ number: Int) -> Image? {
        uses += 1
        entries[number]?.lastUse = uses
        return entries[number]?.image
    }

    private func keep(_ image: Image, _ number: Int) {
        guard entries[number] == nil, image.pixels.count <= byteLimit else { return }
        entries[number] = (image, uses)
        byteCount += image.pixels.count
        while byteCount > byteLimit, let oldest = entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
            entries[oldest.key] = nil
            byteCount -= oldest.value.image.pixels.count
        }
    }
}
