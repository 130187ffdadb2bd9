import Foundation
import Switchback
import SwitchbackFormats

/// Inputs with a class each, in a part to train with and a part held out.
public struct ClassificationData {
    /// What the data was recognised as, in words.
    public let kind: String
    /// Where it came from, as the user gave it.
    public let path: String
    /// Inputs [N, C, H, W] or [N, columns], as they are in the file; targets [N], int64. `nil` where the files have
    /// only a held-out part.
    public let training: TensorDataset?
    public let heldOut: TensorDataset
    public let classNames: [String]

    /// The shape of one input.
    public var inputShape: Shape { Shape(heldOut.inputs.shape.dropFirst()) }

    /// Reads data, of whichever kind it is:
    ///
    /// - `digits`: the handwritten digits that come with the package.
    /// - A folder of idx files, gzipped or not, named as MNIST's are.
    /// - A table: `.csv` or `.tsv`, perhaps with `.gz`, with a column of labels.
    /// - Arrays: `.npz` or `.safetensors`, with names as in `ArrayNames`.
    ///
    /// Where a held-out part is not among the files, it is every fifth example of each class.
    ///
    /// - Parameters:
    ///   - label: the column of labels of a table; found by its name, or the last one, if left out.
    ///   - classCount: how many classes there are, where labels are numbers; the greatest label and one if left out, and
    ///     then every class must have an example, so that a stray label is noticed.
    public static func load(_ path: String, label: String? = nil, classCount: Int? = nil) throws -> ClassificationData {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: path, isDirectory: &isFolder) else {
            if path == "digits" { return try bundledDigits() }
            throw InputError(path, "there is no such file or folder", remedy: "digits names the data that is built in")
        }
        if isFolder.boolValue {
            let parts = try ImageFolder.parts(path)
            return try ClassificationData(parts, kind: "a folder of idx files", path, classCount)
        }
        let name = path.lowercased()
        let plain = name.hasSuffix(".gz") ? String(name.dropLast(3)) : name
        switch (plain as NSString).pathExtension {
        case "csv", "tsv": return try table(path, label: label)
        case "npz":
            return try ClassificationData(
                ArrayNames.parts(NumPy.loadArchive(path), path), kind: "an archive of NumPy arrays", path, classCount)
        case "safetensors":
            return try ClassificationData(
                ArrayNames.parts(Safetensors.load(path), path), kind: "a safetensors file", path, classCount)
        default:
            throw InputError(
                path, "is of no kind that can be recognised",
                remedy: "give a folder of idx files, a .csv, a .npz, a .safetensors, or digits")
        }
    }

    private static func bundledDigits() throws -> ClassificationData {
        let digits = try Digits.load()
        return ClassificationData(
            kind: "the handwritten digits that come with the package", path: "digits", training: digits.train,
            heldOut: digits.test, classNames: (0..<10).map(String.init))
    }

    private static func table(_ path: String, label: String?) throws -> ClassificationData {
        let table = try CSV.load(path, label: label.map { .named($0) } ?? .automatic)
        guard let labels = table.labels else { throw InputError(path, "the table has no column of labels") }
        let (train, test) = TensorDataset(table.features, labels).holdingOutEveryFifth()
        return ClassificationData(
            kind: "a table of \(table.featureNames.count) columns", path: path, training: train,
            heldOut: try test.checkedHeldOut(path), classNames: table.classNames)
    }

    private init(
        kind: String, path: String, training: TensorDataset?, heldOut: TensorDataset, classNames: [String]
    ) {
        self.kind = kind
        self.path = path
        self.training = training
        self.heldOut = heldOut
        self.classNames = classNames
    }

    /// Data whose classes are numbers.
    private init(_ parts: LabeledParts, kind: String, _ path: String, _ classCount: Int?) throws {
        let first = try (parts.training ?? parts.heldOut).orThrow(InputError(path, "has no examples"))
        let count = try classCount ?? first.countClasses()
        let training = try parts.training?.dataset(classCount: count)
        let heldOut = try parts.heldOut?.dataset(classCount: count)
        let classNames = (0..<count).map(String.init)
        if let heldOut {
            self.init(kind: kind, path: path, training: training, heldOut: heldOut, classNames: classNames)
            if let training, !training.inputs.shape.dropFirst().elementsEqual(inputShape) {
                throw InputError(path, "the images to train with and the ones held out have different shapes")
            }
        } else {
            let (train, test) = try first.dataset(classCount: count).holdingOutEveryFifth()
            self.init(
                kind: kind, path: path, training: train, heldOut: try test.checkedHeldOut(path), classNames: classNames)
        }
    }

    /// The same data with its classes numbered as in `names`, the classes of a model.
    ///
    /// Throws `InputError` where the data has a class that the model does not know.
    public func numbered(as names: [String]) throws -> ClassificationData {
        if names == classNames { return self }
        let positions = try classNames.map { name in
            guard let position = names.firstIndex(of: name) else {
                let known = names.prefix(10).joined(separator: ", ") + (names.count > 10 ? ", …" : "")
                throw InputError(path, "has the class \(name), which the model does not know: it knows \(known)")
            }
            return position
        }
        func renumbered(_ part: TensorDataset) -> TensorDataset {
            let labels = part.targets.toArray(as: Int.self).map { positions[$0] }
            return TensorDataset(part.inputs, Tensor(labels, shape: [labels.count]))
        }
        return ClassificationData(
            kind: kind, path: path, training: training.map(renumbered), heldOut: renumbered(heldOut),
            classNames: names)
    }
}

extension TensorDataset {
    /// The held-out part of data that was split: it must have examples.
    fileprivate func checkedHeldOut(_ path: String) throws -> TensorDataset {
        guard count > 0 else {
            throw InputError(path, "has too few examples to hold any out: at least one class needs 5")
        }
        return self
    }
}

extension Optional {
    func orThrow(_ error: @autoclosure () -> InputError) throws -> Wrapped {
        guard let self else { throw error() }
        return self
    }
}
