import ArgumentParser
import Switchback
import SwitchbackInference
import SwitchbackTraining
import SwitchbackVision

/// `switchback detect quantize`, and the same of the other tasks.
struct YOLOQuantize<Command: YOLOCommand>: ParsableCommand {
    static var task: YOLOTask { Command.task }

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "quantize",
            abstract: "Make a \(task.networkName) that computes in whole numbers of 8 bits.",
            discussion: """
                EXAMPLES
                  switchback \(task) quantize --model runs/\(task)/train --data \(task.exampleData).yaml
                  switchback \(task) val --model runs/\(task)/train/weights/best-int8.safetensors \\
                    --data \(task.exampleData).yaml

                Images of the training split show which numbers the network computes; their labels are not used. Of three \
                calibrations the one is taken that changes the outputs least, and layers that change them most stay in \
                float32. predict, val, benchmark, export and serve take the file like any other; it cannot be trained.
                """)
    }

    @Option(help: ArgumentHelp(task.dataHelp, valueName: "path"))
    var data: String

    @Option(
        help: ArgumentHelp(
            "The input size in pixels, a multiple of 32. (default: that of training)", valueName: "pixels"),
        transform: Value.side)
    var imgsz: Int?

    @OptionGroup var quantize: QuantizeOptions

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        let (weights, path) = try quantize.paths()
        let loaded = try DetectorFile.load(weights, for: Self.task)
        let data = try DetectionData.load(data, for: Self.task)
        data.warnOfProblems()
        try loaded.detector.checkClasses(of: data)
        let examples = data[.train].isEmpty ? data[.val] : data[.train]
        let result = try quantize.run(loaded.quantizer(examples, count: quantize.images, imgsz: imgsz))
        try loaded.save(result.quantization, to: path)
        try Terminal.print("Wrote \(path)")
        let accuracy = try quantize.noVal || data[.val].isEmpty ? nil : compare(loaded, path, data[.val])
        if common.json { try Terminal.printJSON(QuantizeResult(Self.task.rawValue, result, output: path, accuracy)) }
    }

    /// mAP50-95 before and after, on the validation split.
    private func compare(
        _ loaded: DetectorFile.Loaded, _ path: String, _ examples: [DetectionExample]
    ) throws -> (before: Double, after: Double) {
        func figures(_ detector: YOLO) throws -> (box: Double, shape: Double?) {
            let validation = try DetectionValidator(detector, examples, size: imgsz ?? loaded.imgsz, batchSize: 16).run
            { _, _ in
                if Interruption.isRequested { throw ExitCode(Interruption.exitCode) }
            }
            return (validation.results.map, validation.shapeResults?.map)
        }
        let before = try figures(loaded.detector)
        let after = try figures(DetectorFile.load(path, for: Self.task).detector)
        var line =
            "mAP50-95 of \(examples.count.counted("image")): \(before.box.percent) in float32, \(after.box.percent) in int8"
        if let old = before.shape, let new = after.shape {
            line += "; of \(Self.task == .pose ? "keypoints" : "masks") \(old.percent) and \(new.percent)"
        }
        try Terminal.print(line)
        return (before.box, after.box)
    }
}
