import Switchback
import SwitchbackVision

/// Detectors of 80 classes on images of 640×640 pixels, as the peer's script has them.
let detectionWorkloads: [Workload] = [YOLOVariant.yolo11n, .yolo26n].flatMap { variant in
    [
        Workload(name: "\(variant)_infer_640_b1", items: 1) {
            let model = YOLO(variant, classes: cocoSizedClasses).fused()
            let image = Tensor.rand([1, 3, 640, 640])
            return { noGrad { inference(model, image) } }
        },
        Workload(
            name: "\(variant)_infer_640_b1_int8", peer: "\(variant)_infer_640_b1", numbers: .int8, items: 1
        ) { try byteInference(variant) },
        Workload(name: "\(variant)_train_640_b4", items: 4) {
            let model = YOLO(variant, classes: cocoSizedClasses)
            let images = Tensor.rand([4, 3, 640, 640])
            let objects = randomObjects(images: 4, each: 8)
            let optimizer = SGD(
                model.parameters.filter(\.requiresGrad), learningRate: 1e-4, momentum: 0.937, weightDecay: 5e-4,
                nesterov: true)
            let loss = YOLOLoss()
            return {
                optimizer.zeroGrad()
                loss(model.outputs(images), of: model, objects).total.backward()
                optimizer.step()
            }
        },
    ]
}

private let cocoSizedClasses = (0..<80).map { "\($0)" }

/// The boxes of all positions; of YOLO26, the 300 most likely of its second head.
private func inference(_ fused: Fused<YOLO>, _ image: Tensor) {
    fused.run { model in
        guard model.variant.isEndToEnd else { return _ = model(image) }
        select(model, model.finalOutput(image))
    }
}

private func select(_ model: YOLO, _ output: DetectHead.Output) {
    _ = DirectSelection()(corners: model.corners(output), logits: output.scores)
}

/// The same in whole numbers of 8 bits.
private func byteInference(_ variant: YOLOVariant) throws -> () -> Void {
    let model = YOLO(variant, classes: cocoSizedClasses)
    func maps(_ inputs: [Tensor]) -> [Tensor] {
        let output = model.finalOutput(inputs[0])
        return [output.boxes, output.scores]
    }
    let grid = AnchorGrid(sizes: DetectHead.strides.map { (640 / $0, 640 / $0) }, strides: DetectHead.strides)
    return try quantizedStep(model, Tensor.rand([1, 3, 640, 640]), forward: maps) { found in
        let output = DetectHead.Output(boxes: found[0], scores: found[1], grid: grid, isSingle: variant.isEndToEnd)
        if variant.isEndToEnd { select(model, output) } else { _ = model.decoded(output) }
    }
}

/// Objects of random classes whose centers are in the middle 0.6 of the image, 0.05 to 0.35 of it wide and high.
private func randomObjects(images: Int, each: Int) -> [[LabeledBox]] {
    (0..<images).map { _ in
        (0..<each).map { _ in
            func share(_ range: ClosedRange<Float>) -> Float { Float.random(in: range) * 640 }
            let box = Box(
                centerX: share(0.2...0.8), centerY: share(0.2...0.8), width: share(0.05...0.35),
                height: share(0.05...0.35))
            return LabeledBox(box, classIndex: Int.random(in: 0..<80))
        }
    }
}
