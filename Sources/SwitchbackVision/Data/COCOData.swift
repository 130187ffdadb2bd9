import Foundation
import Switchback
import SwitchbackFormats

/// Data as COCO describes it: one JSON file for each part, with images, categories and annotations whose boxes are
/// [x, y, width, height] in pixels. Classes are numbered in the order of the categories' ids. Annotations of crowds are
/// left out, as they mark no single thing.
enum COCOData {
    private struct File: Decodable {
        struct ImageEntry: Decodable {
            let id: JSONIdentifier
            let file_name: String
            let width, height: Int?
        }
        struct Category: Decodable {
            let id: JSONIdentifier
            let name: String
            let supercategory: String?
            /// The names of the keypoints.
            let keypoints: [String]?
            /// Pairs of them, counted from 1 on.
            let skeleton: [[Int]]?
        }
        struct Annotation: Decodable {
            let id: JSONIdentifier?
            let image_id, category_id: JSONIdentifier
            let bbox: [Float]
            let iscrowd: Int?
            let segmentation: COCOSegmentation?
            /// x, y and visibility of each keypoint, in pixels.
            let keypoints: [Float]?
        }
        let images: [Entry<ImageEntry>]
        let categories: [Category]
        let annotations: [Entry<Annotation>]
    }

    /// An element of a list, or what is wrong with it: one odd value is no reason to refuse all others.
    private struct Entry<Value: Decodable>: Decodable {
        let value: Value?
        let problem: DecodingError?
        /// The image that it belongs to, as far as that can be read.
        let image: JSONIdentifier?

        private struct Owner: Decodable {
            let id, image_id: JSONIdentifier?
        }

        init(from decoder: any Decoder) throws {
            do {
                value = try Value(from: decoder)
                (problem, image) = (nil, nil)
            } catch let error as DecodingError {
                let owner = try? Owner(from: decoder)
                (value, problem, image) = (nil, error, owner?.image_id)
            }
        }
    }

    /// A folder with a JSON file for each part in `annotations`, told apart by `train`, `val` and `test` in their
    /// names.
    static func load(folder: String, for task: YOLOTask = .detect) throws -> DetectionData {
        let annotations = try Folder.names(in: folder).first { $0.lowercased() == "annotations" } ?? "annotations"
        let inner = Folder.join(folder, annotations)
        let names = try Folder.names(in: inner).filter { $0.hasSuffix(".json") }
        let usable = names.filter { name in
            !["captions", "image_info", "panoptic", "stuff"].contains { name.hasPrefix($0) }
        }
        // Files of keypoints come first where they are wanted, and last where they are not.
        let parts = (usable.filter { $0.contains("keypoints") }, usable.filter { !$0.contains("keypoints") })
        let known = task == .pose ? parts.0 + parts.1 : parts.1 + parts.0
        var files: [(DataSplit, String)] = []
        for split in DataSplit.allCases {
            if let name = known.first(where: { $0.lowercased().contains(split.rawValue) }) {
                files.append((split, Folder.join(inner, name)))
            }
        }
        if files.isEmpty, let only = known.first { files = [(.train, Folder.join(inner, only))] }
        return try load(files: files, root: folder, for: task)
    }

    static func load(
        files: [(DataSplit, String)], root: String, for task: YOLOTask = .detect
    ) throws -> DetectionData {
        let found = try files.map { split, path in (split: split, path: path, file: try read(path)) }
        let classes = categories(found.map(\.file))
        let layout = task == .pose ? try keypointLayout(classes, files[0].1) : nil
        var splits: [DataSplit: [DetectionExample]] = [:]
        var (problems, remarks): ([InputError], [String]) = ([], [])
        for (split, path, file) in found {
            let own = file.categories.filter { category in classes.contains { $0.id == category.id } }
            if own.sorted(by: { $0.id < $1.id }).map(\.name) != classes.map(\.name) {
                throw InputError(path, "has other categories than \(files[0].1)")
            }
            splits[split] = try examples(
                file, path, root: root, for: task, classes.map(\.id), layout, &problems, &remarks)
        }
        var data = DetectionData(
            kind: "COCO annotations", path: root, classNames: classes.map(\.name), splits: splits, problems: problems,
            remarks: remarks, keypoints: layout)
        data.categories = classes.map(\.id)
        return data
    }

    /// The keypoints of all categories, which must be the same.
    private static func keypointLayout(_ classes: [File.Category], _ path: String) throws -> KeypointLayout {
        guard let names = classes.lazy.compactMap(\.keypoints).first,
            (1...KeypointLayout.mostKeypoints).contains(names.count)
        else {
            throw InputError(
                path, at: "categories", "none has keypoints, and pose needs them",
                remedy: "give a file of keypoints, such as person_keypoints_train.json")
        }
        if let other = classes.first(where: { $0.keypoints != names }) {
            throw InputError(path, at: "category \(other.name)", "its keypoints are not those of the others")
        }
        let skeleton = classes.lazy.compactMap(\.skeleton).first?.map { $0.map { $0 &- 1 } }
        let layout = KeypointLayout(names: names, skeleton: skeleton)
        if let odd = skeleton?.first(where: { !layout.isLimb($0) }) {
            throw InputError(
                path, at: "categories",
                "the skeleton has \(odd.map { $0 &+ 1 }), and pairs of keypoints from 1 to "
                    + "\(names.count) are needed")
        }
        return layout
    }

    /// The categories of the first file in the order of their ids, without those that only stand for a group of others,
    /// as Roboflow has them: no annotation is of them.
    private static func categories(_ files: [File]) -> [File.Category] {
        let all = (files.first?.categories ?? []).sorted { $0.id < $1.id }
        let groups = Set(all.compactMap { $0.supercategory == $0.name ? nil : $0.supercategory })
        let used = Set(files.flatMap { $0.annotations.compactMap { $0.value?.category_id } })
        return all.filter { used.contains($0.id) || !groups.contains($0.name) }
    }

    private static func read(_ path: String) throws -> File {
        guard var data = FileManager.default.contents(atPath: path) else {
            throw InputError(path, "the file cannot be read")
        }
        if data.starts(with: [0xEF, 0xBB, 0xBF]) { data.removeFirst(3) }
        do {
            return try decode(data)
        } catch let DecodingError.keyNotFound(key, context) {
            throw InputError(path, at: place(context), "the key \(key.stringValue) is missing")
        } catch let DecodingError.typeMismatch(_, context), let DecodingError.valueNotFound(_, context) {
            throw InputError(path, at: place(context), "the value is not of the type that COCO specifies")
        } catch {
            throw InputError.ofJSON(data, path) ?? InputError(path, "is not JSON")
        }
    }

    /// Python writes NaN and Infinity, which JSON does not have: they become null, so that they are named where they
    /// stand.
    private static func decode(_ data: Data) throws -> File {
        do {
            return try JSONDecoder().decode(File.self, from: data)
        } catch DecodingError.dataCorrupted {
            return try JSONDecoder().decode(File.self, from: withoutInfinities(data))
        }
    }

    private static func withoutInfinities(_ data: Data) -> Data {
        let words = ["NaN", "-Infinity", "Infinity"].map { Array($0.utf8) }
        let bytes = [UInt8](data)
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count)
        var (position, isInText) = (0, false)
        while position < bytes.count {
            if !isInText, let word = words.first(where: { bytes[position...].starts(with: $0) }) {
                result += Array("null".utf8)
                position += word.count
                continue
            }
            if isInText && bytes[position] == UInt8(ascii: "\\") {
                result.append(bytes[position])
                position += 1
                if position == bytes.count { break }
            } else if bytes[position] == UInt8(ascii: "\"") {
                isInText.toggle()
            }
            result.append(bytes[position])
            position += 1
        }
        return Data(result)
    }

    /// What is wrong with an element of a list, in words.
    private static func problem(_ error: DecodingError, _ path: String) -> InputError {
        switch error {
        case .keyNotFound(let key, let context):
            InputError(path, at: place(context), "the key \(key.stringValue) is missing")
        case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
            InputError(path, at: place(context), "the value is not of the type that COCO specifies")
        @unknown default: InputError(path, "\(error)")
        }
    }

    private static func place(_ context: DecodingError.Context) -> String {
        let keys = context.codingPath.map { $0.intValue.map { "number \($0)" } ?? $0.stringValue }
        return keys.isEmpty ? "top level" : keys.joined(separator: ", ")
    }

    private static func examples(
        _ file: File, _ path: String, root: String, for task: YOLOTask, _ classes: [JSONIdentifier],
        _ layout: KeypointLayout?, _ problems: inout [InputError], _ remarks: inout [String]
    ) throws -> [DetectionExample] {
        let folders = try imageFolders(path, root: root)
        problems += file.images.compactMap(\.problem).map { problem($0, path) }
        let images = file.images.compactMap(\.value)
        let annotations = try usableAnnotations(file, path, &problems, &remarks)
        let spoiled = Set(file.annotations.compactMap(\.image))
        let byImage = Dictionary(grouping: annotations, by: \.image_id)
        let known = Set(images.map(\.id))
        for stray in byImage.keys.filter({ !known.contains($0) }).sorted() {
            problems.append(InputError(path, at: "annotations", "there is no image with the id \(stray)"))
        }
        let places = images.map { image in
            folders.map { Folder.join($0, image.file_name) }.first(where: Folder.exists)
                ?? Folder.join(folders[0], image.file_name)
        }
        let headers = ImageSurvey.map(places) { path in Result { try ImageSurvey.header(path) } }
        let numbers = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var examples: [DetectionExample] = []
        for (image, (place, header)) in zip(images, zip(places, headers)) where !spoiled.contains(image.id) {
            do {
                let header = try header.get()
                var bad: [InputError] = []
                let labels = (byImage[image.id] ?? []).compactMap {
                    label($0, image, header, for: task, numbers, layout, path, &bad, &remarks)
                }
                problems += bad
                if !bad.isEmpty { continue }
                var example = DetectionExample(
                    imagePath: place, height: header.height, width: header.width, labels: labels)
                example.identifier = image.id
                examples.append(example)
            } catch {
                problems.append(error as? InputError ?? InputError(place, "\(error)"))
            }
        }
        return examples
    }

    /// The annotations that can be read and mark a single thing.
    private static func usableAnnotations(
        _ file: File, _ path: String, _ problems: inout [InputError], _ remarks: inout [String]
    ) throws -> [File.Annotation] {
        problems += file.annotations.compactMap(\.problem).map { problem($0, path) }
        let all = file.annotations.compactMap(\.value)
        let crowds = all.count { $0.iscrowd == 1 }
        if crowds > 0 {
            let verb = crowds == 1 ? "marks a crowd" : "mark crowds"
            remarks.append(
                "\(path): \(crowds.counted("annotation")) \(verb) (iscrowd 1) and no single object, and \(crowds == 1 ? "is" : "are") left out"
            )
        }
        return all.filter { $0.iscrowd != 1 }
    }

    private static func label(
        _ annotation: File.Annotation, _ image: File.ImageEntry, _ header: ImageHeader, for task: YOLOTask,
        _ numbers: [JSONIdentifier: Int], _ layout: KeypointLayout?, _ path: String, _ problems: inout [InputError],
        _ remarks: inout [String]
    ) -> LabeledBox? {
        let place = "annotation \(annotation.id.map(\.text) ?? "of \(image.file_name)")"
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
        let (height, width) = (image.height ?? header.height, image.width ?? header.width)
        let box = Box(x1: numbers[0], y1: numbers[1], x2: numbers[0] + numbers[2], y2: numbers[1] + numbers[3])
        let label = PixelBoxes.label(
            box, classIndex, height: height, width: width, refuse: { _ = refuse($0) },
            remark: { remarks.append("\(path), \(place): \($0)") })
        guard task != .detect, var label else { return label }
        if let layout {
            guard let keypoints = keypoints(annotation, layout, height: height, width: width) else {
                return refuse("it has no \(layout.count) keypoints of x, y and visibility")
            }
            label.keypoints = keypoints
            return label
        }
        switch annotation.segmentation?.outline(height: height, width: width) {
        case .success(let outline):
            var label = LabeledBox(polygon: outline, classIndex: classIndex)
                .scaled(x: 1 / Float(width), y: 1 / Float(height)).clipped(to: Box(height: 1, width: 1))
            label.isOriented = task == .obb
            return label
        case .failure(let problem): return refuse(problem.sentence)
        case nil: return refuse("it has no segmentation, and \(task) needs one")
        }
    }

    /// The keypoints of an object in fractions of the image; none are known where the file gives none.
    private static func keypoints(
        _ annotation: File.Annotation, _ layout: KeypointLayout, height: Int, width: Int
    ) -> [Keypoint]? {
        let numbers = annotation.keypoints ?? [Float](repeating: 0, count: 3 * layout.count)
        guard numbers.count == 3 * layout.count, numbers.allSatisfy(\.isFinite) else { return nil }
        return (0..<layout.count).map { point in
            let (x, y, seen) = (numbers[3 * point], numbers[3 * point + 1], numbers[3 * point + 2])
            return Keypoint(x: x / Float(width), y: y / Float(height), visibility: seen)
        }
    }

    /// Where images are looked for: beside the file of annotations, and in the folders that data sets use.
    private static func imageFolders(_ path: String, root: String) throws -> [String] {
        let beside = Folder.parent(path)
        let base = Folder.isFolder(root) ? root : Folder.parent(beside)
        let part = Folder.stem(path).replacingOccurrences(of: "instances_", with: "")
            .replacingOccurrences(of: "person_keypoints_", with: "")
        let inner = [part, "images/\(part)", "images"].map { Folder.join(base, $0) }
        return [beside, base] + inner + (["images", part].map { Folder.join(beside, $0) })
    }
}

/// Boxes in pixels, as COCO and Pascal VOC have them, made labels.
enum PixelBoxes {
    /// How far a box may reach over the image's edge without a word, in pixels: rounding does that.
    private static let tolerance: Float = 2
    /// How far it may reach at all, as a share of the image's side: what is further out is a mistake of another kind.
    private static let clippedShare: Float = 0.1

    /// A box in fractions of the image, clipped to it; `nil`, and a call of `refuse`, where it is empty or far outside.
    static func label(
        _ box: Box, _ classIndex: Int, height: Int, width: Int, refuse: (String) -> Void, remark: (String) -> Void
    ) -> LabeledBox? {
        guard box.width > 0, box.height > 0 else {
            refuse("its box has no area")
            return nil
        }
        let over = max(-box.x1, -box.y1, box.x2 - Float(width), box.y2 - Float(height))
        let clipped = box.clipped(height: height, width: width)
        guard over <= max(tolerance, clippedShare * Float(min(height, width))), clipped.width > 0, clipped.height > 0
        else {
            refuse("its box reaches outside the image of \(width)×\(height) pixels")
            return nil
        }
        if over > tolerance {
            remark(
                "its box reaches \(Int(over.rounded(.up)).counted("pixel")) over the edge of the image, and is clipped"
            )
        }
        return LabeledBox(clipped.scaled(x: 1 / Float(width), y: 1 / Float(height)), classIndex: classIndex)
    }
}
