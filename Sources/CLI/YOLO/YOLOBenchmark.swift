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

    @OptionGroup var timing: BenchmarkOptions

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
        (benchmark.size, benchmark.batch, benchmark.seconds) = (size, timing.batch, timing.seconds)
        try Terminal.print(
            "\(detector.variant), \(detector.parameterCount.counted("parameter")), \(size)x\(size), batches of \(timing.batch), "
                + Processor.threadCount.counted("thread"))
        let rows = try benchmark.ways.map { way in
            let result = try benchmark.measure(way, on: examples)
            return BenchmarkRow(
                way.description, result.times, batch: timing.batch, map50: result.validation?.results.map50,
                map: result.validation?.results.map)
        }
        let table = BenchmarkRow.table(rows, noun: "image", [("mAP50", \.map50), ("mAP50-95", \.map)])
        try Terminal.print(table.text)
        guard common.json else { return }
        try Terminal.printJSON(
            Result(
                task: Self.task.rawValue, model: model, imgsz: size, batch: timing.batch,
                threads: Processor.threadCount,
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
