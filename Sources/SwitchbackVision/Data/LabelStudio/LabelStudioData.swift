import Foundation
import Switchback
import SwitchbackFormats

/// Data as Label Studio exports it (labelstud.io): rectangles, polygons, ellipses, masks and keypoints of the tasks of one
/// project, in percent of the sides of images that lie beside the file.
enum LabelStudioData {
    static func load(_ path: String, for task: YOLOTask) throws -> DetectionData {
        let file = try LabelStudioFile(path)
        let images = try LabelStudioImages(beside: path)
        var data = ShapeData(kind: "Label Studio annotations", path: Folder.parent(path))
        data.problems = file.problems
        var choices = 0
        for (number, one) in file.tasks.enumerated() {
            let place = "task \(one.name(number))"
            func remark(_ sentence: String) { data.remarks.append("\(path), \(place): \(sentence)") }
            do {
                let imagePath = try images.path(of: one)
                guard let chosen = one.chosen else {
                    if one.hasPredictions { remark("has predictions alone, which nobody has confirmed") }
                    data.images.append(ShapedImage(file: path, imagePath: imagePath, isLabeled: false, objects: []))
                    continue
                }
                if let sentence = chosen.remark { remark(sentence) }
                let said = try LabelStudioMarks(chosen.annotation, place, for: task)
                for sentence in said.remarks { remark(sentence) }
                choices += said.choices
                data.images.append(
                    ShapedImage(
                        file: path, imagePath: imagePath,
                        size: MarkedSize(height: said.size?.height, width: said.size?.width), objects: said.objects,
                        points: said.points))
            } catch let problem as LabelStudioProblem {
                data.problems.append(InputError(path, at: place, problem.sentence))
            }
        }
        if choices > 0, data.images.allSatisfy({ $0.objects.isEmpty && $0.points.isEmpty }) {
            throw InputError(
                path, "has choices of whole images and no objects",
                remedy: "give --to folders for a folder of each class")
        }
        if choices > 0 {
            data.remarks.append("\(path): \(choices.counted("choice")) of whole images are left out: objects are read")
        }
        return try data.data(for: task)
    }
}

/// What one annotation marks in an image.
struct LabelStudioMarks {
    private(set) var size: (height: Int, width: Int)?
    private(set) var objects: [ShapedImage.Object] = []
    private(set) var points: [ShapedImage.Point] = []
    private(set) var remarks: [String] = []
    /// How many choices there are of the whole image.
    private(set) var choices = 0

    private enum Kind: String { case rectangle, polygon, ellipse, brush, keypoint }

    /// A shape with what other entries of the list say of it.
    private struct Shape {
        let number: Int
        let kind: Kind
        let region: LabelStudioRegion
        var labels: [String]
        var choices: [String] = []
        var owner: String?
    }

    /// - Parameter place: of the task, for messages.
    /// - Throws: `LabelStudioProblem` where something cannot be used: then nothing of the image can.
    init(_ annotation: LabelStudioTask.Annotation, _ place: String, for task: YOLOTask) throws {
        let (shapes, order) = try shapes(of: annotation)
        for id in order {
            guard let shape = shapes[id] else { continue }
            let own = "\(place), region \(shape.number)"
            guard let name = shape.labels.first else {
                throw LabelStudioProblem("region \(shape.number) has no label")
            }
            if shape.labels.count > 1 {
                remarks.append("region \(shape.number) has \(shape.labels.count) labels, and the first is taken")
            }
            try takeSize(of: shape)
            if shape.kind != .keypoint {
                objects.append(.init(name: name, outline: try outline(of: shape), place: own, group: id))
            } else if task == .pose {
                let hides = shape.choices.contains { ["hidden", "occluded"].contains($0.lowercased()) }
                points.append(
                    .init(
                        name: name, at: try point(of: shape), visibility: hides ? 1 : 2, group: shape.owner, place: own)
                )
            }
        }
        let left = shapes.values.count { $0.kind == .keypoint } - points.count
        if left > 0 { remarks.append("\(left.counted("keypoint")) left out: only pose reads them") }
    }

    /// The shapes by their names, and these in their order.
    private mutating func shapes(
        of annotation: LabelStudioTask.Annotation
    ) throws -> (shapes: [String: Shape], order: [String]) {
        var (shapes, order): ([String: Shape], [String]) = ([:], [])
        var (labels, answers): ([String: [String]], [String: [String]]) = ([:], [:])
        var relations: [(String, String)] = []
        for (position, element) in annotation.result.enumerated() {
            let region: LabelStudioRegion
            switch element.result {
            case .success(let found): region = found
            case .failure(let error): throw LabelStudioProblem("region \(position + 1): \(error.sentence)")
            }
            let id = region.id?.text ?? "number \(position + 1)"
            let name = region.type.hasSuffix("labels") ? String(region.type.dropLast(6)) : region.type
            if let kind = Kind(rawValue: name) {
                let own = Shape(
                    number: position + 1, kind: kind, region: region, labels: region.value?.labels ?? [],
                    owner: region.parentID?.text)
                if shapes.updateValue(own, forKey: id) != nil {
                    throw LabelStudioProblem("two regions are called \(id)")
                }
                order.append(id)
            } else if region.type == "labels" {
                labels[id, default: []] += region.value?.labels ?? []
            } else if region.type == "choices" {
                answers[id, default: []] += region.value?.choices ?? []
            } else if let from = region.from_id, let to = region.to_id {
                relations.append((from.text, to.text))
            } else if region.type.hasSuffix("labels") {
                throw LabelStudioProblem("region \(position + 1): \(region.type) are not read")
            }
        }
        for (id, found) in labels { shapes[id]?.labels += found }
        for (id, found) in answers {
            if shapes[id] == nil { choices += 1 }
            shapes[id]?.choices += found
        }
        // A relation has a direction, which tells nothing here: a keypoint belongs to what is none.
        for (one, other) in relations.flatMap({ [$0, ($0.1, $0.0)] }) where shapes[other]?.kind != .keypoint {
            if shapes[one]?.kind == .keypoint, shapes[one]?.owner == nil { shapes[one]?.owner = other }
        }
        return (shapes, order)
    }

    /// All regions are of one image, whose sides each of them tells.
    private mutating func takeSize(of shape: Shape) throws {
        let region = shape.region
        guard let height = region.original_height, let width = region.original_width, height > 0, width > 0,
            max(height, width) <= 1 << 20
        else { throw LabelStudioProblem("region \(shape.number) has no original_width and original_height") }
        if let size, size != (height, width) {
            throw LabelStudioProblem(
                "region \(shape.number) is of an image of \(width)×\(height) pixels, and others are of one of "
                    + "\(size.width)×\(size.height)")
        }
        if let turn = region.image_rotation, turn != 0 {
            throw LabelStudioProblem(
                "region \(shape.number) was drawn with the image turned by \(Int(exactly: turn) ?? 90) degrees")
        }
        size = (height, width)
    }

    /// Throws where a number is missing.
    private func numbers(_ shape: Shape, _ values: Float?...) throws -> [Float] {
        let found = values.compactMap { $0 }
        guard found.count == values.count, found.allSatisfy(\.isFinite) else {
            throw LabelStudioProblem("region \(shape.number): a \(shape.kind) has other numbers")
        }
        return found
    }

    /// A point in percent as one in pixels.
    private func pixels(_ x: Float, _ y: Float) -> PlanePoint {
        guard let size else { return .zero }
        return PlanePoint(x * Float(size.width) / 100, y * Float(size.height) / 100)
    }

    private func point(of shape: Shape) throws -> PlanePoint {
        let n = try numbers(shape, shape.region.value?.x, shape.region.value?.y)
        return pixels(n[0], n[1])
    }

    private func outline(of shape: Shape) throws -> [PlanePoint] {
        let value = shape.region.value
        let turn = (value?.rotation ?? 0) * .pi / 180
        switch shape.kind {
        case .rectangle:
            // Turned around its first corner, clockwise.
            let n = try numbers(shape, value?.x, value?.y, value?.width, value?.height)
            let (corner, sides) = (pixels(n[0], n[1]), pixels(n[2], n[3]))
            let across = PlanePoint(cos(turn), sin(turn)) * sides.x
            let down = PlanePoint(-sin(turn), cos(turn)) * sides.y
            return [corner, corner + across, corner + across + down, corner + down]
        case .polygon:
            let points = value?.points ?? []
            guard points.allSatisfy({ $0.count == 2 }) else {
                throw LabelStudioProblem("region \(shape.number): its points are not of 2 numbers each")
            }
            return points.map { pixels($0[0], $0[1]) }
        case .ellipse:
            let n = try numbers(shape, value?.x, value?.y, value?.radiusX, value?.radiusY)
            return .ellipse(center: pixels(n[0], n[1]), radii: pixels(n[2], n[3]), turn: turn)
        case .brush:
            let outline = LabelStudioBrush.outline(
                value?.rle ?? [], height: size?.height ?? 0, width: size?.width ?? 0)
            guard let outline else { throw LabelStudioProblem("region \(shape.number): its mask is damaged") }
            return outline
        case .keypoint: return []
        }
    }
}
