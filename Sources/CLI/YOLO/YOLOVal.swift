import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision

/// `switchback detect val`, and the same of the other tasks.
struct YOLOVal<Command: YOLOCommand>: ParsableCommand {
    static var task: YOLOTask { Command.task }

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "val",
            abstract: "Evaluate a \(task.networkName).",
            discussion: """
                EXAMPLES
                  switchback \(task) val --model runs/\(task)/train --data \(task.exampleData).yaml
                  switchback \(task) val --model best.safetensors --data \(task.exampleData).yaml \\
                    --split train --json
                  switchback \(task) val --model best.safetensors --data survey.yaml --tile 1024 \\
                    --overlap 200
                  switchback \(task) val --model best.safetensors --data annotations.json --save-json

                With --tile, images are cut as in predict, and boxes are compared in the image's own pixels.

                predictions.json is a result file of COCO, which pycocotools reads: image_id and category_id are those of the \
                data if that is described by COCO JSON; else the image's name, a number where it is one, and the number of \
                the class, counted from 1.\(rotated)
                """)
    }

    private static var rotated: String {
        task == .obb
            ? " rbox is center, width, height and angle in radians, and poly the corners, as DOTA has them." : ""
    }

    private static var usualBatch: Int { 16 }

    @Option(help: .runOrFile)
    var model: String

    @Option(help: ArgumentHelp(task.dataHelp, valueName: "path"))
    var data: String

    @Option(
        help: ArgumentHelp("The split: \(DataSplit.names). (default: val)", valueName: "split"),
        transform: Value.choice)
    var split = DataSplit.val

    @Option(
        help: ArgumentHelp(
            "The longer side of the input in pixels, a multiple of 32; the other side is that of each batch's images.",
            valueName: "pixels"),
        transform: Value.longerSide)
    var imgsz: Int?

    @Option(
        help: ArgumentHelp("The batch size. (default: \(usualBatch))", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var batch: Int?

    @OptionGroup var selection: SelectionOptions

    @Option(
        help: ArgumentHelp(
            "The fraction of training images to validate on if the data has no val split. (default: 0.1)",
            valueName: "x"),
        transform: Value.number(in: .from(0, below: 1)))
    var valFraction = DetectionConfiguration().valFraction

    @Option(
        parsing: .upToNextOption,
        help: ArgumentHelp("Only the boxes of these classes, by name or number.", valueName: "class"))
    var classes: [String] = []

    @Flag(help: "Match classes with different names by index.")
    var namesByNumber = false

    @Flag(help: "Treat all classes as one.")
    var singleCls = false

    @Flag(
        inversion: .prefixedNo,
        help: "segment: where objects overlap, pixels belong to the smaller one alone. (default: --overlap-mask)")
    var overlapMask: Bool?

    @Flag(
        inversion: .prefixedNo,
        help: "Give each batch the shape of its images instead of a square.")
    var rect = true

    @OptionGroup var tiles: TileOptions

    @OptionGroup var testTime: TestTimeOptions

    @Flag(
        help: "Save what is found as predictions.json, for pycocotools, in --output or else in runs/\(task)/val.")
    var saveJson = false

    @Flag(
        help: "obb: save what is found as DOTA's result files, one for each class, in dota of the same folder.")
    var saveDota = false

    @Option(help: ArgumentHelp("A folder for curves and images. (default: none are drawn)", valueName: "path"))
    var output: String?

    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task: String
        let mode = "val"
        let model: String
        let images: Int
        let precision, recall, map50, map75, map: Double
        /// mAP50-95 by class.
        let classes: [String: Double]
        let masks, keypoints: Shapes?
        /// The paths of what was saved.
        let predictions, dota: String?
        let preprocess, inference, postprocess: Double
    }

    /// The same figures of masks or keypoints.
    private struct Shapes: Encodable {
        let precision, recall, map50, map75, map: Double
        let classes: [String: Double]

        init(_ results: DetectionResults, names: [String]) {
            (precision, recall) = (results.precision, results.recall)
            (map50, map75, map) = (results.map50, results.map75, results.map)
            classes = results.byClass(names)
        }
    }

    func run() throws {
        common.apply()
        try Processes.connect(common)
        let loaded = try DetectorFile.load(model, for: Self.task)
        let detector = loaded.detector
        var data = try DetectionData.load(data, for: Self.task).keepingBoxes(of: classes)
        if split == .val { data = data.holdingOut(valFraction) }
        data.warnOfProblems()
        if singleCls { data = data.withOneClass } else { try detector.checkClasses(of: data, byNumber: namesByNumber) }
        guard !data[split].isEmpty else { throw InputError(data.path, "has no \(split.rawValue) split") }
        let validator = try validator(loaded, data)
        let names = singleCls ? data.classNames : detector.classes
        let (validation, saved) = try saving(names, validator.names) { report in
            try validate(by: validator, loaded, data[split], report)
        }
        guard Processes.group.isRoot else { return }
        try print(validation, names: names)
        if let output {
            try draw(validation, DetectionFigures(names: names, keypoints: detector.keypoints), into: output)
        }
        for path in [saved.json, saved.dota].compactMap({ $0 }) { try Terminal.print("What was found is in \(path)") }
        guard common.json else { return }
        let shapes = validation.shapeResults.map { Shapes($0, names: names) }
        let (results, count) = (validation.results, Double(max(validation.imageCount, 1)))
        try Terminal.printJSON(
            Result(
                task: Self.task.rawValue, model: model, images: validation.imageCount, precision: results.precision,
                recall: results.recall,
                map50: results.map50, map75: results.map75, map: results.map,
                classes: results.byClass(names),
                masks: Self.task == .segment ? shapes : nil, keypoints: Self.task == .pose ? shapes : nil,
                predictions: saved.json, dota: saved.dota,
                preprocess: validation.seconds.preprocess / count * 1000,
                inference: validation.seconds.inference / count * 1000,
                postprocess: validation.seconds.postprocess / count * 1000))
    }

    /// Runs `body`, which reports what is found, and saves that if it is asked for: the first process does.
    ///
    /// - Returns: also the paths of what was saved.
    private func saving<Result>(
        _ classNames: [String], _ names: COCONames?, _ body: (_ report: ([COCOResult]) throws -> Void) throws -> Result
    ) throws -> (Result, (json: String?, dota: String?)) {
        guard let names, Processes.group.isRoot else { return (try body { _ in }, (nil, nil)) }
        let folder = try output ?? OutputFolder.make(in: "runs", task: Self.task.rawValue, name: "val")
        defer { OutputFolder.removeIfEmpty(folder) }
        var dota = DOTAResultFiles(names: classNames)
        let path = saveJson ? try OutputFolder.file("predictions.json", in: folder) : nil
        func keep(_ rows: [COCOResult]) { if saveDota { dota.add(rows, called: names) } }
        let result: Result
        if let path {
            result = try COCOResultFile.write(to: path) { file in
                try body { rows in
                    try file.append(rows)
                    keep(rows)
                }
            }
        } else {
            result = try body(keep)
        }
        if saveDota { try dota.write(in: folder) }
        return (result, (path, saveDota ? Folder.join(folder, "dota") : nil))
    }

    private func validator(_ loaded: DetectorFile.Loaded, _ data: DetectionData) throws -> DetectionValidator {
        let detector = loaded.detector
        var validator = DetectionValidator(
            detector, data[split], size: imgsz ?? loaded.imgsz, batchSize: batch ?? Self.usualBatch,
            masks: MaskDetail(isShared: overlapMask ?? true), isRectangular: rect)
        validator.countsAsOne = singleCls
        selection.apply(to: &validator.suppression)
        validator.usesSingleHead = selection.usesSingleHead(of: detector)
        try testTime.check(detector, usesSingleHead: validator.usesSingleHead)
        validator.isAugmented = testTime.augment
        validator.names = saveJson || saveDota ? try COCONames(of: data, data[split]) : nil
        if singleCls { validator.suppression.isAgnostic = true }
        // A network with one class does not know the data's.
        if !singleCls || detector.classes.count > 1 { validator.classes = try detector.classNumbers(classes) }
        return validator
    }

    private func validate(
        by validator: DetectionValidator, _ loaded: DetectorFile.Loaded, _ examples: [DetectionExample],
        _ report: ([COCOResult]) throws -> Void
    ) throws -> DetectionValidation {
        guard let tiling = try tiles.tiling() else {
            return try validator.run(
                in: Processes.group, progress: { _, _ in try Processes.endIfInterrupted() }, found: report)
        }
        var predictor = DetectionPredictor(
            loaded.detector, size: InputSize(imgsz ?? loaded.imgsz), suppression: validator.suppression)
        predictor.usesSingleHead = validator.usesSingleHead
        predictor.classes = validator.classes
        predictor.tiling = tiling
        predictor.isAugmented = testTime.augment
        var tiled = TiledValidator(loaded.detector, examples, predictor)
        (tiled.countsAsOne, tiled.names) = (singleCls, validator.names)
        return try tiled.run(
            in: Processes.group, progress: { _, _ in try Processes.endIfInterrupted() }, found: report)
    }

    func validate() throws {
        try tiles.check()
        try testTime.check(for: Self.task)
        try Self.task.checkDOTA(saveDota)
        if overlapMask != nil && Self.task != .segment {
            throw ValidationError("--overlap-mask is for masks, which switchback segment finds")
        }
        if singleCls && namesByNumber {
            throw ValidationError(
                "--names-by-number matches classes, and with --single-cls there is one: take one of them")
        }
        for (option, isGiven) in [("--no-rect", !rect), ("--batch", batch != nil)] where tiles.tile != nil && isGiven {
            throw ValidationError(
                "\(option) is for batches, and with --tile there are none: tiles are looked at one by one")
        }
    }

    private func print(_ validation: DetectionValidation, names: [String]) throws {
        try print(validation.results, validation, names: names)
        if let shapes = validation.shapeResults {
            try Terminal.print(Self.task == .pose ? "Keypoints:" : "Masks:")
            try print(shapes, validation, names: names)
        }
        let count = Double(max(validation.imageCount, 1))
        try Terminal.print("Per image: " + validation.seconds.sentence(dividedBy: count))
    }

    private func print(_ results: DetectionResults, _ validation: DetectionValidation, names: [String]) throws {
        let width = max(names.map(\.count).max() ?? 0, 5)
        func row(_ name: String, _ images: Int, _ boxes: Int, _ values: [Double]) -> String {
            name.padding(toLength: width, withPad: " ", startingAt: 0)
                + String(format: "%8d%8d", images, boxes) + values.map { String(format: "%10.3f", $0) }.joined()
        }
        try Terminal.print(
            "class".padding(toLength: width, withPad: " ", startingAt: 0)
                + "  images   boxes precision    recall     mAP50  mAP50-95")
        try Terminal.print(
            row(
                "all", validation.imageCount, results.classes.reduce(0) { $0 + $1.boxCount },
                [results.precision, results.recall, results.map50, results.map]))
        for result in results.classes where results.classes.count > 1 {
            try Terminal.print(
                row(
                    names[result.classIndex], result.imageCount, result.boxCount,
                    [result.precision, result.recall, result.ap50, result.ap]))
        }
    }

    private func draw(_ validation: DetectionValidation, _ figures: DetectionFigures, into folder: String) throws {
        try OutputFolder.make(folder)
        try validation.draw(figures) { Folder.join(folder, $0) }
        try Terminal.print("Curves and images are in \(folder)")
    }
}

extension DetectionResults {
    /// mAP50-95 of each class.
    fileprivate func byClass(_ names: [String]) -> [String: Double] {
        Dictionary(classes.map { (names[$0.classIndex], $0.ap) }, uniquingKeysWith: { a, _ in a })
    }
}

/// Which boxes are kept.
struct SelectionOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp("The confidence threshold.", valueName: "x"),
        transform: Value.number(in: .from(0, to: 1)))
    var conf: Double?

    @Option(
        help: ArgumentHelp("The IoU threshold for NMS. (default: 0.7)", valueName: "x"),
        transform: Value.number(in: .from(0, to: 1)))
    var iou: Double?

    @Option(
        help: ArgumentHelp("The maximum number of boxes per image. (default: 300)", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var maxDet: Int?

    @Flag(help: "Class-agnostic NMS.")
    var agnosticNms = false

    @Flag(
        help: """
            YOLO26: use the one-to-many head with NMS. In an export, for YOLO11 too: the graph selects the boxes.
            """)
    var nms = false

    /// Whether boxes come from the second head, which needs no suppression. Says which options have no effect on those
    /// of a detector.
    ///
    /// - Parameter inExport: whether --nms puts the suppression into a graph.
    func usesSingleHead(of detector: YOLO, inExport: Bool = false) -> Bool {
        let isEndToEnd = detector.variant.isEndToEnd
        if nms && !isEndToEnd && !inExport { Diagnostics.warn("--nms has no effect: \(detector.variant) has one head") }
        if isEndToEnd && !nms && (iou != nil || agnosticNms) {
            Diagnostics.warn(
                "--\(iou != nil ? "iou" : "agnostic-nms") has no effect: without --nms, \(detector.variant) suppresses no "
                    + "boxes")
        }
        return isEndToEnd && !nms
    }

    /// The first of the options for the selection of boxes that was given.
    var firstOfSelection: String? {
        if conf != nil { return "--conf" }
        if iou != nil { return "--iou" }
        if maxDet != nil { return "--max-det" }
        return agnosticNms ? "--agnostic-nms" : nil
    }

    func apply(to suppression: inout NonMaximumSuppression) {
        if let conf { suppression.confidence = Float(conf) }
        if let iou { suppression.iou = Float(iou) }
        if let maxDet { suppression.maximumCount = maxDet }
        suppression.isAgnostic = agnosticNms
    }
}

extension StageSeconds {
    /// `1.2 ms to prepare, 80.3 ms to compute, 0.4 ms to select`.
    func sentence(dividedBy count: Double = 1) -> String {
        [(preprocess, "prepare"), (inference, "compute"), (postprocess, "select")]
            .map { ($0 * 1000 / count).formatted(1) + " ms to " + $1 }.joined(separator: ", ")
    }
}
