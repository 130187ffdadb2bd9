import Foundation
import Switchback

/// What a program for labeling says of an image: objects by the names of their classes, with outlines in pixels.
struct ShapedImage: Sendable {
    struct Object: Sendable {
        let name: String
        /// The corners; of a box its four.
        let outline: [PlanePoint]
        /// Where it stands, for messages.
        let place: String
    }

    /// The file that says it.
    let file: String
    let imagePath: String
    /// The part that it is in, where that is said; else the folders tell.
    var split: DataSplit?
    let objects: [Object]
}

/// Makes data of what programs for labeling say of images.
struct ShapeData {
    let kind: String
    let path: String
    /// By number; those that occur, in alphabetical order, if `nil`.
    var classNames: [String]?
    var images: [ShapedImage] = []
    var problems: [InputError] = []
    var remarks: [String] = []

    init(kind: String, path: String) { (self.kind, self.path) = (kind, path) }

    /// The data for a task. An image with an object that cannot be used is left out, and named.
    func data(for task: YOLOTask) throws -> DetectionData {
        guard task != .pose else {
            throw InputError(
                path, "\(kind) are read for boxes and outlines alone",
                remedy: "give a data.yaml with kpt_shape, or COCO annotations with keypoints")
        }
        let names = classNames ?? Set(images.flatMap { $0.objects.map(\.name) }).sorted()
        let numbers = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let headers = ImageSurvey.map(images.map(\.imagePath)) { path in Result { try ImageSurvey.header(path) } }
        var (problems, remarks) = (problems, remarks)
        var splits: [DataSplit: [DetectionExample]] = [:]
        for (image, header) in zip(images, headers) {
            do {
                let header = try header.get()
                var bad: [InputError] = []
                let labels = image.objects.compactMap { object in
                    Self.label(
                        object, numbers[object.name] ?? 0, header, for: task,
                        refuse: { bad.append(InputError(image.file, at: object.place, $0)) },
                        remark: { remarks.append("\(image.file), \(object.place): \($0)") })
                }
                problems += bad
                if !bad.isEmpty { continue }
                splits[image.split ?? split(of: image.imagePath), default: []].append(
                    DetectionExample(
                        imagePath: image.imagePath, height: header.height, width: header.width, labels: labels))
            } catch {
                problems.append(error as? InputError ?? InputError(image.imagePath, "\(error)"))
            }
        }
        return DetectionData(
            kind: kind, path: path, classNames: names, splits: splits, problems: problems, remarks: remarks)
    }

    private static func label(
        _ object: ShapedImage.Object, _ classIndex: Int, _ header: ImageHeader, for task: YOLOTask,
        refuse: (String) -> Void, remark: (String) -> Void
    ) -> LabeledBox? {
        guard object.outline.count > 2, object.outline.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else {
            refuse("its outline has fewer than 3 points")
            return nil
        }
        let (height, width) = (header.height, header.width)
        let box = PixelBoxes.label(
            Box(around: object.outline), classIndex, height: height, width: width, refuse: refuse, remark: remark)
        guard box != nil, task != .detect else { return box }
        var label = LabeledBox(polygon: object.outline, classIndex: classIndex)
            .scaled(x: 1 / Float(width), y: 1 / Float(height)).clipped(to: Box(height: 1, width: 1))
        label.isOriented = task == .obb
        return label
    }

    /// The part by the names of the folders that an image lies in; outside of such folders it is for training.
    private func split(of imagePath: String) -> DataSplit {
        let depth = path.split(separator: "/").count
        let folders = imagePath.split(separator: "/").dropFirst(depth).dropLast()
        return folders.lazy.compactMap { DataSplit(folderName: String($0)) }.first ?? .train
    }
}

extension Box {
    /// From the one at the top left, clockwise.
    var corners: [PlanePoint] {
        [PlanePoint(x1, y1), PlanePoint(x2, y1), PlanePoint(x2, y2), PlanePoint(x1, y2)]
    }
}

extension [PlanePoint] {
    /// A polygon that stands for an ellipse.
    ///
    /// - Parameters:
    ///   - radii: along its own axes.
    ///   - turn: how far these are turned from the image's, in radians.
    static func ellipse(center: PlanePoint, radii: PlanePoint, turn: Float = 0) -> [PlanePoint] {
        let corners = 64
        return (0..<corners).map { number in
            let angle = Float(number) * 2 * .pi / Float(corners)
            let (x, y) = (radii.x * cos(angle), radii.y * sin(angle))
            return PlanePoint(
                center.x + x * cos(turn) - y * sin(turn), center.y + x * sin(turn) + y * cos(turn))
        }
    }
}
