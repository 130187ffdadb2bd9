/// A part of the loss of a YOLO network.
public enum LossPart: String, Sendable {
    /// 1 − complete IoU.
    case box
    /// The cross entropy of the masks.
    case seg
    /// The cross entropy of the classes.
    case cls
    /// The cross entropy of the distances' distributions (YOLO11).
    case dfl
    /// The distances' absolute error as a share of the image's size (YOLO26).
    case l1
    /// How well the classes are told apart all over the image (YOLO26's masks).
    case sem
    /// How far keypoints are from those of their objects, whether they are seen, and how likely the errors are (YOLO26).
    case pose, kobj, rle
    /// How far oriented boxes are turned from their objects.
    case angle

    /// The name under which it is reported.
    public var name: String { rawValue + "_loss" }
}

extension YOLOVariant {
    /// The parts of the loss, in the order in which they are reported.
    public var lossParts: [LossPart] {
        let distance: LossPart = regMax > 1 ? .dfl : .l1
        return switch task {
        case .detect: [.box, .cls, distance]
        case .segment: [.box, .seg, .cls, distance] + (isEndToEnd ? [.sem] : [])
        case .pose: [.box, .pose, .kobj, .cls, distance] + (isEndToEnd ? [.rle] : [])
        case .obb: [.box, .cls, distance, .angle]
        }
    }

    /// Their names.
    public var lossNames: [String] { lossParts.map(\.name) }
}
