/// What a network of the family tells of each object beside its box and class.
public enum YOLOTask: String, CaseIterable, Codable, Sendable {
    case detect
    /// The object's mask.
    case segment
    /// The angle by which its box is turned: oriented bounding boxes.
    case obb

    /// What the names of networks end in.
    public var suffix: String {
        switch self {
        case .detect: ""
        case .segment: "-seg"
        case .obb: "-obb"
        }
    }

    /// How many numbers a position gives beside its box and classes.
    var extraCount: Int {
        switch self {
        case .detect: 0
        case .segment: MaskPrototypes.count
        case .obb: 1
        }
    }

    /// What a network for it is called.
    public var networkName: String {
        switch self {
        case .detect: "detector"
        case .segment: "segmentation network"
        case .obb: "detector of oriented boxes"
        }
    }
}
