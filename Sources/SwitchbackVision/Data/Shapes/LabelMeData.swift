import Foundation
import Switchback
import SwitchbackFormats

/// Data as LabelMe writes it (github.com/wkentaro/labelme): a JSON file beside each image, with shapes whose points are
/// in pixels. A shape of the type point is a keypoint of the object in whose group it is; one that is difficult is hidden,
/// as in X-AnyLabeling.
enum LabelMeData {
    private struct File: Decodable {
        let shapes: [Shape]
        let imagePath: String?
        let imageHeight, imageWidth: Int?
    }

    private struct Shape: Decodable {
        let label: String
        let points: [[Float]]
        let shape_type: String?
        let group_id: JSONIdentifier?
        let difficult: Bool?
        /// Of a shape of the type mask: a PNG file in Base64, from the first point to the second.
        let mask: String?
    }

    /// So many files are looked into.
    private static let triedFiles = 100

    /// Whether there are such files under a folder, be they damaged.
    static func lies(in folder: String) throws -> Bool {
        try Folder.files(under: folder, extensions: ["json"]).prefix(triedFiles).contains(where: isLikely)
    }

    /// Whether a file is one by its first keys; an empty one is where an image of its name is beside it.
    static func isLikely(_ path: String) -> Bool {
        if JSONFile.head(of: path, mentions: ["shapes", "imagePath"]) { return true }
        return JSONFile.head(of: path).isEmpty && imageBeside(path) != nil
    }

    static func load(_ path: String, for task: YOLOTask) throws -> DetectionData {
        var data = ShapeData(kind: "LabelMe annotations", path: path)
        data.classNames = try ClassNamesFile.names(in: path, occurring: [])
        let files = try Folder.files(under: path, extensions: ["json"])
        for (file, result) in zip(files, ImageSurvey.map(files, { file in Result { try read(file) } })) {
            do {
                let read = try result.get()
                var (objects, points): ([ShapedImage.Object], [ShapedImage.Point]) = ([], [])
                for (number, shape) in read.shapes.enumerated() {
                    let place = "shape \(number + 1)"
                    let group = shape.group_id.map(\.text)
                    if let outline = try outline(of: shape, file, place) {
                        objects.append(.init(name: shape.label, outline: outline, place: place, group: group))
                    } else if task == .pose, shape.shape_type == "point", let at = shape.points.first {
                        points.append(
                            .init(
                                name: shape.label, at: PlanePoint(at[0], at[1]),
                                visibility: shape.difficult == true ? 1 : 2, group: group, place: place))
                    } else {
                        data.remarks.append(
                            "\(file), \(place): a \(shape.shape_type ?? "shape") has no area, and is left out")
                    }
                }
                let image = try imagePath(of: file, read)
                if let other = imageBeside(file), other != image {
                    data.remarks.append("\(file): it says that it is of \(image), which is taken, and not of \(other)")
                }
                data.images.append(
                    ShapedImage(
                        file: file, imagePath: image,
                        size: MarkedSize(height: read.imageHeight, width: read.imageWidth), objects: objects,
                        points: points))
            } catch {
                data.problems.append(error as? InputError ?? InputError(file, "\(error)"))
            }
        }
        return try data.data(for: task)
    }

    private static func read(_ path: String) throws -> File {
        try JSONFile.decode(File.self, from: JSONFile.read(path), of: path, as: "LabelMe")
    }

    /// The image that a file names, beside it; else the one of the same name.
    private static func imagePath(of file: String, _ read: File) throws -> String {
        let folder = Folder.parent(file)
        let named = read.imagePath.map {
            Folder.join(folder, ($0.replacing("\\", with: "/") as NSString).lastPathComponent)
        }
        if let named, Folder.exists(named) { return named }
        if let beside = imageBeside(file) { return beside }
        throw InputError(file, "there is no image \(read.imagePath ?? Folder.stem(file)) beside it")
    }

    private static func imageBeside(_ file: String) -> String? {
        let stem = (file as NSString).deletingPathExtension
        return Image.fileExtensions.map { "\(stem).\($0)" }.first(where: Folder.exists)
    }

    /// The outline of a shape; `nil` if it is of a kind without an area.
    private static func outline(of shape: Shape, _ file: String, _ place: String) throws -> [PlanePoint]? {
        guard shape.points.allSatisfy({ $0.count == 2 }) else {
            throw InputError(file, at: place, "its points are not of 2 numbers each")
        }
        let points = shape.points.map { PlanePoint($0[0], $0[1]) }
        func need(_ count: Int) throws {
            guard points.count == count else {
                throw InputError(
                    file, at: place,
                    "a \(shape.shape_type ?? "shape") has \(count) points, and this one \(points.count)")
            }
        }
        switch shape.shape_type ?? "polygon" {
        case "polygon", "oriented_rectangle": return points
        case "rectangle" where points.count == 4: return points
        case "rectangle":
            try need(2)
            return Box(around: points).corners
        case "circle":
            try need(2)
            let arm = points[1] - points[0]
            let radius = (arm * arm).sum().squareRoot()
            return [PlanePoint].ellipse(center: points[0], radii: PlanePoint(radius, radius))
        case "mask":
            try need(2)
            return try mask(shape, from: points[0], file, place)
        case "point", "line", "linestrip", "points": return nil
        case let other: throw InputError(file, at: place, "the type of shape '\(other)' is not known")
        }
    }

    private static func mask(
        _ shape: Shape, from corner: PlanePoint, _ file: String, _ place: String
    ) throws -> [PlanePoint] {
        guard let text = shape.mask, let bytes = Data(base64Encoded: text) else {
            throw InputError(file, at: place, "its mask is not Base64")
        }
        let image = try bytes.withUnsafeBytes { try Image.decode($0, name: "\(file), \(place)", as: .gray) }
        let mask = InstanceMask(imageHeight: image.height, imageWidth: image.width) {
            image.pixels[$0 * image.width + $1] > 0
        }
        // The centers of pixels, which lie half a pixel from their corners.
        return mask.outline.map { $0 + corner + 0.5 }
    }
}
