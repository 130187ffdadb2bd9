import ArgumentParser
import SwitchbackVision

/// `switchback data speed`.
struct DataSpeed: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "speed",
        abstract: "Measure the speed of loading and augmentation, without a model.",
        discussion: """
            EXAMPLES
              switchback data speed bccd/bccd.yaml --imgsz 640 --workers 2

            A model that processes more images per second than this waits for data. From the second epoch on, images that \
            fit into memory are not decoded again.
            """)

    @Argument(
        help: ArgumentHelp(
            "A data.yaml, a COCO .json, or a folder with COCO or Pascal VOC annotations.", valueName: "path"))
    var path: String

    @Option(
        help: ArgumentHelp("The image size. (default: 640)", valueName: "pixels"), transform: Value.side)
    var imgsz = 640

    @Option(
        help: ArgumentHelp("The batch size. (default: 16)", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var batch = 16

    @Option(
        help: ArgumentHelp("The number of loader threads. (default: 2)", valueName: "n"),
        transform: Value.integer(in: .from(0, to: 64)))
    var workers = 2

    @Option(
        help: ArgumentHelp("The number of epochs. (default: 2)", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var epochs = 2

    @Option(
        help: ArgumentHelp("The size of the cache of decoded images, in MB. (default: 512)", valueName: "n"),
        transform: Value.integer(in: .from(0, to: 1_000_000)))
    var cache = 512

    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "data"
        let mode = "speed"
        /// Of each epoch.
        let imagesPerSecond: [Double]
    }

    func run() throws {
        common.apply()
        let data = try DetectionData.load(path)
        data.warnOfProblems()
        let examples = data[.train]
        let loader = DetectionLoader.training(
            examples, size: imgsz, batchSize: batch, augmentation: DetectionAugmentation(), workers: workers,
            cacheBytes: cache << 20
        ).loader()
        var speeds: [Double] = []
        for epoch in 0..<epochs {
            let start = ContinuousClock.now
            let batches = loader.batches(epoch: epoch)
            var count = 0
            while let batch = try batches.next() { count += batch.labels.count }
            let seconds = (ContinuousClock.now - start) / .seconds(1)
            speeds.append(Double(count) / seconds)
            try Terminal.print("Epoch \(epoch + 1)/\(epochs)  \((Double(count) / seconds).formatted(1)) images/s")
        }
        if common.json { try Terminal.printJSON(Result(imagesPerSecond: speeds)) }
    }
}
