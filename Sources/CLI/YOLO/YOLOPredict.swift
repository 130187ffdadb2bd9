import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision

/// `switchback detect predict`, and the same of the other tasks.
struct YOLOPredict<Command: YOLOCommand>: ParsableCommand {
    static var task: YOLOTask { Command.task }

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "predict",
            abstract:
                "Find \(task == .obb ? "oriented boxes" : "objects") in images and videos\(task == .segment ? ", with their masks" : "").",
            discussion: """
                EXAMPLES
                  switchback \(task) predict --model best.safetensors bus.jpg
                  switchback \(task) predict --model best.safetensors "shop/*.jpg" --save-txt \\
                    --save-crop
                  switchback \(task) predict --model best.safetensors street.mp4 --track
                  switchback \(task) predict --model best.safetensors survey.tif --tile 1024 \\
                    --overlap 200
                  switchback \(task) predict --model best.safetensors 0
                  switchback \(task) predict --model best.safetensors rtsp://camera.local/stream
                \(outputs)
                """)
    }

    /// What the files hold, where they hold more than boxes.
    private static var outputs: String {
        switch task {
        case .detect: ""
        case .pose:
            """

            A row of a label file is a class, the box and the keypoints; boxes.json has them under keypoints, with the \
            probability that each is seen.
            """
        case .obb:
            """

            A row of a label file is a class and the corners x1 y1 to x4 y4; boxes.json has center, width, height and angle \
            in radians under rotated, and in x1 to y2 the upright box around them.
            """
        case .segment:
            """

            Masks have the resolution of the image. A row of a label file is a class and the outline; boxes.json has area, \
            length and width in pixels, in mm too with --pixel-size, and the mask as COCO run lengths; crops are PNG files \
            that are transparent outside of the mask.
            """
        }
    }

    @Option(help: .runOrFile)
    var model: String

    @Argument(
        help: """
            An image, a video, a folder of them, a pattern in quotes, a .txt list, a camera's number, an address \
            (http, rtsp, …) or 'screen'.
            """)
    var source: String

    @Option(
        help: ArgumentHelp("Process only every n-th frame of a video.", valueName: "number"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var vidStride = 1

    @Option(
        help: ArgumentHelp(
            "What images are scaled into, in pixels: a side, or height and width as in 480x640; multiples of 32.",
            valueName: "pixels"),
        transform: Value.imageSize)
    var imgsz: InputSize?

    @OptionGroup var tiles: TileOptions

    @OptionGroup var selection: SelectionOptions

    @OptionGroup var testTime: TestTimeOptions

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("Keep only these classes, by name or index.", valueName: "class"))
    var classes: [String] = []

    @Flag(help: "Track objects from frame to frame.")
    var track = false

    @OptionGroup var results: ResultFolderOptions

    @Flag(help: "Do not save images and videos.")
    var noSave = false

    @Option(
        help: ArgumentHelp("How wide lines are drawn. (default: by the image's size)", valueName: "pixels"),
        transform: Value.number(in: .from(0.5, to: 100)))
    var lineWidth: Double?

    @Flag(help: "Draw boxes without the names of their classes.")
    var hideLabels = false

    @Flag(help: "Draw boxes without their confidences.")
    var hideConf = false

    @Flag(help: "Save the boxes of each image as a label file.")
    var saveTxt = false

    @Flag(help: "Include confidences in the label files.")
    var saveConf = false

    @Flag(help: "Save the contents of each box as an image.")
    var saveCrop = false

    @Flag(help: "Save all boxes as boxes.csv.")
    var saveCsv = false

    @Flag(help: "Save all boxes as boxes.json.")
    var saveJson = false

    @Flag(help: "obb: save the boxes as DOTA's result files, one for each class.")
    var saveDota = false

    @Option(
        help: ArgumentHelp(
            "The side of a pixel in mm: with segment, the sizes of masks are saved in mm too.", valueName: "mm"),
        transform: Value.number(in: .above(0, to: 1e6)))
    var pixelSize: Double?

    @Flag(help: "Print nothing but errors.")
    var quiet = false

    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task: String
        let mode = "predict"
        let model: String
        let images: Int
        let boxes: Int
        let folder: String?
        let preprocess, inference, postprocess: Double
    }

    func validate() throws {
        try tiles.check()
        try testTime.check(for: Self.task)
        try Self.task.checkDOTA(saveDota)
        for (option, isGiven) in [
            ("--line-width", lineWidth != nil), ("--hide-labels", hideLabels), ("--hide-conf", hideConf),
        ] where isGiven && noSave {
            throw ValidationError("\(option) is for the images that are saved, and --no-save saves none")
        }
        if saveConf && !saveTxt { throw ValidationError("--save-conf needs --save-txt") }
        if pixelSize != nil && !(saveJson || saveCsv) {
            throw ValidationError("--pixel-size needs --save-json or --save-csv")
        }
        if pixelSize != nil && Self.task != .segment {
            throw ValidationError("--pixel-size is for masks, which switchback segment finds")
        }
    }

    func run() throws {
        common.apply()
        let loaded = try DetectorFile.load(model, for: Self.task)
        let images = try ImageSource(source)
        var predictor = DetectionPredictor(loaded.detector, size: imgsz ?? InputSize(loaded.imgsz))
        predictor.tiling = try tiles.tiling()
        selection.apply(to: &predictor.suppression)
        predictor.usesSingleHead = selection.usesSingleHead(of: loaded.detector)
        try testTime.check(loaded.detector, usesSingleHead: predictor.usesSingleHead)
        predictor.isAugmented = testTime.augment
        predictor.classes = try loaded.detector.classNumbers(classes)
        let saves = PredictionWriter.Saves(
            images: !noSave, text: saveTxt, confidence: saveConf, crops: saveCrop, csv: saveCsv, json: saveJson,
            dota: saveDota, millimeters: pixelSize)
        let folder = try saves.isNothing ? nil : results.make(task: Self.task.rawValue)
        defer { if let folder { OutputFolder.removeIfEmpty(folder) } }
        let writer = PredictionWriter(
            names: loaded.detector.classes, saves: saves, folder: folder,
            keypoints: loaded.detector.keypoints, painter: painter(loaded.detector))
        let run = PredictionRun(predictor, writer: writer, names: loaded.detector.classes, tracks: track)
        try Interruption.finishing {
            try run.predict(images, stride: vidStride, isInterrupted: { Interruption.isRequested }) { line in
                if !quiet { try Terminal.print(line) }
            }
        }
        let count = Double(max(run.imageCount, 1))
        if !quiet {
            try Terminal.print("Per image: " + run.seconds.sentence(dividedBy: count))
            if let folder { try Terminal.print("Results are in \(folder)") }
        }
        if common.json {
            try Terminal.printJSON(
                Result(
                    task: Self.task.rawValue, model: model, images: run.imageCount, boxes: run.boxCount, folder: folder,
                    preprocess: run.seconds.preprocess / count * 1000,
                    inference: run.seconds.inference / count * 1000,
                    postprocess: run.seconds.postprocess / count * 1000))
        }
        if Interruption.isRequested { throw ExitCode(Interruption.exitCode) }
    }

    private func painter(_ detector: YOLO) -> BoxPainter {
        var painter = BoxPainter(names: detector.classes, keypoints: detector.keypoints)
        (painter.lineWidth, painter.showsLabels, painter.showsScores) = (lineWidth, !hideLabels, !hideConf)
        return painter
    }
}
