import Foundation
import Switchback
import SwitchbackFormats

/// Boxes in text files: on each line a class and the box's center, width and height in fractions of the image; or a
/// class and the corners of a polygon, around which the box is drawn. Where outlines are needed, all must be polygons.
package struct YOLOLabels {
    /// The objects of an image, each once.
    package private(set) var labels: [LabeledBox] = []
    /// What is worth knowing and leaves nothing out: boxes that were clipped, rows that stand there twice.
    package private(set) var remarks: [String] = []

    /// Reads a file; there is nothing in the image if there is none.
    ///
    /// - Parameters:
    ///   - height, width: of the image, in pixels.
    /// - Throws: `YOLOData.Failure` with a problem for each bad line.
    package init(
        _ path: String, for task: YOLOTask = .detect, classCount: Int, keypoints: KeypointLayout? = nil, height: Int,
        width: Int
    ) throws {
        guard Folder.exists(path) else { return }
        var reader = RowReader(
            task: task, classCount: classCount, layout: keypoints, edges: ImageEdges(height: height, width: width))
        var seen: Set<LabeledBox> = []
        var (doubled, problems): (Int, [InputError]) = (0, [])
        for (index, line) in try TextFile.rows(path).enumerated() {
            let fields = line.split(whereSeparator: \.isWhitespace)
            if fields.isEmpty { continue }
            do throws(RowProblem) {
                let label = try reader.label(fields)
                if seen.insert(label).inserted { labels.append(label) } else { doubled += 1 }
            } catch {
                problems.append(InputError(path, at: "line \(index + 1)", error.sentence))
            }
            remarks += reader.remarks.map { "\(path), line \(index + 1): \($0)" }
            reader.remarks = []
        }
        if doubled > 0 {
            let verbs = doubled == 1 ? "repeats another, and is left out" : "repeat others, and are left out"
            remarks.append("\(path): \(doubled.counted("row")) \(verbs)")
        }
        if !problems.isEmpty { throw YOLOData.Failure(problems: problems) }
    }
}

private struct RowProblem: Error { let sentence: String }

/// Reads the rows of a file of labels.
private struct RowReader {
    let task: YOLOTask
    let classCount: Int
    let layout: KeypointLayout?
    let edges: ImageEdges
    /// On the rows that were read.
    var remarks: [String] = []

    mutating func label(_ fields: [Substring]) throws(RowProblem) -> LabeledBox {
        if let problem = foreignRow(fields) { throw problem }
        let found = fields.count.counted("number")
        let isPolygon = fields.count >= 7 && fields.count % 2 == 1
        if let layout {
            guard fields.count == 5 + layout.numberCount else {
                throw RowProblem(
                    sentence: "has \(found), and a box with \(layout.count) keypoints of \(layout.dimensions) "
                        + "has \(5 + layout.numberCount)")
            }
            return try pose(fields, layout)
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
        let (classIndex, numbers) = try numbers(fields)
        var label = try label(numbers, classIndex)
        if task == .detect { label.polygon = [] }
        return label
    }

    /// What a row is that other programs write, if it is one.
    private func foreignRow(_ fields: [Substring]) -> RowProblem? {
        func isNumber(_ field: Substring) -> Bool { Float(field) != nil }
        if (9...10).contains(fields.count), fields.prefix(8).allSatisfy(isNumber), !isNumber(fields[8]) {
            return RowProblem(
                sentence:
                    "is a row of DOTA, in pixels: put such files into a folder labelTxt beside images, and give "
                    + "the folder that holds both")
        }
        guard fields.contains(where: { $0.utf8.contains(UInt8(ascii: ",")) }) else { return nil }
        let parts = fields.flatMap { $0.split(separator: ",") }
        guard parts.count >= fields.count + 4, parts.allSatisfy(isNumber) else { return nil }
        return RowProblem(sentence: "has commas in or between its numbers, and has to be as in 0 0.5 0.5 0.2 0.2")
    }

    /// The class, and the numbers behind it.
    private func numbers(_ fields: [Substring]) throws(RowProblem) -> (classIndex: Int, numbers: [Float]) {
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
    private mutating func pose(_ fields: [Substring], _ layout: KeypointLayout) throws(RowProblem) -> LabeledBox {
        let (classIndex, numbers) = try numbers(fields)
        var label = try label(Array(numbers.prefix(4)), classIndex)
        for number in 0..<layout.count {
            let own = numbers[(4 + number * layout.dimensions)...].prefix(layout.dimensions)
            let (x, y) = (own[own.startIndex], own[own.startIndex + 1])
            let visibility = layout.dimensions == 3 ? own[own.startIndex + 2] : (x < 0 || y < 0 ? 0 : 1)
            guard Keypoint.visibilities.contains(visibility) else {
                throw RowProblem(
                    sentence: "keypoint \(number) has the visibility \(visibility), and 0, 1 or 2 is needed")
            }
            let point = Keypoint(x: x, y: y, visibility: visibility)
            var remark: String?
            do throws(ImageEdges.Problem) {
                label.keypoints.append(try edges.clipped(point, name: "keypoint \(number)") { remark = $0 })
            } catch {
                throw RowProblem(sentence: "keypoint \(number) is outside the image: \(x), \(y)")
            }
            if let remark { remarks.append(remark) }
        }
        return label
    }

    /// A box, or the box around corners.
    private mutating func label(_ numbers: [Float], _ classIndex: Int) throws(RowProblem) -> LabeledBox {
        var label: LabeledBox
        if numbers.count == 4 {
            let box = Box(centerX: numbers[0], centerY: numbers[1], width: numbers[2], height: numbers[3])
            label = LabeledBox(box, classIndex: classIndex)
        } else {
            let points = stride(from: 0, to: numbers.count, by: 2).map { PlanePoint(numbers[$0], numbers[$0 + 1]) }
            label = LabeledBox(polygon: points, classIndex: classIndex)
            label.isOriented = task == .obb
        }
        var remark: String?
        do throws(ImageEdges.Problem) {
            label = try edges.clipped(label) { remark = $0 }
        } catch {
            let outside = numbers.first { !(0...1).contains($0) }
            let reason = outside.map {
                ": \($0) is not a fraction from 0 to 1" + ($0 > 2 ? "; are these pixels?" : "")
            }
            throw RowProblem(
                sentence: error == .noArea
                    ? "the box has no area" : "the box reaches outside the image" + (reason ?? ""))
        }
        if let remark { remarks.append(remark) }
        return label
    }
}
