import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import Yams

/// Data as Ultralytics describes it: a YAML file names folders of images and the classes, and an image's boxes are in a
/// text file of the same name, in `labels` where the image is in `images`.
package enum YOLOData {
    static func load(_ path: String, for task: YOLOTask) throws -> DetectionData {
        let description = try DataDescription.load(path)
        if task == .pose && description.keypoints == nil {
            throw InputError(
                path, "the key kpt_shape is missing, which gives the number of keypoints and of their numbers",
                remedy: description.likelyKeypointKey.map { "is \($0) meant to be kpt_shape?" }
                    ?? "as in kpt_shape: [17, 3]")
        }
        let keypoints = task == .pose ? description.keypoints : nil
        var problems: [InputError] = []
        var (folders, allImages): ([String], [String]) = ([], [])
        var splits: [DataSplit: [DetectionExample]] = [:]
        for split in DataSplit.allCases {
            guard let places = description.places[split] else { continue }
            let files = try places.flatMap(images)
            guard !files.isEmpty else {
                throw InputError(
                    path, at: "key \(split.rawValue)", "there are no images in \(places.joined(separator: ", "))")
            }
            let results = LabelCache.examples(
                files, of: path, for: task, classCount: description.classNames.count, keypoints: keypoints
            ) {
                example($0, for: task, classNames: description.classNames, keypoints)
            }
            splits[split] = results.compactMap { try? $0.get() }
            problems += results.flatMap { result -> [InputError] in
                if case .failure(let failure) = result { return failure.problems }
                return []
            }
            folders += places.filter(Folder.isFolder)
            allImages += files
        }
        let stray = try strayLabels(folders, allImages).map { "\($0): there is no image for these labels" }
        return DetectionData(
            kind: "YOLO labels", path: path, classNames: description.classNames, splits: splits, problems: problems,
            remarks: description.remarks + stray, keypoints: keypoints)
    }

    /// Files of labels in the folders of labels that belong to none of the images.
    private static func strayLabels(_ places: [String], _ images: [String]) throws -> [String] {
        let known = Set(images.map(labelPath))
        let folders = places.map { Folder.parent(labelPath(ofImage: Folder.join($0, "any.jpg"))) }
        return try Set(folders).sorted().filter(Folder.isFolder).flatMap { folder in
            try Folder.files(under: folder, extensions: ["txt"]).filter {
                !known.contains($0) && !isNote($0)
            }
        }
    }

    /// Whether it is one of the notes that other programs put beside labels: `classes.txt`, `README.dataset.txt`.
    private static func isNote(_ path: String) -> Bool {
        let name = (path as NSString).lastPathComponent.lowercased()
        return name == "classes.txt" || name.hasPrefix("readme")
    }

    /// Why an example cannot be used.
    package struct Failure: Error {
        let problems: [InputError]

        package init(problems: [InputError]) { self.problems = problems }
    }

    private static func example(
        _ path: String, for task: YOLOTask, classNames: [String], _ keypoints: KeypointLayout?
    ) -> Result<DetectionExample, Failure> {
        do {
            let header = try ImageSurvey.header(path)
            let file = labelPath(ofImage: path)
            let labels = try YOLOLabels.load(
                file, for: task, classCount: classNames.count, keypoints: keypoints)
            return .success(
                DetectionExample(
                    imagePath: path, height: header.height, width: header.width, labels: labels,
                    isLabeled: Folder.exists(file)))
        } catch let failure as Failure {
            return .failure(failure)
        } catch {
            return .failure(Failure(problems: [error as? InputError ?? InputError(path, "\(error)")]))
        }
    }

    /// Where the labels of an image are: the last `/images/` becomes `/labels/`, and the ending `.txt`.
    package static func labelPath(ofImage path: String) -> String {
        let text = (path as NSString).deletingPathExtension + ".txt"
        guard let range = text.range(of: "/images/", options: .backwards) else { return text }
        return text.replacingCharacters(in: range, with: "/labels/")
    }

    /// The images of one place: a folder, or a text file with a path on each line, relative to the file's folder.
    package static func images(in place: String) throws -> [String] {
        guard place.lowercased().hasSuffix(".txt") else { return try ImageSurvey.files(under: place) }
        return try TextFile.rows(place).compactMap { line in
            let name = line.trimmingCharacters(in: .whitespaces)
            if name.isEmpty { return nil }
            return Folder.join(Folder.parent(place), name.hasPrefix("./") ? String(name.dropFirst(2)) : name)
        }
    }
}

extension DetectionData {
    /// The error where no image has a file of labels, which says where they were looked for.
    public var lackOfLabels: InputError {
        let files = splits.values.joined().prefix(1).map { YOLOData.labelPath(ofImage: $0.imagePath) }
        return InputError(
            path, "no image has labels" + (files.first.map { ": there is no \($0), for example" } ?? ""),
            remedy: "labels are .txt files in labels where the images are in images, or beside the images")
    }
}

/// The contents of a data.yaml, with paths resolved.
package struct DataDescription {
    package let classNames: [String]
    /// Folders, or files that list images.
    package let places: [DataSplit: [String]]
    /// By the keys `kpt_shape`, `flip_idx`, `kpt_oks_sigmas`, `kpt_names` and `skeleton`, pairs of keypoints from 0 on.
    package let keypoints: KeypointLayout?
    /// On keys that are not read and look like ones that are, as sentences.
    package let remarks: [String]
    /// The key that is not read and may have been meant to be `kpt_shape`.
    let likelyKeypointKey: String?

    package static func load(_ path: String) throws -> DataDescription {
        let keys = try YAMLMapping.load(path)
        let classNames = try names(keys, path)
        let root = try root(keys, path)
        var places: [DataSplit: [String]] = [:]
        for split in DataSplit.allCases {
            let node = split.folderNames.lazy.compactMap { keys[$0] }.first
            guard let node, node.null == nil else { continue }
            places[split] = try strings(node, split.rawValue, path).map { try resolve($0, root, split, path) }
        }
        // Data may have some splits only; a key that is written wrongly is not to make it one of those.
        for split in [DataSplit.train, .val] where places[split] == nil {
            if places.isEmpty || keys.nearest(split.rawValue) != nil {
                throw keys.missing(
                    split.rawValue, "the folder of the images to \(split == .train ? "train" : "validate")")
            }
        }
        return DataDescription(
            classNames: classNames, places: places, keypoints: try keypoints(keys, path), remarks: keys.remarks,
            likelyKeypointKey: keys.nearest("kpt_shape"))
    }

    private static func keypoints(_ keys: YAMLMapping, _ path: String) throws -> KeypointLayout? {
        guard let node = keys["kpt_shape"], node.null == nil else { return nil }
        let shape = node.sequence.map { $0.compactMap(\.int) } ?? []
        guard shape.count == 2, (1...KeypointLayout.mostKeypoints).contains(shape[0]), (2...3).contains(shape[1]) else {
            throw InputError(
                path, at: node.place, "kpt_shape is the number of keypoints and 2 or 3, as in [17, 3]")
        }
        func list<Value>(_ key: String, _ read: (Node) -> Value?) throws -> [Value]? {
            guard let node = keys[key], node.null == nil else { return nil }
            let values = node.sequence?.compactMap(read) ?? []
            guard values.count == shape[0] else {
                throw InputError(
                    path, at: node.place,
                    "\(key) needs \(shape[0]) values, one for each keypoint, and has \(values.count)")
            }
            return values
        }
        let flip = try list("flip_idx") { $0.int }
        if let flip, flip.sorted() != Array(0..<shape[0]) {
            throw InputError(
                path, at: keys["flip_idx"]?.place, "flip_idx must have each number from 0 to \(shape[0] - 1) once")
        }
        let names = keys["kpt_names"]?.sequence == nil ? nil : try list("kpt_names") { $0.scalar?.string }
        return KeypointLayout(
            count: shape[0], dimensions: shape[1], flip: flip,
            sigmas: try list("kpt_oks_sigmas") { $0.float.map { Float($0) } }, names: names,
            skeleton: try skeleton(keys, path, count: shape[0]))
    }

    private static func skeleton(_ keys: YAMLMapping, _ path: String, count: Int) throws -> [[Int]]? {
        guard let node = keys["skeleton"], node.null == nil else { return nil }
        let pairs = (node.sequence ?? []).map { $0.sequence?.compactMap(\.int) ?? [] }
        guard node.sequence != nil, pairs.allSatisfy(KeypointLayout(count: count, dimensions: 3).isLimb) else {
            throw InputError(
                path, at: node.place, "skeleton is a list of pairs of keypoints from 0 to \(count - 1), as in [[0, 1]]")
        }
        return pairs
    }

    /// A list of names, or a mapping from numbers, which must be those from 0 on, to names. Where `nc` alone says how
    /// many there are, they are named by their numbers, as in Ultralytics.
    private static func names(_ keys: YAMLMapping, _ path: String) throws -> [String] {
        let count = keys["nc"]?.scalar.flatMap { Int($0.string) }
        guard let node = keys["names"], node.null == nil else {
            guard let count, (1...100_000).contains(count) else {
                throw keys.missing("names", "the names of the classes")
            }
            return (0..<count).map { "class_\($0)" }
        }
        var names: [String] = []
        if let mapping = node.mapping {
            var byNumber: [Int: String] = [:]
            for (key, value) in mapping {
                guard let number = key.scalar.flatMap({ Int($0.string) }), let name = value.scalar?.string else {
                    throw InputError(path, at: key.place, "names maps numbers to names, as in 0: person")
                }
                byNumber[number] = name
            }
            for number in 0..<byNumber.count {
                guard let name = byNumber[number] else {
                    throw InputError(
                        path, at: node.place,
                        "names has \(byNumber.count.counted("class")), but none with the number \(number)")
                }
                names.append(name)
            }
        } else {
            names = try strings(node, "names", path)
        }
        guard !names.isEmpty else { throw InputError(path, at: node.place, "names holds no class") }
        if let count, count != names.count {
            throw InputError(
                path, at: keys["nc"]?.place, "nc says \(count.counted("class")), and names has \(names.count)",
                remedy: "leave nc out, or make them agree")
        }
        return names
    }

    private static func strings(_ node: Node, _ key: String, _ path: String) throws -> [String] {
        if let text = node.scalar?.string { return [text] }
        let texts = node.sequence?.map { $0.scalar?.string }
        guard let texts, !texts.contains(nil) else {
            throw InputError(path, at: node.place, "\(key) must be a text or a list of texts")
        }
        return texts.compactMap { $0 }
    }

    /// The folder that the others are relative to. A relative `path` is looked for in the current folder, in its folder
    /// `datasets`, beside the file's folder and in the file's folder, and the first in which there is what `train`
    /// names is taken; without `path` it is the file's folder.
    private static func root(_ keys: YAMLMapping, _ path: String) throws -> String {
        let folder = Folder.parent(path)
        guard let node = keys["path"], let name = node.scalar?.string, !name.isEmpty else { return folder }
        if name.hasPrefix("/") {
            if Folder.isFolder(name) { return name }
            throw InputError(path, at: node.place, "path is \(name), and there is no such folder")
        }
        let beside = Folder.join(folder, "..")
        let candidates = [name, Folder.join("datasets", name), Folder.join(beside, name), Folder.join(folder, name)]
        let folders = candidates.filter(Folder.isFolder)
        let places = keys["train"].flatMap { try? strings($0, "train", path) } ?? []
        let fitting = folders.first { folder in places.allSatisfy { Folder.exists(Folder.join(folder, $0)) } }
        if let found = fitting ?? folders.first { return (found as NSString).standardizingPath }
        throw InputError(
            path, at: node.place,
            "path is \(name), and there is no such folder: looked for "
                + candidates.map { ($0 as NSString).standardizingPath }.joined(separator: ", "))
    }

    /// A place relative to the root; a leading `../` that leads nowhere is left away, as in data from Roboflow.
    private static func resolve(_ name: String, _ root: String, _ split: DataSplit, _ path: String) throws -> String {
        var place = Folder.join(root, name)
        if !Folder.exists(place) && name.hasPrefix("../") { place = Folder.join(root, String(name.dropFirst(3))) }
        guard Folder.exists(place) else {
            throw InputError(path, at: "key \(split.rawValue)", "there is no \(place)")
        }
        return place
    }
}

extension KeypointLayout {
    /// The lines of a data.yaml that describe it.
    package var yaml: String {
        let flip = flip.map { "flip_idx: \($0)\n" } ?? ""
        let names = names.map { "kpt_names: [\($0.map { "\(JSON.string($0))" }.joined(separator: ", "))]\n" } ?? ""
        let skeleton = skeleton.map { "skeleton: \($0)\n" } ?? ""
        return "kpt_shape: [\(count), \(dimensions)]\n\(flip)\(names)\(skeleton)"
    }
}

/// The keys and values of a YAML file.
struct YAMLMapping {
    let path: String
    private let node: Node

    /// Throws `InputError` with line and column if the text is not YAML, or not a mapping.
    static func load(_ path: String) throws -> YAMLMapping {
        let text = try TextFile.read(path)
        do {
            guard let node = try YAMLText.compose(text, path), node.mapping != nil else {
                throw InputError(path, "holds no keys with values", remedy: "it needs train, val and names")
            }
            return YAMLMapping(path: path, node: node)
        } catch let error as YamlError {
            throw InputError(path, yaml: error, text: text)
        }
    }

    subscript(key: String) -> Node? { node.mapping?[key] }

    /// The error for a key that is not there, which names the one that may have been meant.
    func missing(_ key: String, _ meaning: String) -> InputError {
        InputError(
            path, "the key \(key) is missing, which gives \(meaning)",
            remedy: nearest(key).map { "is \($0) meant to be \(key)?" })
    }

    /// The unknown key that may have been meant to be `key`: it is near to it, or goes on as a word does, as `value` after
    /// `val`.
    func nearest(_ key: String) -> String? {
        let unknown = unknownKeys.map(\.name)
        return key.nearest(in: unknown)
            ?? unknown.first { name in
                let rest = name.dropFirst(key.count)
                return name.hasPrefix(key) && rest.count <= 3 && rest.allSatisfy(\.isLetter)
            }
    }

    /// Sentences on keys that are not read, and near to ones that are and were not given.
    var remarks: [String] {
        unknownKeys.compactMap { name, place in
            guard let meant = name.nearest(in: Self.read), self[meant] == nil else { return nil }
            let position = place.map { ", \($0)" } ?? ""
            return "\(path)\(position): the key \(name) is not read; is \(meant) meant?"
        }
    }

    private static let read =
        DataSplit.allCases.flatMap(\.folderNames)
        + ["names", "nc", "path", "kpt_shape", "flip_idx", "kpt_oks_sigmas", "kpt_names", "skeleton"]
    /// What other programs read.
    private static let foreign = [
        "channels", "download", "masks_dir", "label_mapping", "depth_scale", "minival", "roboflow", "yaml_file",
    ]

    private var unknownKeys: [(name: String, place: String?)] {
        let known = Self.read + Self.foreign
        return (node.mapping.map { Array($0.keys) } ?? []).compactMap { key in
            guard let name = key.scalar?.string, !known.contains(name) else { return nil }
            return (name, key.place)
        }
    }
}

extension Node {
    /// Where it stands, for messages.
    var place: String? { mark.map { "line \($0.line)" } }
}

extension InputError {
    /// The text is not YAML. Tabs, which it forbids and editors like, are named as such.
    init(_ path: String, yaml error: YamlError, text: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            let lines = text.lines
            let around = lines.indices.filter { abs($0 + 1 - mark.line) <= 1 }
            if let tab = around.first(where: { lines[$0].prefix { $0.isWhitespace }.contains("\t") }) {
                self.init(
                    path, at: "line \(tab + 1)", "the line is indented with a tab, which YAML forbids",
                    remedy: "use spaces")
            } else {
                self.init(path, at: "line \(mark.line)", "is not YAML: \(problem)")
            }
        case .reader(let problem, _, _, _): self.init(path, "is not YAML: \(problem)")
        default: self.init(path, "is not YAML: \(error)")
        }
    }
}
