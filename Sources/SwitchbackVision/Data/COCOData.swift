import Foundation
import Switchback

/// Data as COCO describes it: one JSON file for each part, with pictures, categories and annotations whose boxes are
/// [x, y, width, height] in pixels. Classes are numbered in the order of the categories' ids. Annotations of crowds are
/// left out, as they mark no single thing.
enum COCOData {
    private struct File: Decodable {
        struct Picture: Decodable {
            let id: Int
            let file_name: String
            let width, height: Int?
        }
        struct Category: Decodable {
            let id: Int
            let name: String
        }
        struct Annotation: Decodable {
            let id: Int?
            let image_id, category_id: Int
            let bbox: [Float]
            let iscrowd: Int?
        }
        let images: [Picture]
        let categories: [Category]
        let annotations: [Annotation]
    }

    /// A folder with a JSON file for each part in `annotations`, told apart by `train`, `val` and `test` in their names.
    static func load(folder: String) throws -> DetectionData {
        let annotations = try Folder.names(in: folder).first { $0.lowercased() == "annotations" } ?? "annotations"
        let inner = Folder.join(folder, annotations)
        let names = try Folder.names(in: inner).filter { $0.hasSuffix(".json") }
        let known = names.filter { name in
            !["captions", "keypoints", "image_info", "panoptic", "stuff"].contains { name.hasPrefix($0) }
        }
        var files: [(DataSplit, String)] = []
        for split in DataSplit.allCases {
            if let name = known.first(where: { $0.lowercased().contains(split.rawValue) }) {
                files.append((split, Folder.join(inner, name)))
            }
        }
        if files.isEmpty, let only = known.first { files = [(.train, Folder.join(inner, only))] }
        return try load(files: files, root: folder)
    }

    static func load(files: [(DataSplit, String)], root: String) throws -> DetectionData {
        var classes: [File.Category] = []
        var splits: [DataSplit: [DetectionExample]] = [:]
        var problems: [InputError] = []
        for (split, path) in files {
            let file = try read(path)
            if classes.isEmpty {
                classes = file.categories.sorted { $0.id < $1.id }
            } else if classes.map(\.name) != file.categories.sorted(by: { $0.id < $1.id }).map(\.name) {
                throw InputError(path, "has other categories than \(files[0].1)")
            }
            splits[split] = try examples(file, path, root: root, &problems)
        }
        return DetectionData(
            kind: "COCO annotations", path: root, classNames: classes.map(\.name), splits: splits, problems: problems)
    }

    private static func read(_ path: String) throws -> File {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw InputError(path, "the file cannot be read")
        }
        do {
            return try JSONDecoder().decode(File.self, from: data)
        } catch let DecodingError.keyNotFound(key, context) {
            throw InputError(path, at: place(context), "the key \(key.stringValue) is missing")
        } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context) {
            throw InputError(path, at: place(context), "the value is of another kind than COCO's")
        } catch {
            throw InputError(path, "is no JSON text")
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let keys = context.codingPath.map { $0.intValue.map { "number \($0)" } ?? $0.stringValue }
        return keys.isEmpty ? "top level" : keys.joined(separator: ", ")
    }

    private static func examples(
        _ file: File, _ path: String, root: String, _ problems: inout [InputError]
    ) throws -> [DetectionExample] {
        let folders = try imageFolders(path, root: root)
        let numbers = Dictionary(
            file.categories.map(\.id).sorted().enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let byPicture = Dictionary(grouping: file.annotations.filter { $0.iscrowd != 1 }, by: \.image_id)
        let known = Set(file.images.map(\.id))
        for stray in byPicture.keys.filter({ !known.contains($0) }).sorted() {
            problems.append(InputError(path, at: "annotations", "there is no picture with the id \(stray)"))
        }
        let places = file.images.map { picture in
            folders.map { Folder.join($0, picture.file_name) }.first(where: Folder.exists)
                ?? Folder.join(folders[0], picture.file_name)
        }
        let headers = ImageSurvey.map(places) { path in Result { try ImageSurvey.header(path) } }
        var examples: [DetectionExample] = []
        for (picture, (place, header)) in zip(file.images, zip(places, headers)) {
            do {
                let header = try header.get()
                var bad: [InputError] = []
                let labels = (byPicture[picture.id] ?? []).compactMap {
                    label($0, picture, header, numbers, path, &bad)
                }
                problems += bad
                if !bad.isEmpty { continue }
                examples.append(
                    DetectionExample(
                        imagePath: place, height: header.height, width: header.width, labels: labels))
            } catch {
                problems.append(error as? InputError ?? InputError(place, "\(error)"))
            }
        }
        return examples
    }

    private static func label(
        _ annotation: File.Annotation, _ picture: File.Picture, _ header: ImageHeader, _ numbers: [Int: Int],
        _ path: String, _ problems: inout [InputError]
    ) -> LabeledBox? {
        let place = "annotation \(annotation.id.map(String.init) ?? "of \(picture.file_name)")"
        func refuse(_ sentence: String) -> LabeledBox? {
            problems.append(InputError(path, at: place, sentence))
            return nil
        }
        guard let classIndex = numbers[annotation.category_id] else {
            return refuse("there is no category with the id \(annotation.category_id)")
        }
        let numbers = annotation.bbox
        guard numbers.count == 4 else {
            return refuse("its box has \(numbers.count.counted("number")), and 4 are needed: x, y, width and height")
        }
        let box = Box(x1: numbers[0], y1: numbers[1], x2: numbers[0] + numbers[2], y2: numbers[1] + numbers[3])
        return PixelBoxes.label(
            box, classIndex, height: picture.height ?? header.height, width: picture.width ?? header.width,
            refuse: { _ = refuse($0) })
    }

    /// Where pictures are looked for: beside the file of annotations, and in the folders that data sets use.
    private static func imageFolders(_ path: String, root: String) throws -> [String] {
        let beside = Folder.parent(path)
        let base = Folder.isFolder(root) ? root : Folder.parent(beside)
        let part = Folder.stem(path).replacingOccurrences(of: "instances_", with: "")
        let inner = [part, "images/\(part)", "images"].map { Folder.join(base, $0) }
        return [beside, base] + inner + (["images", part].map { Folder.join(beside, $0) })
    }
}

/// Boxes in pixels, as COCO and Pascal VOC have them, made labels.
enum PixelBoxes {
    /// How far a box may reach over the picture's edge, in pixels.
    private static let tolerance: Float = 2

    /// A box in fractions of the picture; `nil`, and a call of `refuse`, where it is empty or outside.
    static func label(
        _ box: Box, _ classIndex: Int, height: Int, width: Int, refuse: (String) -> Void
    ) -> LabeledBox? {
        guard box.width > 0, box.height > 0 else {
            refuse("its box has no area")
            return nil
        }
        let isInside =
            box.x1 >= -tolerance && box.y1 >= -tolerance && box.x2 <= Float(width) + tolerance
            && box.y2 <= Float(height) + tolerance
        guard isInside else {
            refuse("its box reaches outside the picture of \(width)×\(height) pixels")
            return nil
        }
        let clipped = box.clipped(height: height, width: width)
        return LabeledBox(clipped.scaled(x: 1 / Float(width), y: 1 / Float(height)), classIndex: classIndex)
    }
}
