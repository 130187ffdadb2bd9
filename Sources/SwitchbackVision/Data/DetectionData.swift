import Foundation
import Switchback
import SwitchbackFormats

/// A split of a data set: train, val or test.
public enum DataSplit: String, CaseIterable, Codable, Sendable {
    case train, val, test

    /// What folders and keys of a part are called.
    var folderNames: [String] {
        switch self {
        case .train: ["train", "training"]
        case .val: ["val", "valid", "validation"]
        case .test: ["test", "testing"]
        }
    }

    /// The part that a folder is by its name; `nil` if it is none.
    package init?(folderName: String) {
        let found = Self.allCases.first { $0.folderNames.contains(folderName.lowercased()) }
        guard let found else { return nil }
        self = found
    }
}

/// An image and its labels.
public struct DetectionExample: Hashable, Sendable {
    public let imagePath: String
    /// The sizes of the image, upright, in pixels.
    public let height, width: Int
    /// Boxes in fractions of the image's sides; none in an image of mere background.
    public private(set) var labels: [LabeledBox]
    /// Whether anyone has said what is in the image: not where its file of labels is missing.
    public let isLabeled: Bool
    /// What the data's own description calls the image, where it does.
    var identifier: JSONIdentifier?
    /// What is worth knowing of its labels.
    var remarks: [String] = []

    public init(imagePath: String, height: Int, width: Int, labels: [LabeledBox], isLabeled: Bool = true) {
        self.imagePath = imagePath
        self.height = height
        self.width = width
        self.labels = labels
        self.isLabeled = isLabeled
    }

    /// The image with other labels.
    func with(labels: [LabeledBox]) -> DetectionExample {
        var example = self
        example.labels = labels
        return example
    }

    /// The boxes in pixels.
    public var pixelLabels: [LabeledBox] {
        labels.map { $0.scaled(x: Float(width), y: Float(height)) }
    }
}

/// Images with boxes, split into training, validation and test data.
///
/// ```swift
/// let data = try DetectionData.load("bccd/bccd.yaml")
/// print(data.classNames, data[.train].count, data.problems.count)
/// ```
public struct DetectionData: Sendable {
    /// A description of the recognized format.
    public let kind: String
    public let path: String
    public let classNames: [String]
    public let splits: [DataSplit: [DetectionExample]]
    /// What cannot be used, all of it: images that are damaged and rows of labels that make no sense. An image with
    /// such a row is omitted, because it would teach that there is nothing where there is something.
    public let problems: [InputError]
    /// What is worth knowing and leaves no image out: boxes that were clipped, annotations that mark no single thing,
    /// labels without an image.
    public let remarks: [String]
    /// The keypoints of objects, where the data describes some.
    public let keypoints: KeypointLayout?
    /// What the data's own description calls the classes, in their order, where it does by more than their names.
    var categories: [JSONIdentifier]?

    public init(
        kind: String, path: String, classNames: [String], splits: [DataSplit: [DetectionExample]],
        problems: [InputError] = [], remarks: [String] = [], keypoints: KeypointLayout? = nil
    ) {
        self.keypoints = keypoints
        self.kind = kind
        self.path = path
        self.classNames = classNames
        self.splits = splits
        // A folder that is two parts at once has its problems once.
        var known: Set<String> = []
        self.problems = problems.filter { known.insert("\($0)").inserted }
        self.remarks = (remarks + Self.namesakes(classNames, path)).filter { known.insert($0).inserted }
    }

    /// Sentences on classes that are called the same.
    private static func namesakes(_ names: [String], _ path: String) -> [String] {
        let numbers = Dictionary(grouping: names.indices) { names[$0] }
        return numbers.filter { $0.value.count > 1 }.sorted { $0.key < $1.key }.map { name, numbers in
            "\(path): the classes \(numbers.map(String.init).joined(separator: " and ")) are both called \(name)"
        }
    }

    /// So many remarks are worth reading before a training.
    private static let mostRemarks = 20

    /// Warns of each problem, because of which something is omitted, and of what else is worth knowing.
    public func warnOfProblems() {
        for problem in problems { Diagnostics.warn("left out: \(problem)") }
        for remark in remarks.prefix(Self.mostRemarks) { Diagnostics.warn(remark) }
        let rest = remarks.count - Self.mostRemarks
        if rest > 0 { Diagnostics.warn("and \(rest.counted("other remark")): switchback data check lists them all") }
    }

    /// The examples of a part; none if there is no such part.
    public subscript(split: DataSplit) -> [DetectionExample] { splits[split] ?? [] }

    /// Reads data of whichever kind it is:
    ///
    /// - `.yaml` or `.yml`: a description as Ultralytics has it, with labels in text files.
    /// - `.json`, or a folder with `annotations/*.json`: COCO.
    /// - A folder with `train/_annotations.coco.json` and `valid/…`: COCO as Roboflow lays it out.
    /// - A folder with `Annotations/*.xml` or `annotations/*.xml`, or with XML files beside the images: Pascal VOC.
    /// - A `.json` file that holds a list, or a folder with one: the tasks of Label Studio.
    /// - A folder with JSON files of LabelMe beside the images.
    /// - A folder with `annotations.xml`, or that file: CVAT for images.
    /// - A folder with `images` and gray PNG files in `masks`.
    /// - A folder with `images` and DOTA's text files in `labelTxt`, or with folders of that kind for the parts.
    /// - A folder with one `.yaml` file that describes it.
    ///
    /// Outlines are read where the task needs them, and then every object must have one.
    ///
    /// Throws `InputError` if the description itself cannot be used, or where no usable image is left; all else that is
    /// wrong is in `problems`.
    public static func load(_ path: String, for task: YOLOTask = .detect) throws -> DetectionData {
        let data: DetectionData
        switch (path as NSString).pathExtension.lowercased() {
        case _ where !FileManager.default.fileExists(atPath: path):
            throw InputError(path, "there is no such file or folder")
        case "yaml", "yml": data = try YOLOData.load(path, for: task)
        case "xml": data = try CVATData.load(path, for: task)
        case "json" where LabelStudioFile.isList(path): data = try LabelStudioData.load(path, for: task)
        case "json": data = try COCOData.load(files: [(.train, path)], root: path, for: task)
        default: data = try loadFolder(path, for: task)
        }
        guard data.splits.values.contains(where: { !$0.isEmpty }) else {
            let first = data.problems.first.map { "; the first problem: \($0)" } ?? ""
            throw InputError(path, "it has no usable image\(first)")
        }
        return data
    }

    /// The same data with other classes or in other splits.
    func with(
        splits: [DataSplit: [DetectionExample]], classNames: [String]? = nil
    ) -> DetectionData {
        var data = DetectionData(
            kind: kind, path: path, classNames: classNames ?? self.classNames, splits: splits, problems: problems,
            remarks: remarks, keypoints: keypoints)
        data.categories = classNames == nil ? categories : nil
        return data
    }

    /// Whether a path leads to one of the kinds that `load` reads.
    public static func recognises(_ path: String) throws -> Bool {
        let ending = (path as NSString).pathExtension.lowercased()
        if ["yaml", "yml", "json", "xml"].contains(ending) { return true }
        guard Folder.isFolder(path), let description = try description(of: path) else { return false }
        if case .undescribed = description { return false }
        return true
    }

    private enum Description {
        case yaml(String)
        case coco, voc, labelMe, masks, dota
        case cvat(String)
        case labelStudio(String)
        /// A COCO file in the folder of each part.
        case cocoParts([(DataSplit, String)])
        /// Labels of YOLO in this folder, which nothing describes.
        case undescribed(labels: String)
    }

    /// The description of the data in a folder; `nil` if there is none.
    private static func description(of path: String) throws -> Description? {
        let files = try Folder.names(in: path)
        let yamls = files.filter { ["yaml", "yml"].contains(($0 as NSString).pathExtension.lowercased()) }
            .map { Folder.join(path, $0) }
        let descriptions = yamls.filter(DataDescription.isLikely)
        if descriptions.count > 1 {
            let names = descriptions.map { ($0 as NSString).lastPathComponent }.joined(separator: ", ")
            throw InputError(
                path, "holds \(descriptions.count) files that describe data: \(names)", remedy: "give the path of one")
        }
        if let file = descriptions.first { return .yaml(file) }
        let annotations = files.first { $0.lowercased() == "annotations" }.map { Folder.join(path, $0) }
        let names = try annotations.map(Folder.names) ?? []
        if names.contains(where: { $0.hasSuffix(".json") }) { return .coco }
        if let annotations, try !Folder.files(under: annotations, extensions: ["xml"]).isEmpty { return .voc }
        let parts = files.compactMap { name -> (DataSplit, String)? in
            let file = Folder.join(Folder.join(path, name), "_annotations.coco.json")
            return DataSplit(folderName: name).flatMap { Folder.exists(file) ? ($0, file) : nil }
        }
        if !parts.isEmpty { return .cocoParts(parts) }
        if files.contains(CVATData.fileName) { return .cvat(Folder.join(path, CVATData.fileName)) }
        if files.contains("images"), files.contains(MaskImageData.folder) { return .masks }
        if try DOTAData.lies(in: path) { return .dota }
        if let file = try LabelStudioFile.find(in: path) { return .labelStudio(file) }
        if try LabelMeData.lies(in: path) { return .labelMe }
        if try VOCData.liesBesideImages(path) { return .voc }
        // Damaged beyond recognition, and still the only thing that may describe the folder.
        if yamls.count == 1 { return .yaml(yamls[0]) }
        return try YOLOData.undescribedLabels(in: path).map { .undescribed(labels: $0) }
    }

    private static func loadFolder(_ path: String, for task: YOLOTask) throws -> DetectionData {
        switch try description(of: path) {
        case .yaml(let file): return try YOLOData.load(file, for: task)
        case .coco: return try COCOData.load(folder: path, for: task)
        case .cocoParts(let files): return try COCOData.load(files: files, root: path, for: task)
        case .cvat(let file): return try CVATData.load(file, for: task)
        case .labelStudio(let file): return try LabelStudioData.load(file, for: task)
        case .labelMe: return try LabelMeData.load(path, for: task)
        case .masks: return try MaskImageData.load(path, for: task)
        case .dota: return try DOTAData.load(path, for: task)
        case .undescribed(let labels):
            throw InputError(
                path, "has labels of YOLO in \(labels) and no data.yaml, which names the classes",
                remedy: "write one with train: and val:, the folders of images, and names:, a list")
        case .voc where task != .detect:
            throw InputError(
                path, "Pascal VOC annotations have boxes alone, and \(task) needs outlines",
                remedy: "give a data.yaml with polygons, or COCO annotations")
        case .voc: return try VOCData.load(path)
        case nil:
            throw InputError(
                path, "is not a supported detection data set",
                remedy:
                    "give a data.yaml, a COCO .json, or a folder with annotations/*.json, train/_annotations.coco.json, "
                    + "Annotations/*.xml, XML files or LabelMe's JSON files beside the images, CVAT's annotations.xml, "
                    + "Label Studio's JSON, DOTA's labelTxt, or images and masks")
        }
    }
}
