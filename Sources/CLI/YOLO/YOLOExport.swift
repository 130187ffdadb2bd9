import ArgumentParser
import SwitchbackFormats
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
                  switchback \(task) export best.safetensors --dynamic --half
                  switchback \(task) export best.safetensors --nms --conf 0.4

                In ONNX, `images` is [N, 3, height, width], one image unless --batch or --dynamic say otherwise, with RGB values from 0 to 1. `predictions` is \
                [N, 4 + classes, positions]: center, width and height in pixels, and probabilities. YOLO11's boxes still \
                need non-maximum suppression; YOLO26's do not.\(extras)

                With --nms or --heads selected, `predictions` is [N, boxes, 6]: \
                \(task == .obb ? "center, width and height" : "left, top, right, bottom"), probability and class\
                \(task == .detect ? "" : task == .obb ? ", then the angle" : ", then the rest"), the likeliest first, then zeros. \
                Ultralytics and what reads its files can load the file: \
                YOLO("model.onnx", task="\(task)").
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
            "The input size in pixels: a side, or height and width as in 480x640; multiples of 32. (default: that of training)",
            valueName: "pixels"),
        transform: Value.imageSize)
    var imgsz: InputSize?

    @Option(
        help: ArgumentHelp("How many images the file takes; 0 for any number. (default: 1)", valueName: "n"),
        transform: Value.integer(in: .from(0, to: 65_536)))
    var batch: Int?

    @Flag(help: "Take any number of images of any height and width that are multiples of 32.")
    var dynamic = false

    @Flag(help: "Compute layers in float16, and keep their weights so: half the size, for GPUs. Inputs stay float32.")
    var half = false

    @Option(
        help: ArgumentHelp(
            "The version of ONNX's operators, \(ONNXOptions.operatorSets.lowerBound) to \(ONNXOptions.operatorSets.upperBound). (default: \(ONNXOptions().operatorSet))",
            valueName: "n"),
        transform: Value.integer(
            in: .from(Double(ONNXOptions.operatorSets.lowerBound), to: Double(ONNXOptions.operatorSets.upperBound))))
    var opset: Int?

    @Option(
        help: ArgumentHelp(
            "The output: \(DetectorHeads.names): boxes in pixels, raw head outputs, or the objects' boxes alone.",
            valueName: "form"),
        transform: { try Value.choice($0) })
    var heads: DetectorHeads?

    @OptionGroup var selection: SelectionOptions

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if dynamic, let batch, batch > 0 {
            throw ValidationError("--dynamic is for any batch, and --batch is \(batch)")
        }
        if selection.nms, let heads, heads != .selected {
            throw ValidationError("--nms selects boxes, and --heads \(heads.rawValue) does not")
        }
        if let option = selection.firstOfSelection, form != .selected {
            throw ValidationError("\(option) needs --nms, or --heads selected")
        }
    }

    private var form: DetectorHeads { heads ?? (selection.nms ? .selected : .decoded) }

    func run() throws {
        common.apply()
        let file = try RunFolder.weightFile(weights.source)
        let detector = try DetectorFile.load(file, for: Self.task)
        var how = DetectorExport()
        (how.heads, how.size, how.isDynamic, how.isHalf) = (form, imgsz, dynamic, half)
        if let batch { how.batch = batch == 0 ? nil : batch }
        if let opset { how.operatorSet = opset }
        how.usesSingleHead = selection.usesSingleHead(of: detector.detector, inExport: true)
        selection.apply(to: &how.suppression)
        try export.run(Self.task.rawValue, from: file, onlyONNX: onlyONNX, common) {
            try detector.export($0, how, to: $1)
        }
    }

    /// An option that was given and has a meaning for ONNX alone.
    private var onlyONNX: String? {
        if dynamic { return "--dynamic" }
        if batch != nil { return "--batch" }
        if half { return "--half" }
        if opset != nil { return "--opset" }
        if selection.nms { return "--nms" }
        return heads == nil ? nil : "--heads"
    }
}
