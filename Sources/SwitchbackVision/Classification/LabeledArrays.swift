import Foundation
import Switchback
import SwitchbackFormats

/// Inputs and labels as arrays from files, not yet checked.
struct LabeledArrays {
    let inputs: Tensor
    let labels: Tensor
    /// Where each came from, for messages.
    let inputSource, labelSource: String

    /// As [N, C, H, W] or [N, columns], with labels from 0 to `classCount - 1` as int64.
    func dataset(classCount: Int) throws -> TensorDataset {
        let inputs = try examples()
        let labels = try classes()
        guard inputs.shape[0] == labels.count else {
            throw InputError(
                labelSource,
                "has \(labels.count.counted("label")), and \(inputSource) has \(inputs.shape[0].counted("example"))")
        }
        if let position = labels.firstIndex(where: { $0 < 0 || $0 >= classCount }) {
            throw InputError(
                labelSource, at: "example \(position)",
                "the label \(labels[position]) is out of range: there are the classes 0 to \(classCount - 1)")
        }
        if inputs.dtype.isFloatingPoint { try ExampleRange(of: inputs).check(inputs, from: inputSource) }
        return TensorDataset(inputs, Tensor(labels, shape: [labels.count]))
    }

    /// How many classes the labels speak of: the greatest and one. Throws where a class below it has no example.
    func countClasses() throws -> Int {
        let labels = try classes()
        let present = Set(labels)
        guard let greatest = present.max() else { throw InputError(labelSource, "has no labels") }
        let missing = (0...max(greatest, 0)).first { !present.contains($0) }
        guard let missing else { return greatest + 1 }
        let stray = labels.firstIndex { $0 < 0 || $0 > missing } ?? 0
        throw InputError(
            labelSource, at: "example \(stray)",
            "the label \(labels[stray]) is out of range, because the class \(missing) has no example",
            remedy: "give the number of classes (--classes) if that is meant")
    }

    /// The labels as numbers; [N] and [N, 1] are understood.
    private func classes() throws -> [Int] {
        guard labels.rank == 1 || (labels.rank == 2 && labels.shape[1] == 1) else {
            throw InputError(labelSource, "has the shape \(labels.shape), and labels have the shape [N]")
        }
        if labels.dtype.isFloatingPoint {
            let fraction = labels.toArray(as: Double.self).firstIndex { $0 != $0.rounded() || abs($0) > 1e9 }
            if let fraction {
                throw InputError(labelSource, at: "example \(fraction)", "the label is not a whole number")
            }
        }
        return labels.toArray(as: Int.self)
    }

    /// The inputs with the channels, if they are images, after the first dimension.
    private func examples() throws -> Tensor {
        let shape = inputs.shape
        guard shape.count > 0, !shape.dropFirst().contains(0) else {
            throw InputError(inputSource, "has the shape \(shape), which holds no examples")
        }
        switch shape.count {
        case 1: return inputs.reshape([shape[0], 1])
        case 2: return inputs
        case 3: return inputs.unsqueeze(1)
        case 4:
            let channels = [1, 3, 4]
            if channels.contains(shape[1]) { return inputs }
            if channels.contains(shape[3]) { return inputs.permute(0, 3, 1, 2) }
            throw InputError(
                inputSource,
                "has the shape \(shape): images of 1, 3 or 4 channels were expected, [N, C, H, W] or "
                    + "[N, H, W, C]")
        default: throw InputError(inputSource, "has the shape \(shape), and at most 4 dimensions were expected")
        }
    }
}

/// The parts of some data, as far as the files have them; data that is not in parts counts as all for training.
typealias LabeledParts = [DataSplit: LabeledArrays]

/// A folder of idx files with names as MNIST's: `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`, and the same
/// with `t10k` or `test` for the held-out part; `.gz` may follow, and other words may stand before.
enum IDXFolder {
    /// Whether there is an idx file.
    static func isOne(_ folder: String) -> Bool {
        let names = (try? Folder.names(in: folder)) ?? []
        return names.contains { $0.lowercased().contains("idx") }
    }

    static func parts(_ folder: String) throws -> LabeledParts {
        let files = try Folder.names(in: folder)
        var parts: LabeledParts = [:]
        parts[.train] = try arrays(["train"], files, folder)
        parts[.val] = try arrays(["val"], files, folder)
        parts[.test] = try arrays(["t10k", "test"], files, folder)
        if parts.isEmpty {
            throw InputError(folder, "the folder has no idx files with names such as train-images-idx3-ubyte.gz")
        }
        return parts
    }

    private static func arrays(_ part: [String], _ files: [String], _ folder: String) throws -> LabeledArrays? {
        func find(_ content: String) -> String? {
            let name = files.first { file in
                let name = file.lowercased()
                return name.contains("idx") && name.contains(content) && part.contains { name.contains($0) }
            }
            return name.map { Folder.join(folder, $0) }
        }
        switch (find("images"), find("labels")) {
        case (let images?, let labels?):
            return LabeledArrays(
                inputs: try IDX.load(images), labels: try IDX.load(labels), inputSource: images, labelSource: labels)
        case (let images?, nil): throw InputError(images, "its label file is missing")
        case (nil, let labels?): throw InputError(labels, "its image file is missing")
        case (nil, nil): return nil
        }
    }
}

/// The names by which arrays in one file are recognized: `images`, `inputs`, `features`, `data` or `x`, and `labels`,
/// `targets`, `classes` or `y`, alone or with `train`, `val` or `test` before or after them.
enum ArrayNames {
    private static let inputs = ["images", "inputs", "features", "data", "x"]
    private static let labels = ["labels", "targets", "target", "classes", "y"]

    static func parts(_ arrays: [String: Tensor], _ path: String) throws -> LabeledParts {
        var parts: LabeledParts = [:]
        for split in DataSplit.allCases { parts[split] = try find(split.rawValue, arrays, path) }
        if parts.isEmpty { parts[.train] = try find(nil, arrays, path) }
        if parts.isEmpty {
            let names = arrays.keys.sorted().prefix(10).joined(separator: ", ")
            throw InputError(
                path, "has the arrays \(names), none of which is recognized",
                remedy: "name them train_images, train_labels, test_images and test_labels, or x and y")
        }
        return parts
    }

    private static func find(_ part: String?, _ arrays: [String: Tensor], _ path: String) throws -> LabeledArrays? {
        func name(_ candidates: [String]) -> String? {
            candidates.flatMap { part == nil ? [$0] : ["\(part!)_\($0)", "\($0)_\(part!)"] }
                .first { arrays[$0] != nil }
        }
        let (input, label) = (name(inputs), name(labels))
        if input == nil && label == nil { return nil }
        guard let input, let label, let inputs = arrays[input], let labels = arrays[label] else {
            let (there, missing) = input.map { ($0, "labels") } ?? (label ?? "", "inputs")
            throw InputError("\(path), array \(there)", "the array of \(missing) that belongs to it is missing")
        }
        return LabeledArrays(
            inputs: inputs, labels: labels, inputSource: "\(path), array \(input)",
            labelSource: "\(path), array \(label)")
    }
}
