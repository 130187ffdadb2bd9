/// What a network of the family tells of each object beside its box and class.
public enum YOLOTask: String, CaseIterable, Codable, Sendable {
    case detect
    /// The object's mask.
    case segment
    /// The object's keypoints.
    case pose
    /// The angle by which its box is turned: oriented bounding boxes.
    case obb

    /// What the names of networks end in.
    public var suffix: String {
        switch self {
        case .detect: ""
        case .segment: "-seg"
        case .pose: "-pose"
        case .obb: "-obb"
        }
    }

    /// How many numbers a position gives beside its box and classes.
    package func extraCount(_ keypoints: KeypointLayout?) -> Int {
        switch self {
        case .detect: 0
        case .segment: MaskPrototypes.count
        case .pose: (keypoints ?? .person).numberCount
        case .obb: 1
        }
    }

    /// What a network for it is called.
    public var networkName: String {
        switch self {
        case .detect: "detector"
        case .segment: "segmentation network"
        case .pose: "pose network"
        case .obb: "detector of oriented boxes"
        }
    }
}
