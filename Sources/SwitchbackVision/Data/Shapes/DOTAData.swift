import Foundation
import Switchback
import SwitchbackFormats

/// Oriented boxes as DOTA has them (Xia et al., 2018): a text file for each image in a folder whose name begins with
/// `labelTxt`, the images in `images` beside it. A row is the corners in pixels, the class, and whether the object is
/// difficult, which is not used; rows before, such as `gsd:0.15`, say how the image was made.
enum DOTAData {
    private static let labelFolder = "labelTxt"
    private static let imageFolder = "images"

    /// Whether such folders lie in a folder, or in those of its parts.
    static func lies(in folder: String) throws -> Bool { try !labelFolders(in: folder).isEmpty }

    static func load(_ path: String, for task: YOLOTask) throws -> DetectionData {
        var data = ShapeData(kind: "DOTA annotations", path: path)
        for folder in try labelFolders(in: path) {
            let files = try Folder.files(under: folder, extensions: ["txt"])
            if files.isEmpty { data.problems.append(InputError(folder, "holds no file of labels")) }
            let images = Folder.join(Folder.parent(folder), imageFolder)
            let paths = Folder.isFolder(images) ? try ImageSurvey.files(under: images) : []
            let byStem = Dictionary(paths.map { (Folder.stem($0), $0) }, uniquingKeysWith: { first, _ in first })
            for (file, rows) in zip(files, ImageSurvey.map(files) { file in Result { try objects(of: file) } }) {
                do {
                    guard let image = byStem[Folder.stem(file)] else {
                        throw InputError(file, "there is no image \(Folder.stem(file)) in \(images)")
                    }
                    data.images.append(ShapedImage(file: file, imagePath: image, objects: try rows.get()))
                } catch {
                    data.problems.append(error as? InputError ?? InputError(file, "\(error)"))
                }
            }
        }
        return try data.data(for: task)
    }

    private static func labelFolders(in path: String) throws -> [String] {
        func own(_ folder: String) throws -> [String] {
            try Folder.names(in: folder).filter { $0.hasPrefix(labelFolder) }.map { Folder.join(folder, $0) }
                .filter(Folder.isFolder)
        }
        let parts = try Folder.names(in: path).filter { DataSplit(folderName: $0) != nil }
        return try own(path) + parts.map { Folder.join(path, $0) }.filter(Folder.isFolder).flatMap(own)
    }

    private static func objects(of file: String) throws -> [ShapedImage.Object] {
        try TextFile.rows(file).enumerated().compactMap { index, line in
            let place = "line \(index + 1)"
            let fields = line.split(whereSeparator: \.isWhitespace)
            if fields.isEmpty || ["imagesource:", "gsd:"].contains(where: { fields[0].lowercased().hasPrefix($0) }) {
                return nil
            }
            let numbers = fields.prefix(8).compactMap { Float($0) }.filter(\.isFinite)
            guard numbers.count == 8, (9...10).contains(fields.count) else {
                throw InputError(file, at: place, "is not eight numbers, a class and 0 or 1, as in DOTA")
            }
            let corners = stride(from: 0, to: 8, by: 2).map { PlanePoint(numbers[$0], numbers[$0 + 1]) }
            return .init(name: String(fields[8]), outline: corners, place: place)
        }
    }
}
