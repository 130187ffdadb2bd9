import Foundation
import Switchback
import SwitchbackFormats

/// Data with an image of masks for each image: gray PNG files in `masks`, which lie as the images do in `images`. 0 is
/// background; another value is the number of a class, from 1 on, as `classes.txt` names them, or, where there is none,
/// all values are of the class `object`. Pixels that touch are one object.
enum MaskImageData {
    static let folder = "masks"

    static func load(_ path: String, for task: YOLOTask) throws -> DetectionData {
        var data = ShapeData(kind: "images of masks", path: path)
        let namesPath = Folder.join(path, ClassNamesFile.name)
        let names = try Folder.exists(namesPath) ? classNames(namesPath) : nil
        data.classNames = names ?? ["object"]
        let (images, masks) = (Folder.join(path, "images"), Folder.join(path, folder))
        let files = try ImageSurvey.files(under: images)
        if files.isEmpty { data.problems.append(InputError(images, "holds no image")) }
        let read = ImageSurvey.map(files, chunk: 4) { file -> Result<ShapedImage, any Error> in
            let inner = (String(file.dropFirst(images.count + 1)) as NSString).deletingPathExtension
            return Result { try image(file, mask: Folder.join(masks, inner + ".png"), names) }
        }
        for (file, image) in zip(files, read) {
            do {
                data.images.append(try image.get())
            } catch {
                data.problems.append(error as? InputError ?? InputError(file, "\(error)"))
            }
        }
        return try data.data(for: task)
    }

    /// A class on each line: its number is the value of its pixels, so that none can be missing before the last. Lines after
    /// that may be empty.
    private static func classNames(_ path: String) throws -> [String] {
        var names = try TextFile.rows(path).map { $0.trimmingCharacters(in: .whitespaces) }
        while names.last?.isEmpty ?? false { names.removeLast() }
        if names.isEmpty { throw InputError(path, "names no class", remedy: "without it, all values are of one class") }
        for (index, name) in names.enumerated() {
            if name.isEmpty {
                throw InputError(
                    path, at: "line \(index + 1)", "is empty, and the value \(index + 1) of the masks is named there",
                    remedy: "write its name, also of a class that does not occur")
            }
            if let first = names[..<index].firstIndex(of: name) {
                throw InputError(path, at: "line \(index + 1)", "names \(name), as line \(first + 1) does")
            }
        }
        return names
    }

    private static func image(_ file: String, mask path: String, _ names: [String]?) throws -> ShapedImage {
        guard Folder.exists(path) else { throw InputError(path, "there is no such image of masks") }
        let header = try ImageSurvey.header(path)
        guard header.fileChannels < 3 else {
            throw InputError(path, "is a color image, and masks are gray: 0 for the background, else a class")
        }
        guard header.channelBits <= 8 else {
            throw InputError(
                path, "has 16 bits a pixel, and masks have 8: 0 for the background, else a class",
                remedy: "save it with 8 bits")
        }
        let image = try Image.load(path, as: .gray)
        let values = names == nil ? [nil] : Set(image.pixels).subtracting([0]).sorted().map { Optional($0) }
        let objects = try values.flatMap { value -> [ShapedImage.Object] in
            if let value, let names, Int(value) > names.count {
                throw InputError(
                    path, "has the value \(value), and \(ClassNamesFile.name) names \(names.count.counted("class"))",
                    remedy: "without \(ClassNamesFile.name), all values are of one class")
            }
            let mask = InstanceMask(imageHeight: image.height, imageWidth: image.width) { row, column in
                let pixel = image.pixels[row * image.width + column]
                return value.map { pixel == $0 } ?? (pixel > 0)
            }
            let name = value.flatMap { names?[Int($0) - 1] } ?? "object"
            // Centers of pixels lie half a pixel from their corners. A line of pixels has no area.
            return mask.outlines.filter { $0.count > 2 }.enumerated().map { number, outline in
                .init(name: name, outline: outline.map { $0 + 0.5 }, place: "\(name) \(number + 1)")
            }
        }
        let size = MarkedSize(height: image.height, width: image.width)
        return ShapedImage(file: path, imagePath: file, size: size, objects: objects)
    }
}
