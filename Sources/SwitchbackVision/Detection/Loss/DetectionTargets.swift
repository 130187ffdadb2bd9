import Switchback

/// What a batch's images hold, for the loss.
public struct DetectionTargets {
    /// The objects of each image, in pixels.
    public let labels: [[LabeledBox]]
    /// For masks, which object each pixel belongs to, by default at a quarter of the images' size: int32 [N, H / 4, W / 4], 0 for
    /// background, else the position among the image's labels plus 1. Where objects share no map, the first dimension counts
    /// the objects of all images.
    public let masks: Tensor?
    /// How the masks are drawn.
    public let detail: MaskDetail

    /// Objects of which boxes alone are learned.
    public init(_ labels: [[LabeledBox]]) { self.init(labels, masks: nil, MaskDetail()) }

    private init(_ labels: [[LabeledBox]], masks: Tensor?, _ detail: MaskDetail) {
        self.labels = labels
        self.masks = masks
        self.detail = detail
    }

    /// The objects with what the task needs of them; for masks they are sorted by their areas.
    ///
    /// - Parameters:
    ///   - labels: in pixels, with outlines where the task is about masks.
    ///   - height, width: of the images.
    public init(
        _ labels: [[LabeledBox]], for task: YOLOTask, height: Int, width: Int, masks detail: MaskDetail = MaskDetail()
    ) {
        guard task == .segment else {
            self.init(labels)
            return
        }
        let maps = labels.map { MaskMap($0, height: height, width: width, detail) }
        let planes = detail.isShared ? labels.count : labels.reduce(0) { $0 + $1.count }
        let shape: Shape = [planes, height / detail.ratio, width / detail.ratio]
        self.init(maps.map(\.labels), masks: Tensor(maps.flatMap(\.codes), shape: shape), detail)
    }

    /// The masks of an image's objects: [objects, h · w] of 0 and 1; `nil` where there are none.
    func objectMasks(ofImage image: Int) -> Tensor? {
        let count = labels[image].count
        guard let masks, count > 0 else { return nil }
        let start = labels[..<image].reduce(0) { $0 + $1.count }
        let planes = detail.isShared ? masks[image].unsqueeze(0) : masks.narrow(dim: 0, start: start, length: count)
        let numbers = Tensor((1...count).map { Int32($0) }, shape: [count, 1])
        return planes.flatten(start: 1).eq(numbers).to(.float32)
    }

    /// Oriented boxes that are narrower, in pixels, are not learned.
    private static let leastSide: Float = 2

    /// The objects of each image that are learned.
    var learned: [[LabeledBox]] {
        labels.map { labels in
            labels.filter { label in
                guard label.isOriented else { return true }
                let box = RotatedBox(around: label.polygon)
                return min(box.width, box.height) >= Self.leastSide
            }
        }
    }

    /// Each image's are those of the one before it, and the first one's the last one's.
    var shifted: DetectionTargets {
        let planes = detail.isShared ? 1 : labels.last?.count ?? 0
        return DetectionTargets(Array(labels.suffix(1) + labels.dropLast()), masks: masks?.roll(planes, dim: 0), detail)
    }

    func to(_ backend: any Backend.Type) -> DetectionTargets {
        DetectionTargets(labels, masks: masks?.to(backend), detail)
    }
}
