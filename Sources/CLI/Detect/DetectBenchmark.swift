import ArgumentParser
import Switchback
import SwitchbackTraining
import SwitchbackVision

/// `switchback detect benchmark`.
struct DetectBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Times a detector in the ways in which it can be run, and measures it in each.",
        discussion: """
            EXAMPLES
              switchback detect benchmark --model best.safetensors --data coco8.yaml
              switchback detect benchmark --model yolo26n --imgsz 320 --batch 8 --threads 1

            Times are medians for one picture. Without --data, and for a model with fresh weights, only speed is measured.
            """)

    @Option(
        help: ArgumentHelp(
            "The folder of a run, a file of weights, or yolo11 or yolo26 with n, s, m, l or x.", valueName: "model"),
        transform: Value.detector)
    var model: String

    @Option(help: ArgumentHelp("A data.yaml, COCO .json, or a folder of Pascal VOC or COCO.", valueName: "path"))
    var data: String?

    @Option(
        help: ArgumentHelp("The part of the data: \(DataSplit.names). (default: val)", valueName: "part"),
        transform: Value.choice)
    var split = DataSplit.val

    @Option(
        help: ArgumentHelp("The side of the input, in pixels: a multiple of 32.", valueName: "pixels"),
        transform: Value.side)
    var imgsz: Int?

    @Option(
        help: ArgumentHelp("Pictures at a time. (default: 1)", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var batch = 1

    @Option(
        help: ArgumentHelp("How long each way is timed. (default: 3)", valueName: "seconds"),
        transform: Value.number(in: .above(0, to: 3600)))
    var seconds = 3.0

    @OptionGroup var common: CommonOptions

    fileprivate struct Row: Encodable {
        let way: String
        /// Of one picture.
        let inferenceMs, postprocessMs, imagesPerSecond: Double
        let peakMegabytes: Double
        let map50, map: Double?
    }

    private struct Result: Encodable {
        let task = "detect"
        let mode = "benchmark"
        let model: String
        let imgsz, batch, threads: Int
        let rows: [Row]
    }

    func run() throws {
        common.apply()
        let (detector, trainedSize) = try load()
        let size = imgsz ?? trainedSize
        let examples = try examples(for: detector)
        var benchmark = DetectionBenchmark(detector)
        (benchmark.size, benchmark.batch, benchmark.seconds) = (size, batch, seconds)
        try Terminal.print(
            "\(detector.variant), \(detector.parameterCount.counted("parameter")), \(size)x\(size), batches of \(batch), "
                + Processor.threadCount.counted("thread"))
        let rows = try benchmark.ways.map { Row(try benchmark.measure($0, on: examples)) }
        let header = ["way", "ms to compute", "ms to select", "pictures/s", "peak MB", "mAP50", "mAP50-95"]
        try Terminal.print(TextTable(header, rows.map(\.cells)).text)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(model: model, imgsz: size, batch: batch, threads: Processor.threadCount, rows: rows))
    }

    /// The detector, and the side of the input that it is meant for.
    private func load() throws -> (YOLO, Int) {
        if let variant = try YOLOVariant(unlessPath: model) {
            return (YOLO(variant, classes: (0..<80).map(String.init)), 640)
        }
        let loaded = try DetectorFile.load(model)
        return (loaded.detector, loaded.imgsz)
    }

    private func examples(for detector: YOLO) throws -> [DetectionExample] {
        guard let data = try data.map(DetectionData.load) else { return [] }
        data.warnOfProblems()
        try detector.checkClasses(of: data)
        guard !data[split].isEmpty else { throw InputError(data.path, "has no part \(split.rawValue)") }
        return data[split]
    }
}

extension DetectBenchmark.Row {
    fileprivate init(_ result: DetectionBenchmark.Result) {
        way = result.way.description
        (inferenceMs, postprocessMs) = (result.inference * 1000, result.postprocess * 1000)
        imagesPerSecond = 1 / (result.inference + result.postprocess)
        peakMegabytes = Double(result.peakBytes) / 1e6
        map50 = result.validation?.results.map50
        map = result.validation?.results.map
    }

    fileprivate var cells: [String] {
        [
            way, inferenceMs.formatted(1), postprocessMs.formatted(1), imagesPerSecond.formatted(1),
            peakMegabytes.formatted(1), map50?.formatted(3) ?? "", map?.formatted(3) ?? "",
        ]
    }
}
