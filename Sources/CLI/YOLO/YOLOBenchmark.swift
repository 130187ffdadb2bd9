import ArgumentParser
import Switchback
import SwitchbackTraining
import SwitchbackVision

/// `switchback detect benchmark`, and the same of the other tasks.
struct YOLOBenchmark<Command: YOLOCommand>: ParsableCommand {
    static var task: YOLOTask { Command.task }

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "benchmark",
            abstract: "Compare speed and accuracy of the ways to run a \(task.networkName).",
            discussion: """
                EXAMPLES
                  switchback \(task) benchmark --model best.safetensors --data \(task.exampleData).yaml
                  switchback \(task) benchmark --model \(YOLOVariant(.yolo26, .n, task)) --imgsz 320 \\
                    --batch 8 --threads 1

                Times are medians per image. Without --data, or with random weights, only speed is measured.
                """)
    }

    @Option(
        help: ArgumentHelp("A run, a weights file, or \(task.modelNames).", valueName: "model"),
        transform: Value.network(task))
    var model: String

    @Option(help: ArgumentHelp(task.dataHelp, valueName: "path"))
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

    private struct Result: Encodable {
        let task: String
        let mode = "benchmark"
        let model: String
        let imgsz, batch, threads: Int
        let rows: [BenchmarkRow]
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
        let rows = try benchmark.ways.map { BenchmarkRow(try benchmark.measure($0, on: examples)) }
        let header = ["variant", "ms inference", "ms postprocess", "images/s", "peak MB", "mAP50", "mAP50-95"]
        try Terminal.print(TextTable(header, rows.map(\.cells)).text)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                task: Self.task.rawValue, model: model, imgsz: size, batch: batch, threads: Processor.threadCount,
                rows: rows))
    }

    /// The detector, and the side of the input that it is meant for.
    private func load() throws -> (YOLO, Int) {
        if let variant = try YOLOVariant(unlessPath: model, for: Self.task) {
            return (YOLO(variant, classes: (0..<80).map(String.init)), 640)
        }
        let loaded = try DetectorFile.load(model, for: Self.task)
        return (loaded.detector, loaded.imgsz)
    }

    private func examples(for detector: YOLO) throws -> [DetectionExample] {
        guard let data = try data.map({ try DetectionData.load($0, for: Self.task) }) else { return [] }
        data.warnOfProblems()
        try detector.checkClasses(of: data)
        guard !data[split].isEmpty else { throw InputError(data.path, "has no \(split.rawValue) split") }
        return data[split]
    }
}

/// A way to run a network, and what it costs.
private struct BenchmarkRow: Encodable {
    let way: String
    /// Per image.
    let inferenceMs, postprocessMs, imagesPerSecond: Double
    let peakMegabytes: Double
    let map50, map: Double?

    init(_ result: DetectionBenchmark.Result) {
        way = result.way.description
        (inferenceMs, postprocessMs) = (result.inference * 1000, result.postprocess * 1000)
        imagesPerSecond = 1 / (result.inference + result.postprocess)
        peakMegabytes = Double(result.peakBytes) / 1e6
        map50 = result.validation?.results.map50
        map = result.validation?.results.map
    }

    var cells: [String] {
        [
            way, inferenceMs.formatted(1), postprocessMs.formatted(1), imagesPerSecond.formatted(1),
            peakMegabytes.formatted(1), map50?.formatted(3) ?? "", map?.formatted(3) ?? "",
        ]
    }
}
