/// A detected object.
public struct Detection: Hashable, Sendable {
    /// In pixels.
    public var box: Box
    public var classIndex: Int
    /// How sure the model is: from 0 to 1.
    public var score: Float
    /// The object's pixels, where the network tells them.
    public var mask: InstanceMask?
    /// The object's keypoints, where the network tells them.
    public var keypoints: [Keypoint] = []
    /// The oriented box, around which `box` lies, where the network tells it.
    public var rotated: RotatedBox?

    public init(box: Box, classIndex: Int, score: Float, mask: InstanceMask? = nil) {
        self.box = box
        self.classIndex = classIndex
        self.score = score
        self.mask = mask
    }

    /// An object of an oriented box.
    public init(rotated: RotatedBox, classIndex: Int, score: Float) {
        self.init(box: Box(around: rotated.corners), classIndex: classIndex, score: score)
        self.rotated = rotated
    }
}

/// The overlaps from which on a detection counts as right: 0.50, 0.55, … 0.95 (Lin et al., "Microsoft COCO", 2014).
public enum OverlapThresholds {
    public static let count = 10
    static let doubles: [Double] = {
        let step = (0.95 - 0.5) / 9
        return (0..<count).map { level -> Double in level == count - 1 ? 0.95 : 0.5 + Double(level) * step }
    }()
    /// In single precision, counted from both ends.
    static let floats: [Float] = {
        let step: Float = (0.95 - 0.5) / 9
        return (0..<count).map { $0 < count / 2 ? 0.5 + Float($0) * step : 0.95 - Float(count - 1 - $0) * step }
    }()
}

extension Sequence {
    /// The positions of the elements from the greatest to the least; equal ones keep their order.
    func positionsDescending<Key: Comparable>(_ key: (Element) -> Key) -> [Int] {
        let keys = map(key)
        return keys.indices.sorted { keys[$0] != keys[$1] ? keys[$0] > keys[$1] : $0 < $1 }
    }
}
