import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackInference
import SwitchbackTraining

/// The output of an exported detector.
public enum DetectorHeads: String, CaseIterable, Sendable {
    /// `predictions` [N, 4 + classes, positions]: center, width and height in pixels, and the probability of each
    /// class. Of masks, the weights of 32 prototypes follow, which are `prototypes` [N, 32, imgsz / 4, imgsz / 4]; of
    /// oriented boxes the angle in radians.
    case decoded
    /// `boxes` [N, positions, 4 · steps] and the logits `scores` [N, positions, classes], as the network gives them; of
    /// masks also `extras` [N, positions, 32] and `prototypes`, of oriented boxes the angle as `extras`.
    case raw
}

extension DetectorFile.Loaded {
    /// Writes the detector for other programs. In ONNX, `images` are [N, 3, imgsz, imgsz], red first, from 0 to 1, and
    /// the outputs are those of the head that inference uses: of YOLO26 the second, whose boxes need no suppression.
    /// The names of the classes are in the metadata under `names`.
    ///
    /// - Parameter imgsz: the side of the images, in pixels; that of training by default.
    /// - Throws: `InputError` where the side is not a multiple of 32 or the file cannot be written.
    public func export(
        _ format: ExportFormat, heads: DetectorHeads = .decoded, imgsz: Int? = nil, to path: String
    ) throws {
        let side = imgsz ?? self.imgsz
        try YOLO.sides.check(Double(side), option: "imgsz", isWhole: true)
        let file = DetectorFile(of: detector, imgsz: side)
        switch format {
        case .gguf: throw ExportFormat.onlyForLanguage
        case .safetensors:
            if let quantized = detector.quantized {
                return try DetectorFile.Loaded(detector: detector, imgsz: side).save(quantized.quantization, to: path)
            }
            let state = detector.namedState.map { ($0.name, $0.tensor) }
            try Safetensors.save(state, metadata: file.metadata, to: path)
        case .onnx:
            let metadata = [
                "task": detector.variant.task.rawValue, "model": file.variant, "names": try JSON.text(detector.classes),
                "imgsz": "\(side)",
                "stride": "\(YOLO.stride)",
            ]
            try ONNX.export(
                detector, inputs: [("images", Tensor.rand([1, 3, side, side], generator: Generator(seed: 0)))],
                outputs: outputNames(heads), to: path, metadata: metadata,
                rounding: detector.quantized.rounding
            ) { inputs in
                let output = detector.finalOutput(inputs[0])
                if heads == .raw { return output.tensors }
                return [detector.decoded(output)] + (output.prototypes.map { [$0] } ?? [])
            }
        }
    }

    private func outputNames(_ heads: DetectorHeads) -> [String] {
        let task = detector.variant.task
        let boxes = heads == .raw ? ["boxes", "scores"] + (task != .detect ? ["extras"] : []) : ["predictions"]
        return boxes + (task == .segment ? ["prototypes"] : [])
    }
}
