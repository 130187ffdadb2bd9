import Switchback

/// Batches of images of like shape, each with the smallest frame of whole strides that holds its images once their longer
/// side has been scaled: less border is computed than in squares.
///
/// The order is by height to width, the same in each epoch, so that an image is always in the same batch.
struct RectangularBatches {
    /// The examples, batch after batch.
    let order: [Int]
    /// Of each example's batch, in pixels.
    private let frames: [(height: Int, width: Int)]

    /// - Parameters:
    ///   - size: the longer side of frames, in pixels.
    ///   - stride: what the sides of frames are multiples of.
    ///   - margin: how much is left around the images, in strides. Ultralytics leaves a half in validation, and nothing in
    ///     training.
    init(_ examples: [DetectionExample], size: Int, batchSize: Int, stride: Int = YOLO.stride, margin: Double) {
        let order = examples.indices.sorted { a, b in
            let (x, y) = (examples[a].aspect, examples[b].aspect)
            return x != y ? x < y : a < b
        }
        var frames = [(height: Int, width: Int)](repeating: (size, size), count: examples.count)
        for start in Swift.stride(from: 0, to: order.count, by: batchSize) {
            let batch = order[start..<min(start + batchSize, order.count)]
            let frame = Self.frame(batch.map { examples[$0].aspect }, size: size, stride: stride, margin: margin)
            for index in batch { frames[index] = frame }
        }
        (self.order, self.frames) = (order, frames)
    }

    /// The frame of the batch that an example is in.
    func frame(of index: Int) -> (height: Int, width: Int) { frames[index] }

    /// The shape of a batch of images with these heights by width: the side that is shorter for all of them is shortened.
    private static func frame(
        _ aspects: [Double], size: Int, stride: Int, margin: Double
    ) -> (height: Int, width: Int) {
        let (least, greatest) = (aspects.min() ?? 1, aspects.max() ?? 1)
        let (height, width) = greatest < 1 ? (greatest, 1.0) : least > 1 ? (1.0, 1 / least) : (1.0, 1.0)
        func whole(_ part: Double) -> Int {
            // Of an image whose sides are whole strides, a rounding error is not to make it one more.
            Int((part * Double(size) / Double(stride) + margin - 1e-9).rounded(.up)) * stride
        }
        return (whole(height), whole(width))
    }
}

extension DetectionExample {
    /// Height by width.
    fileprivate var aspect: Double { Double(height) / Double(width) }
}
