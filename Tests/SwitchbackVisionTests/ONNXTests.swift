import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import TestSupport
import Testing

/// Every model of images that we ship, exported and run by `onnxruntime`, with batches of other sizes than the
/// example's.
@Suite(.seeded(), .enabled(if: ONNXRuntime.isInstalled, ONNXRuntime.missing), .serialized)
struct ONNXTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func images(_ count: Int, _ side: Int) -> Tensor {
        Tensor.rand([count, 3, side, side], generator: Generator(seed: UInt64(count)))
    }

    /// Statistics that are not 0 and 1, so that leaving them out would show.
    private func unsettle(_ model: Module) {
        let generator = Generator(seed: 5)
        noGrad {
            for (name, buffer) in model.namedBuffers {
                if name.hasSuffix("running_mean") {
                    buffer.copy(from: Tensor.randn(buffer.shape, generator: generator) * 0.1)
                }
                if name.hasSuffix("running_var") {
                    buffer.copy(from: Tensor.rand(buffer.shape, generator: generator) + 0.5)
                }
            }
        }
        model.eval()
    }

    private func expectSame(_ model: Module, side: Int) throws {
        unsettle(model)
        let path = folder.path("model.onnx")
        try ONNX.export(model, example: images(1, side), to: path)
        let cases = [1, 2].map { count -> ONNXRuntime.Case in
            let input = images(count, side)
            return ONNXRuntime.Case(["input": input], ["output": noGrad { model(input) }])
        }
        let complaints = try ONNXRuntime.complaints(of: path, cases)
        #expect(complaints == "")
    }

    @Test(arguments: ResNet.Variant.allCases)
    func residualNetworks(_ variant: ResNet.Variant) throws {
        manualSeed(0)
        try expectSame(ResNet(variant, classes: 10), side: 64)
    }

    @Test func smallImages() throws {
        manualSeed(0)
        try expectSame(ResNet(.resnet18, classes: 10, stem: .cifar), side: 32)
    }

    @Test func mobileNet() throws {
        manualSeed(0)
        try expectSame(MobileNetV2(classes: 10), side: 64)
    }

    private static let variants = YOLOTask.allCases.flatMap {
        [YOLOVariant(.yolo11, .n, $0), YOLOVariant(.yolo26, .n, $0)]
    }

    private func unsettled(_ variant: YOLOVariant) -> YOLO {
        manualSeed(0)
        let detector = YOLO(variant, classes: ["cat", "dog", "cow"])
        unsettle(detector)
        return detector
    }

    /// What a file with decoded heads is to give for images.
    private func decodedCase(_ detector: YOLO, _ input: Tensor) -> ONNXRuntime.Case {
        let output = noGrad { detector.finalOutput(input) }
        var expected = ["predictions": noGrad { detector.decoded(output) }]
        expected["prototypes"] = output.prototypes
        return ONNXRuntime.Case(["images": input], expected)
    }

    @Test(arguments: variants, [DetectorHeads.decoded, .raw])
    func detectors(_ variant: YOLOVariant, _ heads: DetectorHeads) throws {
        let detector = unsettled(variant)
        let path = folder.path("model.onnx")
        var how = DetectorExport()
        (how.heads, how.batch) = (heads, nil)
        try DetectorFile.Loaded(detector: detector, imgsz: 64).export(.onnx, how, to: path)
        let cases = [1, 3].map { count -> ONNXRuntime.Case in
            let input = images(count, 64)
            let output = noGrad { detector.finalOutput(input) }
            var expected =
                heads == .raw
                ? ["boxes": output.boxes, "scores": output.scores, "extras": output.extras]
                : ["predictions": noGrad { detector.decoded(output) }]
            expected["prototypes"] = output.prototypes
            return ONNXRuntime.Case(["images": input], expected.compactMapValues { $0 })
        }
        let complaints = try ONNXRuntime.complaints(of: path, cases)
        #expect(complaints == "")
        #expect(try ONNXModel(path).metadata["names"] == #"{0: "cat", 1: "dog", 2: "cow"}"#)
    }

    /// One file for images of all shapes, whichever it was exported with.
    @Test(arguments: variants)
    func anyHeightAndWidth(_ variant: YOLOVariant) throws {
        let detector = unsettled(variant)
        let path = folder.path("model.onnx")
        var how = DetectorExport()
        how.isDynamic = true
        try DetectorFile.Loaded(detector: detector, imgsz: 64).export(.onnx, how, to: path)
        let cases = [[1, 3, 64, 128], [2, 3, 96, 32], [1, 3, 32, 32]].map { (shape: Shape) -> ONNXRuntime.Case in
            decodedCase(detector, Tensor.rand(shape, generator: Generator(seed: 9)))
        }
        let complaints = try ONNXRuntime.complaints(of: path, cases)
        #expect(complaints == "")
    }

    /// The rows that a file is to give that selects the boxes itself: what `select`, which shares no code with the graph, keeps
    /// of each image, the likeliest first, with what the network says beside boxes and classes at the same position; then
    /// zeros.
    private func selectedRows(_ detector: YOLO, _ input: Tensor, _ how: NonMaximumSuppression) -> Tensor {
        let output = noGrad { detector.finalOutput(input) }
        let decoded = noGrad { detector.decoded(output) }
        let (images, values, positions) = (decoded.shape[0], decoded.shape[1], decoded.shape[2])
        let columns = decoded.transpose(1, 2).reshape(images * positions, values).toArray(as: Float.self)
        let classCount = detector.classes.count
        let width = 2 + values - classCount
        var rows = [Float](repeating: 0, count: images * how.maximumCount * width)
        for (image, found) in noGrad({ detector.select(output, suppression: how) }).enumerated() {
            for (number, detection) in found.enumerated() {
                func column(_ position: Int) -> ArraySlice<Float> {
                    columns[(image * positions + position) * values..<(image * positions + position + 1) * values]
                }
                func distance(_ position: Int) -> Float {
                    let own = Array(column(position))
                    let (box, rotated) = (detection.box, detection.rotated)
                    let center = [rotated?.centerX ?? box.centerX, rotated?.centerY ?? box.centerY]
                    return abs(own[0] - center[0]) + abs(own[1] - center[1])
                        + abs(own[4 + detection.classIndex] - detection.score) * 1000
                }
                let own = Array(column((0..<positions).min { distance($0) < distance($1) }!))
                let isOriented = detection.rotated != nil
                let box =
                    isOriented
                    ? Array(own[0..<4])
                    : [own[0] - own[2] / 2, own[1] - own[3] / 2, own[0] + own[2] / 2, own[1] + own[3] / 2]
                let row = box + [detection.score, Float(detection.classIndex)] + own[(4 + classCount)...]
                let start = (image * how.maximumCount + number) * width
                rows.replaceSubrange(start..<start + width, with: row)
            }
        }
        return Tensor(rows, shape: [images, how.maximumCount, width])
    }

    /// Suppression within the graph keeps what suppression in Swift keeps: by class and by none, of as many boxes as there
    /// may be and of more.
    @Test(arguments: variants, [(25, false), (300, true)])
    func suppressionInTheGraph(_ variant: YOLOVariant, _ limits: (count: Int, isAgnostic: Bool)) throws {
        let detector = unsettled(variant)
        let path = folder.path("model.onnx")
        var how = DetectorExport()
        (how.heads, how.batch) = (.selected, nil)
        (how.suppression.maximumCount, how.suppression.isAgnostic) = limits
        (how.suppression.confidence, how.suppression.iou) = (1e-6, 0.45)
        try DetectorFile.Loaded(detector: detector, imgsz: 64).export(.onnx, how, to: path)
        let cases = [1, 3].map { count -> ONNXRuntime.Case in
            let input = images(count, 64)
            var expected = ["predictions": selectedRows(detector, input, how.suppression)]
            expected["prototypes"] = noGrad { detector.finalOutput(input) }.prototypes
            return ONNXRuntime.Case(["images": input], expected)
        }
        // Some stay, and some go.
        let kept = cases[0].outputs["predictions"]!.narrow(dim: 2, start: 4, length: 1).gt(0).to(.float32).sum().item()
        #expect(kept > 1 && kept < 84, "\(kept)")
        let complaints = try ONNXRuntime.complaints(of: path, cases)
        #expect(complaints == "")
    }

    /// Float16 layers change little, and the file is half as large.
    @Test(arguments: [YOLOVariant(.yolo11, .n), YOLOVariant(.yolo26, .n, .segment)])
    func halfPrecision(_ variant: YOLOVariant) throws {
        let detector = unsettled(variant)
        let (full, half) = (folder.path("full.onnx"), folder.path("half.onnx"))
        let loaded = DetectorFile.Loaded(detector: detector, imgsz: 64)
        var how = DetectorExport()
        try loaded.export(.onnx, how, to: full)
        (how.isHalf, how.batch) = (true, nil)
        try loaded.export(.onnx, how, to: half)
        func size(_ path: String) throws -> Int { try Data(contentsOf: URL(fileURLWithPath: path)).count }
        #expect(try Double(size(half)) < 0.55 * Double(size(full)))
        let complaints = try ONNXRuntime.complaints(
            of: half, [decodedCase(detector, images(1, 64))], tolerance: 2e-2)
        #expect(complaints == "")
    }

    @Test(arguments: [14, 17, 20])
    func operatorSets(_ version: Int) throws {
        let detector = unsettled(YOLOVariant(.yolo11, .n))
        let path = folder.path("model.onnx")
        var how = DetectorExport()
        (how.operatorSet, how.batch) = (version, nil)
        try DetectorFile.Loaded(detector: detector, imgsz: 64).export(.onnx, how, to: path)
        #expect(try ONNXRuntime.operatorSet(of: path) == version)
        let complaints = try ONNXRuntime.complaints(of: path, [decodedCase(detector, images(1, 64))])
        #expect(complaints == "")
    }

    /// As Ultralytics' program wants it: a file for one image says so, and one for any number is for any size too.
    @Test func shapesAndMetadata() throws {
        let loaded = DetectorFile.Loaded(detector: unsettled(YOLOVariant(.yolo11, .n, .pose)), imgsz: 64)
        let path = folder.path("model.onnx")
        var how = DetectorExport()
        how.size = InputSize(height: 64, width: 96)
        try loaded.export(.onnx, how, to: path)
        #expect(try ONNXRuntime.inputShape(of: path) == "[1, 3, 64, 96]")
        let metadata = try ONNXModel(path).metadata
        #expect(metadata["imgsz"] == "[64, 96]" && metadata["kpt_shape"] == "[17, 3]" && metadata["task"] == "pose")
        how.isDynamic = true
        try loaded.export(.onnx, how, to: path)
        #expect(try ONNXRuntime.inputShape(of: path) == "['batch', 3, 'height', 'width']")
    }

    @Test func wrongWishesAreSentences() throws {
        let loaded = DetectorFile.Loaded(detector: unsettled(YOLOVariant(.yolo11, .n)), imgsz: 64)
        var how = DetectorExport()
        how.operatorSet = 99
        #expect(throws: InputError.self) { try loaded.export(.onnx, how, to: folder.path("x.onnx")) }
        how = DetectorExport()
        how.size = InputSize(height: 64, width: 50)
        #expect(throws: InputError.self) { try loaded.export(.onnx, how, to: folder.path("x.onnx")) }
        #expect(folder.contents.isEmpty)
    }
}
