import Switchback

/// What a batch's images hold, for the loss.
public struct DetectionTargets {
    /// The objects of each image, in pixels.
    public let labels: [[LabeledBox]]
    /// For masks, which object each pixel belongs to at a quarter of the images' size: int32 [N, H / 4, W / 4], 0 for
    /// background, else the position among the image's labels plus 1.
    public let masks: Tensor?

    /// Objects of which boxes alone are learned.
    public init(_ labels: [[LabeledBox]]) { self.init(labels, masks: nil) }

    private init(_ labels: [[LabeledBox]], masks: Tensor?) {
        self.labels = labels
        self.masks = masks
    }

    /// The objects with what the task needs of them; for masks they are sorted by their areas.
    ///
    /// - Parameters:
    ///   - labels: in pixels, with outlines where the task is about masks.
    ///   - height, width: of the images.
    public init(_ labels: [[LabeledBox]], for task: YOLOTask, height: Int, width: Int) {
        guard task == .segment else {
            self.init(labels)
            return
        }
        let maps = labels.map { MaskMap($0, height: height, width: width) }
        let shape: Shape = [labels.count, height / MaskMap.ratio, width / MaskMap.ratio]
        self.init(maps.map(\.labels), masks: Tensor(maps.flatMap(\.codes), shape: shape))
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
        DetectionTargets(Array(labels.suffix(1) + labels.dropLast()), masks: masks?.roll(1, dim: 0))
    }

    func to(_ backend: any Backend.Type) -> DetectionTargets { DetectionTargets(labels, masks: masks?.to(backend)) }
}
