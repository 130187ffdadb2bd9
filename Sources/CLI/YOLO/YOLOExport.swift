import ArgumentParser
import SwitchbackTraining
import SwitchbackVision

/// `switchback detect export`, and the same of the other tasks.
struct YOLOExport<Command: YOLOCommand>: ParsableCommand {
    static var task: YOLOTask { Command.task }

    static var configuration: CommandConfiguration {
        CommandConfiguration(
            commandName: "export",
            abstract: "Export a \(task.networkName) for other programs.",
            discussion: """
                EXAMPLES
                  switchback \(task) export runs/\(task)/train
                  switchback \(task) export best.safetensors --imgsz 320 --output model.onnx
                  switchback \(task) export best.safetensors --heads raw

                In ONNX, `images` is a batch of any size, [N, 3, imgsz, imgsz], with RGB values from 0 to 1. `predictions` is \
                [N, 4 + classes, positions]: center, width and height in pixels, and probabilities. YOLO11's boxes still \
                need non-maximum suppression; YOLO26's do not.\(extras)
                """)
    }

    private static var extras: String {
        switch task {
        case .detect: ""
        case .pose: " The keypoints follow, each as x and y in pixels and the probability that it is seen."
        case .obb: " The angle in radians follows."
        case .segment:
            """
             The weights of 32 prototypes follow in `predictions`, and `prototypes` is [N, 32, imgsz / 4, imgsz / 4]: an \
            object's mask is where their weighted sum is above 0 in its box.
            """
        }
    }

    @OptionGroup var weights: WeightsArgument

    @OptionGroup var export: ExportOptions

    @Option(
        help: ArgumentHelp(
            "The input size in pixels, a multiple of 32. (default: that of training)", valueName: "pixels"),
        transform: Value.side)
    var imgsz: Int?

    @Option(
        help: ArgumentHelp(
            "The output: \(DetectorHeads.names): boxes in pixels, or raw head outputs.", valueName: "form"),
        transform: { try Value.choice($0) })
    var heads = DetectorHeads.decoded

    @OptionGroup var common: CommonOptions

    func run() throws {
        common.apply()
        let file = try RunFolder.weightFile(weights.source)
        let detector = try DetectorFile.load(file, for: Self.task)
        try export.run(Self.task.rawValue, from: file, common) {
            try detector.export($0, heads: heads, imgsz: imgsz, to: $1)
        }
    }
}
