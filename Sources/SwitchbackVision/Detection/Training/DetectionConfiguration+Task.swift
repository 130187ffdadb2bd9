import Foundation
import Switchback
import SwitchbackTraining

extension DetectionConfiguration {
    /// The task that this describes: its data read, its model as named or read from a file, fresh weights drawn from
    /// the seed.
    ///
    /// - Throws: `InputError` where the data or the weights cannot be read, or an option makes no sense.
    public func makeTask() throws -> DetectionTask {
        try check()
        let data = try DetectionData.load(data).keepingBoxes(of: classes).asTrained(singleClass: singleCls)
            .holdingOut(valFraction)
        manualSeed(seed)
        return try DetectionTask(self, makeDetector(for: data), on: data)
    }

    /// The model with the data's classes.
    private func makeDetector(for data: DetectionData) throws -> YOLO {
        if let variant = try YOLOVariant(unlessPath: model) { return YOLO(variant, classes: data.classNames) }
        let loaded = try DetectorFile.load(model).detector
        if loaded.classes == data.classNames { return loaded }
        let detector = YOLO(loaded.variant, classes: data.classNames)
        try detector.takeWeights(from: loaded)
        return detector
    }
}

extension DetectionData {
    /// The data with one class instead of all, where requested.
    fileprivate func asTrained(singleClass: Bool) -> DetectionData {
        guard singleClass else { return self }
        let splits = splits.mapValues { examples in
            examples.map { example in
                DetectionExample(
                    imagePath: example.imagePath, height: example.height, width: example.width,
                    labels: example.labels.map { LabeledBox($0.box, classIndex: 0) }, isLabeled: example.isLabeled)
            }
        }
        return DetectionData(
            kind: kind, path: path, classNames: ["item"], splits: splits, problems: problems, remarks: remarks)
    }

    /// The data with the boxes of some classes alone, given by name or number; with all if none is given. Throws where
    /// there is no such class.
    public func keepingBoxes(of wanted: [String]) throws -> DetectionData {
        if wanted.isEmpty { return self }
        let numbers = try classNames.numbers(ofClasses: wanted, knownTo: "the data")
        let splits = splits.mapValues { examples in
            examples.map { example in
                DetectionExample(
                    imagePath: example.imagePath, height: example.height, width: example.width,
                    labels: example.labels.filter { numbers.contains($0.classIndex) }, isLabeled: example.isLabeled)
            }
        }
        return DetectionData(
            kind: kind, path: path, classNames: classNames, splits: splits, problems: problems, remarks: remarks)
    }

    /// `YOLO labels, 4 images for training and 4 for validation, 80 classes`.
    public var summary: String {
        "\(kind), \(self[.train].count.counted("image")) for training and \(self[.val].count) for validation, "
            + classNames.count.counted("class")
    }
}

extension YOLO {
    /// Takes the weights of a detector with other classes: those of classes that both know, by name, and all that do
    /// not depend on classes.
    func takeWeights(from other: YOLO) throws {
        let (own, theirs) = (stateDict(), other.stateDict())
        let rows = classes.enumerated().compactMap { index, name in
            other.classes.firstIndex(of: name).map { (index, $0) }
        }
        noGrad {
            for (name, tensor) in own {
                guard let source = theirs[name] else { continue }
                if tensor.shape == source.shape && !name.contains(".cv3.") && !name.contains("one2one_cv3") {
                    tensor.copy(from: source)
                } else if Shape(tensor.shape.dropFirst()) == Shape(source.shape.dropFirst()),
                    name.hasSuffix(".2.weight") || name.hasSuffix(".2.bias")
                {
                    for (to, from) in rows { tensor[to].copy(from: source[from]) }
                } else if tensor.shape == source.shape {
                    tensor.copy(from: source)
                }
            }
        }
    }

    /// - Parameter byNumber: whether classes of other names are taken for those of the same number.
    /// - Throws: `InputError` where the data has classes that are not those of the detector.
    public func checkClasses(of data: DetectionData, byNumber: Bool = false) throws {
        guard data.classNames != classes else { return }
        let difference = zip(data.classNames, classes).first { $0 != $1 }.map { "\($0) is not \($1)" }
        if data.classNames.count == classes.count, byNumber {
            return Diagnostics.warn("\(data.path): classes are matched by their numbers: \(difference ?? "")")
        }
        let training = "fine-tune the detector on these classes with detect train --model"
        throw InputError(
            data.path,
            "its \(data.classNames.count.counted("class")), and the detector's \(classes.count), are not the same"
                + (difference.map { ": \($0)" } ?? ""),
            remedy: data.classNames.count == classes.count
                ? "\(training), or match classes by their numbers with --names-by-number" : training)
    }

    /// The numbers of classes that are given by name or number.
    ///
    /// - Throws: `InputError` with the nearest name if there is no such class.
    public func classNumbers(_ names: [String]) throws -> Set<Int> {
        try classes.numbers(ofClasses: names, knownTo: "the detector")
    }
}

extension [String] {
    /// The positions in these names of classes that are given by name or number.
    fileprivate func numbers(ofClasses wanted: [String], knownTo subject: String) throws -> Set<Int> {
        try Set(
            wanted.map { name in
                if let index = firstIndex(of: name) { return index }
                if let number = Int(name), indices.contains(number) { return number }
                let hint = name.nearest(in: self).map { "did you mean \($0)?" }
                throw InputError("class \(name)", "\(subject) does not know it", remedy: hint)
            })
    }
}
