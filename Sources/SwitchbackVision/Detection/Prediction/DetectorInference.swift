import Switchback
import SwitchbackInference

/// Computes a detector's output for images: prediction, validation and the server's answers come from here.
struct DetectorInference {
    let detector: YOLO
    let form: InferenceForm
    /// Whether images are looked at in three sizes, and mirrored: of networks that find boxes alone, and by the head of
    /// which several positions speak for an object.
    var isAugmented = false
    /// Where that is the form: it has its own copies of the filters.
    private let fused: Fused<YOLO>?

    /// - Parameter form: by default int8 where the detector is quantized, else fused.
    init(_ detector: YOLO, form: InferenceForm? = nil) {
        self.detector = detector
        self.form = form ?? (detector.quantized == nil ? .fused : .int8)
        fused = self.form == .fused ? detector.fused() : nil
    }

    /// The output of the head that is used, for images [N, 3, H, W] where the detector's memory is.
    ///
    /// - Throws: `InputError` where a quantized detector cannot be computed; not if it came from a file.
    func finalOutput(_ images: Tensor, usesSingleHead: Bool) throws -> DetectHead.Output {
        guard isAugmented else { return try singleOutput(images, usesSingleHead: usesSingleHead) }
        return try noGrad { try TestTimeViews.output(images) { try singleOutput($0, usesSingleHead: usesSingleHead) } }
    }

    private func singleOutput(_ images: Tensor, usesSingleHead: Bool) throws -> DetectHead.Output {
        try noGrad {
            switch form {
            case .int8: try quantizedOutput(images, usesSingleHead)
            case .fused, .asTrained: inFloat32 { $0.finalOutput(images, usesSingleHead: usesSingleHead) }
            }
        }
    }

    /// The outputs of all heads, which a loss needs: in float32, even where the form is int8.
    func outputs(_ images: Tensor) -> YOLO.Outputs { noGrad { inFloat32 { $0.outputs(images) } } }

    private func inFloat32<Result>(_ body: (YOLO) -> Result) -> Result {
        guard let fused else { return body(detector) }
        return fused.run(body)
    }

    private func quantizedOutput(_ images: Tensor, _ usesSingleHead: Bool) throws -> DetectHead.Output {
        guard let quantized = detector.quantized else { fail("int8", "the detector is not quantized") }
        let isSingle = detector.head.isEndToEnd && usesSingleHead
        let parts = try quantized.run(detector, [images], variant: isSingle ? "single" : "many") {
            detector.finalOutput($0[0], usesSingleHead: usesSingleHead).tensors
        }
        let sizes = DetectHead.strides.map { (images.size(2) / $0, images.size(3) / $0) }
        let task = detector.variant.task
        return DetectHead.Output(
            boxes: parts[0], scores: parts[1], extras: task == .detect ? nil : parts[2],
            prototypes: task == .segment ? parts[3] : nil,
            grid: AnchorGrid(sizes: sizes, strides: DetectHead.strides), isSingle: isSingle)
    }
}

extension DetectHead.Output {
    /// What inference needs: boxes and scores, and the extras and prototypes that the task has.
    var tensors: [Tensor] { [boxes, scores] + [extras, prototypes].compactMap { $0 } }
}
