import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

extension DetectionConfiguration {
    /// The task that this describes: its data read, its model as named or read from a file, fresh weights drawn from
    /// the seed.
    ///
    /// - Throws: `InputError` where the data or the weights cannot be read, or an option makes no sense.
    public func makeTask(_ task: YOLOTask = .detect) throws -> DetectionTask {
        try check()
        let found = try DetectionData.load(data, for: task)
        let all = try (labeledOnly ? found.keepingLabeled() : found).keepingBoxes(of: classes)
        let trained = (singleCls ? all.withOneClass : all).holdingOut(valFraction)
        manualSeed(seed)
        return try DetectionTask(self, makeDetector(task, for: trained), on: trained)
    }

    /// The model with the data's classes; from the weights of another task's, what fits.
    private func makeDetector(_ task: YOLOTask, for data: DetectionData) throws -> YOLO {
        if let variant = try YOLOVariant(unlessPath: model, for: task) {
            return YOLO(variant, classes: data.classNames, keypoints: data.keypoints)
        }
        try Quantization.refuse(toTrain: RunFolder.weightFile(model))
        let loaded = try DetectorFile.load(model, for: nil).detector
        if loaded.classes == data.classNames && loaded.variant.task == task && loaded.keypoints == data.keypoints {
            return loaded
        }
        let detector = YOLO(
            YOLOVariant(loaded.variant.generation, loaded.variant.size, task), classes: data.classNames,
            keypoints: data.keypoints)
        let taken = detector.takeWeights(from: loaded)
        if loaded.variant.task != task {
            Diagnostics.warn(
                "\(model): it holds a \(loaded.variant.task.networkName), of which \(taken) of "
                    + "\(detector.stateDict().count.counted("tensor")) are taken; the others begin at random")
        }
        return detector
    }
}

extension DetectionData {
    /// The data with one class, `item`, instead of all.
    public var withOneClass: DetectionData {
        let splits = splits.mapValues { examples in
            examples.map { example in example.with(labels: example.labels.map { $0.withClass(0) }) }
        }
        return with(splits: splits, classNames: ["item"])
    }

    /// The data with the boxes of some classes alone, given by name or number; with all if none is given. Throws where
    /// there is no such class.
    public func keepingBoxes(of wanted: [String]) throws -> DetectionData {
        if wanted.isEmpty { return self }
        let numbers = try classNames.numbers(ofClasses: wanted, knownTo: "the data")
        let splits = splits.mapValues { examples in
            examples.map { example in
                example.with(labels: example.labels.filter { numbers.contains($0.classIndex) })
            }
        }
        return with(splits: splits)
    }

    /// The data without the images that have no file of labels.
    ///
    /// - Throws: `InputError` where none is left to learn from.
    public func keepingLabeled() throws -> DetectionData {
        let labeled = splits.mapValues { $0.filter(\.isLabeled) }.filter { !$0.value.isEmpty }
        guard labeled[.train] != nil else {
            throw InputError(path, "no image for training has a file of labels", remedy: "label some, as in the studio")
        }
        return with(splits: labeled)
    }

    /// `YOLO labels, 4 images for training and 4 for validation, 80 classes`.
    public var summary: String {
        "\(kind), \(self[.train].count.counted("image")) for training and \(self[.val].count) for validation, "
            + classNames.count.counted("class")
    }
}

extension YOLO {
    /// Takes the weights of a network with other classes or for another task: those of classes that both know, by name,
    /// and all that do not depend on classes. Returns how many tensors have some from there.
    func takeWeights(from other: YOLO) -> Int {
        let (own, theirs) = (stateDict(), other.stateDict())
        let rows = classes.enumerated().compactMap { index, name in
            other.classes.firstIndex(of: name).map { (index, $0) }
        }
        return noGrad {
            own.count { name, tensor in
                guard let source = theirs[name] else { return false }
                if tensor.shape == source.shape && !name.contains(".cv3.") && !name.contains("one2one_cv3") {
                    tensor.copy(from: source)
                } else if Shape(tensor.shape.dropFirst()) == Shape(source.shape.dropFirst()),
                    name.hasSuffix(".2.weight") || name.hasSuffix(".2.bias")
                {
                    for (to, from) in rows { tensor[to].copy(from: source[from]) }
                    return !rows.isEmpty
                } else if tensor.shape == source.shape {
                    tensor.copy(from: source)
                } else {
                    return false
                }
                return true
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
        let training = "fine-tune it on these classes with \(variant.task) train --model"
        throw InputError(
            data.path,
            "its \(data.classNames.count.counted("class")), and the \(variant.task.networkName)'s \(classes.count), are not the same"
                + (difference.map { ": \($0)" } ?? ""),
            remedy: data.classNames.count == classes.count
                ? "\(training), or match classes by their numbers with --names-by-number" : training)
    }

    /// The numbers of classes that are given by name or number.
    ///
    /// - Throws: `InputError` with the nearest name if there is no such class.
    public func classNumbers(_ names: [String]) throws -> Set<Int> {
        try classes.numbers(ofClasses: names, knownTo: "the \(variant.task.networkName)")
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
