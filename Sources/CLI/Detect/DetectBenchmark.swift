import ArgumentParser
import Switchback
import SwitchbackTraining
import SwitchbackVision

/// `switchback detect benchmark`.
struct DetectBenchmark: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "benchmark",
        abstract: "Compare speed and accuracy of the ways to run a detector.",
        discussion: """
            EXAMPLES
              switchback detect benchmark --model best.safetensors --data coco8.yaml
              switchback detect benchmark --model yolo26n --imgsz 320 --batch 8 --threads 1

            Times are medians per image. Without --data, or with random weights, only speed is measured.
            """)

    @Option(
        help: ArgumentHelp(
            "A run, a weights file, or yolo11 or yolo26 with n, s, m, l or x.", valueName: "model"),
        transform: Value.detector)
    var model: String

    @Option(
        help: ArgumentHelp(
            "A data.yaml, a COCO .json, or a folder with COCO or Pascal VOC annotations.", valueName: "path"))
    var data: String?

    @Option(
        help: ArgumentHelp("The split: \(DataSplit.names). (default: val)", valueName: "split"),
        transform: Value.choice)
    var split = DataSplit.val

    @Option(
        help: ArgumentHelp("The input size in pixels, a multiple of 32.", valueName: "pixels"),
        transform: Value.side)
    var imgsz: Int?

    @Option(
        help: ArgumentHelp("The batch size. (default: 1)", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var batch = 1

    @Option(
        help: ArgumentHelp("How long to time each variant. (default: 3)", valueName: "seconds"),
        transform: Value.number(in: .above(0, to: 3600)))
    var seconds = 3.0

    @OptionGroup var common: CommonOptions

    fileprivate struct Row: Encodable {
        let way: String
        /// Per image.
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
        let header = ["variant", "ms inference", "ms postprocess", "images/s", "peak MB", "mAP50", "mAP50-95"]
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
        guard !data[split].isEmpty else { throw InputError(data.path, "has no \(split.rawValue) split") }
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
