import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackInference
import SwitchbackTraining

/// The output of an exported network.
public enum DetectorHeads: String, CaseIterable, Sendable {
    /// `predictions` [N, 4 + classes, positions]: center, width and height in pixels, and the probability of each
    /// class. Of masks, the weights of 32 prototypes follow, which are `prototypes` [N, 32, H / 4, W / 4]; of poses the
    /// keypoints; of oriented boxes the angle in radians.
    case decoded
    /// `boxes` [N, positions, 4 · steps] and the logits `scores` [N, positions, classes], as the network gives them; of
    /// masks also `extras` [N, positions, 32] and `prototypes`, of oriented boxes the angle as `extras`.
    case raw
    /// `predictions` [N, boxes, 6]: of the objects' boxes, the likeliest first, left, top, right and bottom in pixels,
    /// probability and class; rows of zeros fill the rest. The weights of prototypes or the keypoints follow; oriented
    /// boxes have center, width and height, and the angle at the end.
    case selected
}

/// How a network is exported.
public struct DetectorExport: Sendable {
    public var heads = DetectorHeads.decoded
    /// Height and width of the images, in pixels; those of training by default.
    public var size: InputSize?
    /// How many images the file takes; `nil` for any number.
    public var batch: Int? = 1
    /// Whether the file takes any number of images of any height and width.
    public var isDynamic = false
    /// Whether layers compute in float16.
    public var isHalf = false
    /// The version of ONNX's operators.
    public var operatorSet = ONNXOptions().operatorSet
    /// Whether the boxes are YOLO26's second head's, of which none is to be suppressed.
    public var usesSingleHead = true
    /// How the boxes are selected, where they are.
    public var suppression = NonMaximumSuppression()

    public init() {}

    fileprivate var options: ONNXOptions {
        var options = ONNXOptions()
        options.operatorSet = operatorSet
        options.isHalf = isHalf
        if isDynamic {
            options.freeDimensions += [
                FreeDimension("height", dim: 2, unit: YOLO.stride), FreeDimension("width", dim: 3, unit: YOLO.stride),
            ]
        } else if batch != nil {
            options.freeDimensions = []
        }
        return options
    }
}

extension DetectorFile.Loaded {
    /// Writes the network for other programs. In ONNX, `images` are [N, 3, height, width], red first, from 0 to 1. The
    /// metadata are those that Ultralytics reads.
    ///
    /// - Throws: `InputError` where a side is not a multiple of 32, weights of 8 bits are asked for in float16, or the
    ///   file cannot be written.
    public func export(_ format: ExportFormat, _ export: DetectorExport = DetectorExport(), to path: String) throws {
        let size = export.size ?? InputSize(imgsz)
        try size.check()
        switch format {
        case .gguf: throw ExportFormat.onlyForLanguage
        case .safetensors:
            let named = DetectorFile.Loaded(detector: detector, imgsz: size.longer)
            if let quantized = detector.quantized { return try named.save(quantized.quantization, to: path) }
            let state = detector.namedState.map { ($0.name, $0.tensor) }
            try Safetensors.save(state, metadata: DetectorFile(of: detector, imgsz: size.longer).metadata, to: path)
        case .onnx: try writeONNX(export, size, to: path)
        }
    }

    private func writeONNX(_ export: DetectorExport, _ size: InputSize, to path: String) throws {
        guard detector.quantized == nil || !export.isHalf else {
            throw InputError(
                "option half", "the weights are in 8 bits, and stay so",
                remedy: "leave the option out, or export the weights that they were made of")
        }
        let example = Tensor.rand([export.batch ?? 1, 3, size.height, size.width], generator: Generator(seed: 0))
        try ONNX.export(
            detector, inputs: [("images", example)], outputs: outputNames(export.heads), to: path,
            options: export.options, metadata: try metadata(export, size), rounding: detector.quantized.rounding
        ) { inputs in
            var output = detector.finalOutput(inputs[0], usesSingleHead: export.usesSingleHead)
            if export.isDynamic { output.grid = output.grid.computed(from: inputs[0], rows: output.boxes) }
            if export.heads == .raw { return output.tensors }
            let isSelected = export.heads == .selected
            let boxes = isSelected ? detector.selected(output, export.suppression) : detector.decoded(output)
            return [boxes] + (output.prototypes.map { [$0] } ?? [])
        }
    }

    private func outputNames(_ heads: DetectorHeads) -> [String] {
        let task = detector.variant.task
        let boxes = heads == .raw ? ["boxes", "scores"] + (task != .detect ? ["extras"] : []) : ["predictions"]
        return boxes + (task == .segment ? ["prototypes"] : [])
    }

    /// In the form of Python's literals, by the names that Ultralytics reads them under.
    private func metadata(_ export: DetectorExport, _ size: InputSize) throws -> [String: String] {
        func literal(_ value: Bool) -> String { value ? "True" : "False" }
        let names = try detector.classes.enumerated().map { "\($0): \(try JSON.text($1))" }
        let isSelected = export.heads == .selected
        var metadata = [
            "task": detector.variant.task.rawValue, "model": "\(detector.variant)",
            "names": "{\(names.joined(separator: ", "))}", "imgsz": "[\(size.height), \(size.width)]",
            "stride": "\(YOLO.stride)", "batch": "\(export.batch ?? 1)", "channels": "3",
            "end2end": literal(isSelected),
            "args": "{'dynamic': \(literal(export.isDynamic)), 'half': \(literal(export.isHalf)), "
                + "'nms': \(literal(isSelected))}",
        ]
        if let keypoints = detector.keypoints {
            metadata["kpt_shape"] = "[\(keypoints.count), \(keypoints.dimensions)]"
        }
        return metadata
    }
}
