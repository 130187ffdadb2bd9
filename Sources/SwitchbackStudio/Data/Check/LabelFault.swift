import Foundation
import Switchback
import SwitchbackVision

/// What is likely wrong with an object.
struct LabelFault: Sendable {
    enum Kind: String, CaseIterable, Encodable, Sendable {
        /// The same class in nearly the same place as another object.
        case doubled
        /// A line that is no label.
        case unread
        /// A class without a name.
        case classless
        /// It reaches over the edge of the image, by more than rounding.
        case outside
        /// Its box has no area.
        case flat

        /// Whether it can be mended without looking at the image.
        var isMendable: Bool { self != .classless }
    }

    let kind: Kind
    let object: LabelObject

    /// Two boxes of a class that share so much of their area mark one thing.
    private static let doubledOverlap: Float = 0.9

    /// The faults of an image's objects; one for each object.
    static func faults(in objects: [LabelObject], classCount: Int, _ edges: ImageEdges) -> [LabelFault] {
        var kept: [Int: [Box]] = [:]
        return objects.compactMap { object -> LabelFault? in
            guard let index = object.value.classIndex, let b = object.value.bounds else {
                return LabelFault(kind: .unread, object: object)
            }
            if index >= classCount { return LabelFault(kind: .classless, object: object) }
            let box = Box(x1: Float(b[0]), y1: Float(b[1]), x2: Float(b[2]), y2: Float(b[3]))
            guard box.width > 0, box.height > 0, b[0] < 1, b[1] < 1, b[2] > 0, b[3] > 0 else {
                return LabelFault(kind: .flat, object: object)
            }
            if kept[index, default: []].contains(where: { $0.iou(box) > doubledOverlap }) {
                return LabelFault(kind: .doubled, object: object)
            }
            kept[index, default: []].append(box)
            return edges.areCrossed(by: box) ? LabelFault(kind: .outside, object: object) : nil
        }
    }

    /// What the object should become: `nil` where it should go.
    var mended: LabelValue? {
        guard kind == .outside, let bounds = object.value.bounds else { return nil }
        func inside(_ numbers: [Double]) -> [Double] { numbers.map { min(max($0, 0), 1) } }
        switch object.value {
        case .box(let index, _):
            return .box(class: index, LabelValue.boxNumbers(corners: inside(bounds)))
        case .pose(let index, _, let keypoints):
            return .pose(class: index, box: LabelValue.boxNumbers(corners: inside(bounds)), keypoints: keypoints)
        case .outline(let index, let numbers):
            return .outline(class: index, inside(numbers))
        case .unread: return nil
        }
    }
}
