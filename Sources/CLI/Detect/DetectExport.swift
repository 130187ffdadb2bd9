import ArgumentParser
import SwitchbackTraining
import SwitchbackVision

/// `switchback detect export`.
struct DetectExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Export a detector for other programs.",
        discussion: """
            EXAMPLES
              switchback detect export runs/detect/train
              switchback detect export best.safetensors --imgsz 320 --output detector.onnx
              switchback detect export best.safetensors --heads raw

            In ONNX, `images` is a batch of any size, [N, 3, imgsz, imgsz], with RGB values from 0 to 1. `predictions` is \
            [N, 4 + classes, positions]: centre, width and height in pixels, and probabilities. YOLO11's boxes still need \
            non-maximum suppression; YOLO26's do not.
            """)

    @OptionGroup var weights: WeightsArgument

    @OptionGroup var export: ExportOptions

    @Option(
        help: ArgumentHelp(
            "The input size in pixels, a multiple of 32. (default: that of training)", valueName: "pixels"),
        transform: Value.side)
    var imgsz: Int?

    @Option(
        help: ArgumentHelp(
            "The output: \(DetectorHeads.names): boxes in pixels, or raw head outputs. (default: decoded)",
            valueName: "form"),
        transform: { try Value.choice($0) })
    var heads = DetectorHeads.decoded

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        let file = try RunFolder.weightFile(weights.source)
        let detector = try DetectorFile.load(file)
        try export.run("detect", from: file, common) {
            try detector.export($0, heads: heads, imgsz: imgsz, to: $1)
        }
    }
}
