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
            let iscrowd: Flag?
            let segmentation: COCOSegmentation?
            /// x, y and visibility of each keypoint, in pixels.
            let keypoints: [Float]?
        }
        let images: [Entry<ImageEntry>]
        let categories: [Category]
        let annotations: [Entry<Annotation>]
    }

    /// 1 or 0, or as some programs write it, true or false.
    private struct Flag: Decodable {
        let isSet: Bool

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            isSet = try (try? container.decode(Bool.self)) ?? (container.decode(Int.self) == 1)
        }
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
        let data = try JSONFile.read(path)
        let file: File
        do {
            file = try decode(data)
        } catch let error as DecodingError {
            if case .dataCorrupted = error, let problem = InputError.ofJSON(data, path) { throw problem }
            if LabelMeData.isLikely(path) {
                throw InputError(
                    path, "is LabelMe's file of one image", remedy: "give the folder that holds all of them")
            }
            throw InputError(path, error, as: "COCO")
        }
        let identifiers = Dictionary(grouping: file.categories, by: \.id)
        if let same = identifiers.values.filter({ $0.count > 1 }).min(by: { $0[0].id < $1[0].id }) {
            let names = same.map(\.name).joined(separator: " and ")
            throw InputError(path, at: "categories", "the id \(same[0].id) is that of \(names)")
        }
        return file
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

    private static func examples(
        _ file: File, _ path: String, root: String, for task: YOLOTask, _ classes: [JSONIdentifier],
        _ layout: KeypointLayout?, _ problems: inout [InputError], _ remarks: inout [String]
    ) throws -> [DetectionExample] {
        let folders = try imageFolders(path, root: root)
        problems += file.images.compactMap(\.problem).map { InputError(path, $0, as: "COCO") }
        let images = distinctImages(file.images.compactMap(\.value), path, &problems)
        if file.images.isEmpty { problems.append(InputError(path, at: "images", "lists no image")) }
        let annotations = try usableAnnotations(file, path, &problems, &remarks)
        let spoiled = Set(file.annotations.compactMap(\.image))
        let byImage = Dictionary(grouping: annotations, by: \.image_id)
        let known = Set(file.images.compactMap(\.value?.id))
        for stray in byImage.keys.filter({ !known.contains($0) }).sorted() {
            problems.append(InputError(path, at: "annotations", "there is no image with the id \(stray)"))
        }
        let places = images.map { image in
            folders.lazy.map { WindowsPath.inFolder($0, image.file_name) }.first(where: Folder.exists)
        }
        let headers = ImageSurvey.map(places) { path in path.map { path in Result { try ImageSurvey.header(path) } } }
        let numbers = Dictionary(classes.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        var examples: [DetectionExample] = []
        for (image, (place, header)) in zip(images, zip(places, headers)) where !spoiled.contains(image.id) {
            do {
                guard let place, let header = try header?.get() else {
                    throw InputError(
                        path, at: "image \(image.id)",
                        "there is no \(image.file_name)"
                            + (image.file_name.hasPrefix("/") ? "" : " in \(folders.joined(separator: ", "))"))
                }
                let size = try MarkedSize.of(
                    header, at: place, said: MarkedSize(height: image.height, width: image.width), in: path)
                var bad: [InputError] = []
                let labels = (byImage[image.id] ?? []).compactMap {
                    label($0, image, size, for: task, numbers, layout, path, &bad, &remarks)
                }
                problems += bad
                if !bad.isEmpty { continue }
                var example = DetectionExample(
                    imagePath: place, height: header.height, width: header.width, labels: labels)
                example.identifier = image.id
                examples.append(example)
            } catch {
                problems.append(error as? InputError ?? InputError(path, "\(error)"))
            }
        }
        return examples
    }

    /// The images that nothing else is mistaken for: not two of one id, nor one file under two ids, whose objects would be
    /// those of both.
    private static func distinctImages(
        _ images: [File.ImageEntry], _ path: String, _ problems: inout [InputError]
    ) -> [File.ImageEntry] {
        let byID = Dictionary(grouping: images, by: \.id).filter { $0.value.count > 1 }
        let byName = Dictionary(grouping: images, by: \.file_name).filter { $0.value.count > 1 }
        for (id, same) in byID.sorted(by: { $0.key < $1.key }) {
            let names = same.map(\.file_name).joined(separator: " and ")
            problems.append(InputError(path, at: "images", "the id \(id) is that of \(names)"))
        }
        for (name, same) in byName.sorted(by: { $0.key < $1.key }) where byID[same[0].id] == nil {
            let numbers = same.map(\.id.text).joined(separator: " and ")
            problems.append(InputError(path, at: "images", "\(name) has the ids \(numbers)"))
        }
        return images.filter { byID[$0.id] == nil && byName[$0.file_name] == nil }
    }

    /// The annotations that can be read and mark a single thing.
    private static func usableAnnotations(
        _ file: File, _ path: String, _ problems: inout [InputError], _ remarks: inout [String]
    ) throws -> [File.Annotation] {
        problems += file.annotations.compactMap(\.problem).map { InputError(path, $0, as: "COCO") }
        let all = file.annotations.compactMap(\.value)
        let crowds = all.count { $0.iscrowd?.isSet == true }
        if crowds > 0 {
            let verb = crowds == 1 ? "marks a crowd" : "mark crowds"
            remarks.append(
                "\(path): \(crowds.counted("annotation")) \(verb) (iscrowd 1) and no single object, and \(crowds == 1 ? "is" : "are") left out"
            )
        }
        return all.filter { $0.iscrowd?.isSet != true }
    }

    private static func label(
        _ annotation: File.Annotation, _ image: File.ImageEntry, _ size: MarkedSize, for task: YOLOTask,
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
        var label = LabeledBox(
            Box(x1: numbers[0], y1: numbers[1], x2: numbers[0] + numbers[2], y2: numbers[1] + numbers[3]),
            classIndex: classIndex)
        if task == .segment || task == .obb {
            switch annotation.segmentation?.outline(height: size.height, width: size.width) {
            case .success(let outline):
                label = LabeledBox(polygon: outline, classIndex: classIndex)
                label.isOriented = task == .obb
            case .failure(let problem): return refuse(problem.sentence)
            case nil: return refuse("it has no segmentation, and \(task) needs one")
            }
        }
        func remark(_ sentence: String) { remarks.append("\(path), \(place): \(sentence)") }
        do throws(ImageEdges.Problem) {
            label = try size.clipped(label, remark: remark)
        } catch {
            return refuse(size.edges.sentence(error))
        }
        if let layout {
            switch keypoints(annotation, layout, size, remark: remark) {
            case .success(let keypoints): label.keypoints = keypoints
            case .failure(let problem): return refuse(problem.sentence)
            }
        }
        return label
    }

    /// The keypoints of an object in fractions of the image; none are known where the file gives none.
    private static func keypoints(
        _ annotation: File.Annotation, _ layout: KeypointLayout, _ size: MarkedSize, remark: (String) -> Void
    ) -> Result<[Keypoint], COCOSegmentation.Problem> {
        let numbers = annotation.keypoints ?? [Float](repeating: 0, count: 3 * layout.count)
        guard numbers.count == 3 * layout.count, numbers.allSatisfy(\.isFinite) else {
            return .failure(.init(sentence: "it has no \(layout.count) keypoints of x, y and visibility"))
        }
        var keypoints: [Keypoint] = []
        for (number, name) in layout.shownNames.enumerated() {
            let (x, y, seen) = (numbers[3 * number], numbers[3 * number + 1], numbers[3 * number + 2])
            guard Keypoint.visibilities.contains(seen) else {
                return .failure(.init(sentence: "\(name) has the visibility \(seen), and 0, 1 or 2 is needed"))
            }
            let point = Keypoint(x: x / Float(size.width), y: y / Float(size.height), visibility: seen)
            do throws(ImageEdges.Problem) {
                keypoints.append(try size.edges.clipped(point, name: name, remark: remark))
            } catch {
                return .failure(
                    .init(sentence: "\(name) is outside the image of \(size.width)×\(size.height) pixels: \(x), \(y)"))
            }
        }
        return .success(keypoints)
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
