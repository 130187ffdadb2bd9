import Switchback

/// The edges of an image, over which labels may reach a little: one rule for boxes, outlines, oriented boxes and keypoints
/// of every format.
///
/// Up to 2 pixels over the edge are rounding, and are clipped without a word. Further over, an object is clipped with a
/// remark, as long as its center is in the image and it is at most a tenth longer than the image: tiles of large images
/// cut through objects. An oriented box stays whole, because a rectangle with one corner moved is none. A keypoint may lie
/// outside by a tenth of the image. What is still further out was marked in another image or in other units.
package struct ImageEdges: Sendable {
    /// The sides of the image, in pixels.
    let height, width: Int

    private static let rounding: Float = 2
    private static let overshoot: Float = 0.1
    /// How far outside a center may lie, as in Ultralytics.
    private static let centerTolerance: Float = 0.01

    enum Problem: Error { case noArea, outside }

    package init(height: Int, width: Int) { (self.height, self.width) = (height, width) }

    /// Whether a box, in fractions of the image, reaches further over an edge than rounding does.
    package func areCrossed(by box: Box) -> Bool { pixelsOver(box) > Self.rounding }

    /// What is left of an object, all in fractions of the image.
    ///
    /// - Parameter remark: gets a sentence where more than rounding is clipped.
    func clipped(_ label: LabeledBox, remark: (String) -> Void) throws(Problem) -> LabeledBox {
        let box = label.box
        guard box.width > 0, box.height > 0 else { throw .noArea }
        if label.isOriented, RotatedBox(around: label.polygon).height <= 0 { throw .noArea }
        let centers = -Self.centerTolerance...1 + Self.centerTolerance
        let longest = 1 + Self.overshoot
        guard centers.contains(box.centerX), centers.contains(box.centerY), box.width <= longest, box.height <= longest
        else { throw .outside }
        let visible = label.clipped(to: Box(height: 1, width: 1))
        guard visible.box.width > 0, visible.box.height > 0 else { throw .outside }
        if label.isOriented { return label }
        if areCrossed(by: box) {
            let count = Int(pixelsOver(box).rounded()).counted("pixel")
            remark("its box reaches \(count) over the edge of the image, and is clipped")
        }
        return visible
    }

    /// A keypoint within the image, in fractions of it; one that is not known stays as it is, wherever it lies.
    ///
    /// - Parameters:
    ///   - name: what messages call it.
    ///   - remark: gets a sentence where it is moved by more than rounding.
    func clipped(_ point: Keypoint, name: String, remark: (String) -> Void) throws(Problem) -> Keypoint {
        if !point.isKnown { return point }
        let allowed = -Self.overshoot...1 + Self.overshoot
        guard allowed.contains(point.x), allowed.contains(point.y) else { throw .outside }
        let inside = point.point.clamped(lowerBound: .zero, upperBound: .one)
        let over = pixelsOver(x: abs(point.x - inside.x), y: abs(point.y - inside.y))
        if over > Self.rounding {
            let count = Int(over.rounded()).counted("pixel")
            remark("\(name) is \(count) outside the image, and is moved to its edge")
        }
        return point.at(inside)
    }

    /// What is wrong with an object, in words.
    func sentence(_ problem: Problem) -> String {
        switch problem {
        case .noArea: "its box has no area"
        case .outside: "its box reaches outside the image of \(width)×\(height) pixels"
        }
    }

    /// How far a box reaches over an edge, in pixels; negative where it lies within.
    private func pixelsOver(_ box: Box) -> Float {
        pixelsOver(x: max(-box.x1, box.x2 - 1), y: max(-box.y1, box.y2 - 1))
    }

    /// The larger of two shares of the sides, in pixels.
    private func pixelsOver(x: Float, y: Float) -> Float { max(x * Float(width), y * Float(height)) }
}
