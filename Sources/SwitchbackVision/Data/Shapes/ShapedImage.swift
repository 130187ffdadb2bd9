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
        /// By which keypoints say that they are its own.
        var group: String?
    }

    /// A point that is a keypoint of an object.
    struct Point: Sendable {
        /// Which of the object's keypoints it is.
        let name: String
        let at: PlanePoint
        /// As in `Keypoint`.
        var visibility: Float = 2
        /// That of its object; `nil` if it is that of the image's only object.
        let group: String?
        /// Where it stands, for messages.
        let place: String
    }

    /// The file that says it.
    let file: String
    let imagePath: String
    /// The part that it is in, where that is said; else the folders tell.
    var split: DataSplit?
    /// The sides of the image whose pixels the outlines count, where the file says so; else they are those of the image.
    var size: MarkedSize?
    /// Whether anyone has said what is in the image.
    var isLabeled = true
    let objects: [Object]
    var points: [Point] = []
}

/// Makes data of what programs for labeling say of images.
struct ShapeData {
    let kind: String
    let path: String
    /// By number; others that occur follow in alphabetical order.
    var classNames: [String] = []
    /// By number; others that occur follow in alphabetical order.
    var keypointNames: [String] = []
    var images: [ShapedImage] = []
    var problems: [InputError] = []
    var remarks: [String] = []

    init(kind: String, path: String) { (self.kind, self.path) = (kind, path) }

    /// The data for a task. An image with an object that cannot be used is left out, and named.
    ///
    /// - Throws: `InputError` where the task is pose and no object has a keypoint.
    func data(for task: YOLOTask) throws -> DetectionData {
        let keypoints = task == .pose ? try keypointLayout() : nil
        let names = ClassNamesFile.all(classNames, Set(images.flatMap { $0.objects.map(\.name) }).subtracting([""]))
        let numbers = Dictionary(names.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let headers = ImageSurvey.map(images.map(\.imagePath)) { path in Result { try ImageSurvey.header(path) } }
        var (problems, remarks) = (problems, remarks)
        var splits: [DataSplit: [DetectionExample]] = [:]
        let disputed = Dictionary(grouping: images, by: \.imagePath).filter { $0.value.count > 1 }
        for (image, header) in zip(images, headers) {
            do {
                if let all = disputed[image.imagePath] {
                    throw InputError(image.file, at: "image \(image.imagePath)", "is described \(all.count) times")
                }
                let header = try header.get()
                let labels = try labels(of: image, numbers, header, for: task, keypoints, &problems, &remarks)
                guard let labels else { continue }
                splits[image.split ?? split(of: image.imagePath), default: []].append(
                    DetectionExample(
                        imagePath: image.imagePath, height: header.height, width: header.width, labels: labels,
                        isLabeled: image.isLabeled))
            } catch {
                problems.append(error as? InputError ?? InputError(image.imagePath, "\(error)"))
            }
        }
        return DetectionData(
            kind: kind, path: path, classNames: names, splits: splits, problems: problems, remarks: remarks,
            keypoints: keypoints)
    }

    /// The objects of an image in fractions of its sides; `nil` where one cannot be used.
    private func labels(
        of image: ShapedImage, _ numbers: [String: Int], _ header: ImageHeader, for task: YOLOTask,
        _ keypoints: KeypointLayout?, _ problems: inout [InputError], _ remarks: inout [String]
    ) throws -> [LabeledBox]? {
        let size = try MarkedSize.of(header, at: image.imagePath, said: image.size, in: image.file)
        var bad: [InputError] = []
        var labels = image.objects.map { object in
            Self.label(
                object, numbers[object.name] ?? 0, size, for: task,
                refuse: { bad.append(InputError(image.file, at: object.place, $0)) },
                remark: { remarks.append("\(image.file), \(object.place): \($0)") })
        }
        if let keypoints {
            for (number, found) in image.keypoints(keypoints, size, &bad, &remarks).enumerated() {
                labels[number]?.keypoints = found
            }
        }
        problems += bad
        return bad.isEmpty ? labels.compactMap { $0 } : nil
    }

    private static func label(
        _ object: ShapedImage.Object, _ classIndex: Int, _ size: MarkedSize, for task: YOLOTask,
        refuse: (String) -> Void, remark: (String) -> Void
    ) -> LabeledBox? {
        guard object.outline.count > 2, object.outline.allSatisfy({ $0.x.isFinite && $0.y.isFinite }) else {
            refuse("its outline has fewer than 3 points")
            return nil
        }
        guard !object.name.isEmpty else {
            refuse("the name of its class is empty")
            return nil
        }
        var label = LabeledBox(polygon: object.outline, classIndex: classIndex)
        label.isOriented = task == .obb
        do throws(ImageEdges.Problem) {
            label = try size.clipped(label, remark: remark)
        } catch {
            refuse(size.edges.sentence(error))
            return nil
        }
        if task == .detect || task == .pose { label.polygon = [] }
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
