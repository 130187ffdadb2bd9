import ArgumentParser
import SwitchbackTraining
import SwitchbackVision

/// `switchback detect export`.
struct DetectExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a detector for other programs.",
        discussion: """
            EXAMPLES
              switchback detect export runs/detect/train
              switchback detect export best.safetensors --imgsz 320 --output detector.onnx
              switchback detect export best.safetensors --heads raw

            In ONNX, `images` [N, 3, imgsz, imgsz], red first, from 0 to 1, is a batch of any size. `predictions` are \
            [N, 4 + classes, positions]: centre, width, height in pixels, and probabilities. The boxes of YOLO11 have yet to be \
            chosen from by non-maximum suppression; of YOLO26 the likeliest are taken as they are.
            """)

    @OptionGroup var weights: WeightsArgument

    @OptionGroup var export: ExportOptions

    @Option(
        help: ArgumentHelp(
            "The side of the input, in pixels, a multiple of 32; that of training if left out.", valueName: "pixels"),
        transform: Value.side)
    var imgsz: Int?

    @Option(
        help: ArgumentHelp("\(DetectorHeads.names): boxes in pixels, or what the network says.", valueName: "form"),
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
