import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision

/// `switchback detect predict`.
struct DetectPredict: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Finds things in pictures and videos.",
        discussion: """
            EXAMPLES
              switchback detect predict --model best.safetensors bus.jpg
              switchback detect predict --model best.safetensors "shop/*.jpg" --save-txt \\
                --save-crop
              switchback detect predict --model best.safetensors street.mp4 --track
              switchback detect predict --model best.safetensors 0
              switchback detect predict --model best.safetensors rtsp://camera.local/stream
            """)

    @Option(help: .runOrFile)
    var model: String

    @Argument(
        help: """
            An image, a video, a folder of them, a pattern in quotes, a .txt list, a camera's number, an address \
            (http, rtsp, …) or 'screen'.
            """)
    var source: String

    @Option(
        help: ArgumentHelp("Of the frames of a video, every so many-th is looked at.", valueName: "number"),
        transform: Value.integer(in: .from(1, to: 1_000_000)))
    var vidStride = 1

    @Option(
        help: ArgumentHelp("The longer side of the input, in pixels: a multiple of 32.", valueName: "pixels"),
        transform: Value.side)
    var imgsz: Int?

    @OptionGroup var selection: SelectionOptions

    @Option(
        parsing: .upToNextOption, help: ArgumentHelp("Only these classes, by name or number.", valueName: "class"))
    var classes: [String] = []

    @Flag(help: "Follows things from frame to frame, and numbers them.")
    var track = false

    @OptionGroup var results: ResultFolderOptions

    @Flag(help: "Saves no pictures and videos.")
    var noSave = false

    @Flag(help: "Saves the boxes of each picture as text, in the form of labels.")
    var saveTxt = false

    @Flag(help: "Writes the probability into the text too.")
    var saveConf = false

    @Flag(help: "Saves what is in each box as a picture.")
    var saveCrop = false

    @Flag(help: "Saves all boxes as a table, boxes.csv.")
    var saveCsv = false

    @Flag(help: "Saves all boxes as boxes.json.")
    var saveJson = false

    @Flag(help: "Prints nothing but errors.")
    var quiet = false

    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "detect"
        let mode = "predict"
        let model: String
        let images: Int
        let boxes: Int
        let folder: String?
        let preprocess, inference, postprocess: Double
    }

    func validate() throws {
        if saveConf && !saveTxt { throw ValidationError("--save-conf needs --save-txt, into which it writes") }
    }

    func run() throws {
        common.apply()
        let loaded = try DetectorFile.load(model)
        let pictures = try PictureSource(source)
        let size = imgsz ?? loaded.imgsz
        var predictor = DetectionPredictor(loaded.detector, size: size)
        selection.apply(to: &predictor.suppression)
        predictor.usesSingleHead = selection.usesSingleHead(of: loaded.detector)
        predictor.classes = try loaded.detector.classNumbers(classes)
        let saves = PredictionWriter.Saves(
            pictures: !noSave, text: saveTxt, confidence: saveConf, crops: saveCrop, csv: saveCsv, json: saveJson)
        let folder = try saves.isNothing ? nil : results.make(task: "detect")
        defer { if let folder { OutputFolder.removeIfEmpty(folder) } }
        let writer = PredictionWriter(names: loaded.detector.classes, saves: saves, folder: folder)
        let run = PredictionRun(predictor, writer: writer, names: loaded.detector.classes, tracks: track)
        try Interruption.finishing {
            try run.predict(pictures, stride: vidStride, isInterrupted: { Interruption.isRequested }) { line in
                if !quiet { try Terminal.print(line) }
            }
        }
        let count = Double(max(run.imageCount, 1))
        if !quiet {
            try Terminal.print("Each picture: " + run.seconds.sentence(dividedBy: count))
            if let folder { try Terminal.print("Results are in \(folder)") }
        }
        if common.json {
            try Terminal.printJSON(
                Result(
                    model: model, images: run.imageCount, boxes: run.boxCount, folder: folder,
                    preprocess: run.seconds.preprocess / count * 1000,
                    inference: run.seconds.inference / count * 1000,
                    postprocess: run.seconds.postprocess / count * 1000))
        }
        if Interruption.isRequested { throw ExitCode(Interruption.exitCode) }
    }
}
