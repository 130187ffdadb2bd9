import Foundation
import Switchback
import SwitchbackFormats

/// Inputs with classes, split into training, validation and test data.
public struct ClassificationData {
    /// A description of the recognized format.
    public let kind: String
    /// Where it came from, as the user gave it.
    public let path: String
    public let classNames: [String]
    /// There is at least one for validation.
    public let parts: [DataSplit: ClassificationExamples]

    /// `nil` if the files have only held-out parts.
    public var training: ClassificationExamples? { parts[.train] }
    /// The validation data during training: the split `val`, or `test` if there is none.
    public let heldOut: ClassificationExamples

    /// The shape of one input.
    public var inputShape: Shape { heldOut.inputShape }

    /// Reads data, of whichever kind it is:
    ///
    /// - `digits`: the bundled handwritten digits.
    /// - A folder of images in folders named after their classes, as in `ClassFolders`.
    /// - A folder of idx files, gzipped or not, named as MNIST's are.
    /// - A table: `.csv` or `.tsv`, perhaps with `.gz`, with a column of labels.
    /// - Arrays: `.npz`, as MedMNIST has them, or `.safetensors`, with names as in `ArrayNames`.
    ///
    /// Where no held-out part is among the files, it is every fifth example of each class.
    ///
    /// - Parameters:
    ///   - label: the column of labels of a table; found by its name, or the last one, by default.
    ///   - classCount: how many classes there are, where labels are numbers; the greatest label and one by default, and
    ///     then every class must have an example, so that a stray label is noticed.
    ///   - imageSize: the side to which images in files are scaled and cut; 224, or less where all are smaller.
    public static func load(
        _ path: String, label: String? = nil, classCount: Int? = nil, imageSize: Int? = nil
    ) throws -> ClassificationData {
        if !Folder.exists(path) {
            if path == "digits" {
                try refuse(label, classCount, of: path)
                return try bundledDigits()
            }
            throw InputError(path, "there is no such file or folder", remedy: "digits is the bundled data set")
        }
        if Folder.isFolder(path) {
            let hasArrays = IDXFolder.isOne(path)
            try refuse(label, hasArrays ? nil : classCount, of: path)
            if !hasArrays { return try images(path, imageSize) }
            return try ClassificationData(IDXFolder.parts(path), kind: "a folder of idx files", path, classCount)
        }
        let name = path.lowercased()
        let plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
        switch (plain as NSString).pathExtension {
        case "csv", "tsv":
            try refuse(nil, classCount, of: path)
            return try table(path, label: label)
        case "npz":
            try refuse(label, nil, of: path)
            return try ClassificationData(
                ArrayNames.parts(NumPy.loadArchive(path), path), kind: "an archive of NumPy arrays", path, classCount)
        case "safetensors":
            try refuse(label, nil, of: path)
            return try ClassificationData(
                ArrayNames.parts(Safetensors.load(path), path), kind: "a safetensors file", path, classCount)
        default:
            throw InputError(
                path, "is not in a supported format",
                remedy: "give a folder of images or idx files, a .csv, a .npz, a .safetensors, or digits")
        }
    }

    /// Throws over options that data of a kind does not read.
    private static func refuse(_ label: String?, _ classCount: Int?, of path: String) throws {
        if label != nil { throw InputError("option label", "is the column of a table, and \(path) is none") }
        if classCount != nil {
            throw InputError("option classes", "is for labels that are numbers, and the classes of \(path) have names")
        }
    }

    private static func bundledDigits() throws -> ClassificationData {
        let digits = try Digits.load()
        return try ClassificationData(
            kind: "the bundled handwritten digits", path: "digits",
            classNames: (0..<10).map(String.init), parts: [.train: digits.train, .test: digits.test])
    }

    private static func table(_ path: String, label: String?) throws -> ClassificationData {
        let table = try CSV.load(path, label: label.map { .named($0) } ?? .automatic)
        guard let labels = table.labels else { throw InputError(path, "the table has no column of labels") }
        return try ClassificationData(
            kind: "a table of \(table.featureNames.count.counted("column"))", path: path, classNames: table.classNames,
            parts: [.train: TensorDataset(table.features, labels)])
    }

    private static func images(_ path: String, _ imageSize: Int?) throws -> ClassificationData {
        let folders = try ClassFolders.load(path)
        let paths = folders.parts.values.flatMap { $0.map(\.path) }
        let size = try imageSize ?? usualSize(paths)
        let parts = folders.parts.mapValues { examples in
            ClassificationExamples(
                images: examples.map(\.path), classes: examples.map(\.classIndex), size: size)
        }
        return try ClassificationData(
            kind: "a folder of images", path: path, classNames: folders.classNames, parts: parts)
    }

    /// 224 pixels, or the longest side of the images, in whole 32s, where it is less.
    private static func usualSize(_ paths: [String]) throws -> Int {
        let sides = try paths.prefix(200).map { path in
            let header = try ImageHeader.load(path)
            return max(header.height, header.width)
        }
        return min(224, max(32, ((sides.max() ?? 224) + 31) / 32 * 32))
    }

    private init(
        kind: String, path: String, classNames: [String], parts: [DataSplit: ClassificationExamples]
    ) throws {
        guard let heldOut = parts[.val] ?? parts[.test], heldOut.count > 0 else {
            throw InputError(path, "has too few examples for a validation split: at least one class needs 5")
        }
        self.kind = kind
        self.path = path
        self.classNames = classNames
        self.parts = parts
        self.heldOut = heldOut
    }

    /// Data in memory; where nothing is held out, every fifth example of each class is.
    private init(kind: String, path: String, classNames: [String], parts: [DataSplit: TensorDataset]) throws {
        var parts = parts
        if parts.count == 1, let all = parts[.train] {
            let (train, heldOut) = all.holdingOutEveryFifth()
            parts = [.train: train, .val: heldOut]
        }
        try self.init(
            kind: kind, path: path, classNames: classNames, parts: parts.mapValues { ClassificationExamples($0) })
    }

    /// Data whose classes are numbers.
    private init(_ parts: LabeledParts, kind: String, _ path: String, _ classCount: Int?) throws {
        let first = DataSplit.allCases.compactMap { parts[$0] }.first
        let count = try classCount ?? first.orThrow(InputError(path, "has no examples")).countClasses()
        try self.init(
            kind: kind, path: path, classNames: (0..<count).map(String.init),
            parts: parts.mapValues { try $0.dataset(classCount: count) })
        if self.parts.values.contains(where: { $0.inputShape != inputShape }) {
            throw InputError(path, "the training and validation images have different shapes")
        }
    }

    /// A part by name. Throws where the data has no such part.
    public func part(_ split: DataSplit) throws -> ClassificationExamples {
        try parts[split].orThrow(
            InputError(
                path, "has no \(split.rawValue) split",
                remedy:
                    "it has \(DataSplit.allCases.filter { parts[$0] != nil }.map(\.rawValue).joined(separator: ", "))"))
    }

    /// The same data as a classifier reads it: its classes numbered as the classifier's, its images prepared in that way.
    ///
    /// Throws `InputError` if the data has a class that the classifier does not know.
    public func suited(to configuration: Classifier.Configuration) throws -> ClassificationData {
        try stretched(configuration.stretching).numbered(as: configuration.classNames)
    }

    /// The same data with its images prepared otherwise.
    func stretched(_ stretching: Stretching?) throws -> ClassificationData {
        try ClassificationData(
            kind: kind, path: path, classNames: classNames, parts: parts.mapValues { $0.stretched(stretching) })
    }

    /// The same data with its classes numbered as in `names`, the classes of a model.
    ///
    /// Throws `InputError` if the data has a class that the model does not know.
    public func numbered(as names: [String]) throws -> ClassificationData {
        if names == classNames { return self }
        let positions = try classNames.map { name in
            guard let position = names.firstIndex(of: name) else {
                let known = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
                throw InputError(path, "has the class \(name), which the model does not know: it knows \(known)")
            }
            return position
        }
        return try ClassificationData(
            kind: kind, path: path, classNames: names, parts: parts.mapValues { $0.renumbered(positions) })
    }
}

extension Optional {
    func orThrow(_ error: @autoclosure () -> InputError) throws -> Wrapped {
        guard let self else { throw error() }
        return self
    }
}
