import Foundation
import Switchback
import SwitchbackFormats

/// Boxes in text files: on each line a class and the box's center, width and height in fractions of the image; or a
/// class and the corners of a polygon, around which the box is drawn. Where outlines are needed, all must be polygons.
package enum YOLOLabels {
    /// How far a box may reach over the image's edge, in fractions: rounding in other programs does that.
    private static let tolerance: Float = 0.01

    /// The boxes of a file, each once; none if there is no file. Throws `YOLOData.Failure` with a problem for each bad
    /// line.
    package static func load(
        _ path: String, for task: YOLOTask = .detect, classCount: Int, keypoints: KeypointLayout? = nil
    ) throws -> [LabeledBox] {
        guard Folder.exists(path) else { return [] }
        var labels: [LabeledBox] = []
        var seen: Set<LabeledBox> = []
        var problems: [InputError] = []
        for (index, line) in try TextFile.rows(path).enumerated() {
            let fields = line.split(whereSeparator: \.isWhitespace)
            if fields.isEmpty { continue }
            do throws(RowProblem) {
                let label = try label(fields, for: task, classCount: classCount, keypoints)
                if seen.insert(label).inserted { labels.append(label) }
            } catch {
                problems.append(InputError(path, at: "line \(index + 1)", error.sentence))
            }
        }
        if !problems.isEmpty { throw YOLOData.Failure(problems: problems) }
        return labels
    }

    private struct RowProblem: Error { let sentence: String }

    private static func label(
        _ fields: [Substring], for task: YOLOTask, classCount: Int, _ keypoints: KeypointLayout?
    ) throws(RowProblem) -> LabeledBox {
        let found = fields.count.counted("number")
        let isPolygon = fields.count >= 7 && fields.count % 2 == 1
        if let keypoints {
            guard fields.count == 5 + keypoints.numberCount else {
                throw RowProblem(
                    sentence: "has \(found), and a box with \(keypoints.count) keypoints of \(keypoints.dimensions) "
                        + "has \(5 + keypoints.numberCount)")
            }
            return try pose(fields, classCount: classCount, keypoints)
        }
        guard isPolygon || task == .detect else {
            throw RowProblem(
                sentence: "has \(found), and \(task) needs "
                    + (task == .obb
                        ? "four corners: class, x1, y1, x2, y2, x3, y3, x4, y4"
                        : "an outline: class, x1, y1, x2, y2 and so on, at least 3 points"))
        }
        guard isPolygon || fields.count == 5 else {
            throw RowProblem(sentence: "has \(found), and a box has 5: class, x, y, width and height")
        }
        let (classIndex, numbers) = try numbers(fields, classCount: classCount)
        var label = try label(numbers, classIndex, isOriented: task == .obb)
        if task == .detect { label.polygon = [] }
        return label
    }

    /// The class, and the numbers behind it.
    private static func numbers(
        _ fields: [Substring], classCount: Int
    ) throws(RowProblem) -> (classIndex: Int, numbers: [Float]) {
        var numbers: [Float] = []
        for field in fields {
            guard let number = Float(field), number.isFinite else {
                throw RowProblem(sentence: "'\(field)' is not a number")
            }
            numbers.append(number)
        }
        guard let classIndex = Int(exactly: numbers[0]), classIndex >= 0 else {
            throw RowProblem(sentence: "the class '\(fields[0])' is not a whole number from 0 on")
        }
        guard classIndex < classCount else {
            let known = classCount == 1 ? "only the class 0" : "only the classes 0 to \(classCount - 1)"
            throw RowProblem(sentence: "the class \(classIndex) has no name: there are \(known)")
        }
        return (classIndex, Array(numbers.dropFirst()))
    }

    /// A box and keypoints. Of two numbers each, a keypoint is known unless one of them is negative.
    private static func pose(
        _ fields: [Substring], classCount: Int, _ layout: KeypointLayout
    ) throws(RowProblem) -> LabeledBox {
        let (classIndex, numbers) = try numbers(fields, classCount: classCount)
        var label = try label(Array(numbers.prefix(4)), classIndex)
        for point in 0..<layout.count {
            let own = numbers[(4 + point * layout.dimensions)...].prefix(layout.dimensions)
            let (x, y) = (own[own.startIndex], own[own.startIndex + 1])
            let visibility = layout.dimensions == 3 ? own[own.startIndex + 2] : (x < 0 || y < 0 ? 0 : 1)
            guard x <= 1 + tolerance, y <= 1 + tolerance, visibility == 0 || (x >= -tolerance && y >= -tolerance) else {
                throw RowProblem(sentence: "keypoint \(point) is outside the image: \(x), \(y)")
            }
            label.keypoints.append(Keypoint(x: x, y: y, visibility: visibility))
        }
        return label
    }

    /// Of corners, some may lie outside: tiles of large images cut through objects. As in Ultralytics, it is the box around
    /// them whose center and sides must be fractions. An oriented box stays whole, others end at the image's edges.
    private static func label(
        _ numbers: [Float], _ classIndex: Int, isOriented: Bool = false
    ) throws(RowProblem) -> LabeledBox {
        var label: LabeledBox
        if numbers.count == 4 {
            let box = Box(centerX: numbers[0], centerY: numbers[1], width: numbers[2], height: numbers[3])
            label = LabeledBox(box, classIndex: classIndex)
        } else {
            let points = stride(from: 0, to: numbers.count, by: 2).map { PlanePoint(numbers[$0], numbers[$0 + 1]) }
            label = LabeledBox(polygon: points, classIndex: classIndex)
        }
        let box = label.box
        let sides = numbers.count == 4 ? numbers : [box.centerX, box.centerY, box.width, box.height]
        let allowed = -tolerance...1 + tolerance
        if !sides.allSatisfy(allowed.contains) {
            let outside = (numbers + sides).first { !allowed.contains($0) } ?? 0
            throw RowProblem(
                sentence: "the box is outside the image: \(outside) is not a fraction from 0 to 1"
                    + (outside > 2 ? "; are these pixels?" : ""))
        }
        label.isOriented = isOriented
        let visible = label.clipped(to: Box(height: 1, width: 1))
        guard visible.box.width > 0, visible.box.height > 0 else { throw RowProblem(sentence: "the box has no area") }
        return isOriented ? label : visible
    }
}
