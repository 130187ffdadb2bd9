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

    /// Rows of boxes, probability, class and the rest as a file selects them, of positions and classes, with zeros behind.
    ///
    /// - Parameter decoded: of one image, [values, positions], as Ultralytics computed it.
    private func rows(
        _ decoded: Tensor, _ chosen: [(position: Int, label: Int)], of yolo: YOLOTaskCase, areCorners: Bool, count: Int
    ) -> Tensor {
        let (values, positions) = (decoded.shape[0], decoded.shape[1])
        let columns = decoded.transpose(0, 1).flatten().toArray(as: Float.self)
        let width = 2 + values - yolo.classCount
        var rows = [Float](repeating: 0, count: count * width)
        for (number, (position, label)) in chosen.prefix(min(count, positions)).enumerated() {
            let own = Array(columns[position * values..<(position + 1) * values])
            let (x, y, w, h) = (own[0], own[1], own[2], own[3])
            let box =
                areCorners || yolo.variant.task == .obb
                ? [x, y, w, h] : [x - w / 2, y - h / 2, x + w / 2, y + h / 2]
            let row = box + [own[4 + label], Float(label)] + own[(4 + yolo.classCount)...]
            rows.replaceSubrange(number * width..<(number + 1) * width, with: row)
        }
        return Tensor(rows, shape: [1, count, width])
    }

    private func expectSelection(
        _ yolo: YOLOTaskCase, _ expected: Tensor, change: (inout DetectorExport) -> Void
    ) throws {
        let path = folder.path("model.onnx")
        var how = DetectorExport()
        (how.heads, how.batch, how.size) = (.selected, nil, InputSize(height: 96, width: 128))
        how.suppression.maximumCount = expected.shape[1]
        change(&how)
        let detector = try yolo.model().eval()
        try DetectorFile.Loaded(detector: detector, imgsz: 128).export(.onnx, how, to: path)
        let input = try yolo.images()[0..<1]
        var outputs = ["predictions": expected]
        outputs["prototypes"] = noGrad { detector.finalOutput(input, usesSingleHead: how.usesSingleHead) }.prototypes
        let complaints = try ONNXRuntime.complaints(
            of: path, [ONNXRuntime.Case(["images": input], outputs)], tolerance: 3e-4)
        #expect(complaints == "")
    }

    /// Suppression in the graph keeps the boxes that Ultralytics keeps, with what belongs to them, in its order.
    @Test(arguments: YOLOTaskCase.all) func suppressionInTheGraph(_ yolo: YOLOTaskCase) throws {
        let fixture = try yolo.fixture()
        let decoded = fixture.tensor("eval/decoded")[0]
        let scores = decoded.narrow(dim: 0, start: 4, length: yolo.classCount)
        let labels = scores.argmax(dim: 0).toArray(as: Int.self)
        let kept = fixture.tensor("eval/nms_index").toArray(as: Int.self).map { ($0, labels[$0]) }
        try expectSelection(yolo, rows(decoded, kept, of: yolo, areCorners: false, count: 40)) {
            $0.usesSingleHead = false
        }
    }

    /// The same for boxes alone, against the rows that Ultralytics' suppression gives.
    @Test(arguments: YOLOCase.all) func suppressionOfDetectorsInTheGraph(_ yolo: YOLOCase) throws {
        let expected = try yolo.fixture().tensor("eval/nms")
        try expectSelection(of: yolo.model().eval(), yolo.fixture().images[0..<1], expected, count: 40) {
            $0.usesSingleHead = false
        }
    }

    /// YOLO26's second head: as many of the likeliest as are not as likely as each other but for rounding.
    @Test(arguments: YOLOCase.all.filter { $0.variant.isEndToEnd })
    func directSelectionOfDetectorsInTheGraph(_ yolo: YOLOCase) throws {
        let expected = try yolo.fixture().tensor("eval/end2end")[0, 0..<30]
        try expectSelection(of: yolo.model().eval(), yolo.fixture().images[0..<1], expected, count: 30) {
            $0.suppression.confidence = 0
        }
    }

    /// - Parameter expected: rows of the left, upper, right and lower side, probability and class; zeros follow.
    private func expectSelection(
        of detector: YOLO, _ input: Tensor, _ expected: Tensor, count: Int, change: (inout DetectorExport) -> Void
    ) throws {
        let path = folder.path("model.onnx")
        var how = DetectorExport()
        (how.heads, how.batch, how.size) = (.selected, nil, InputSize(height: 96, width: 128))
        how.suppression.maximumCount = count
        change(&how)
        try DetectorFile.Loaded(detector: detector, imgsz: 128).export(.onnx, how, to: path)
        let rows = expected.pad([0, 0, 0, count - expected.shape[0]]).unsqueeze(0)
        let complaints = try ONNXRuntime.complaints(
            of: path, [ONNXRuntime.Case(["images": input], ["predictions": rows])], tolerance: 3e-4)
        #expect(complaints == "")
    }

    /// YOLO26's second head: the likeliest positions and classes, of as many as there may be, and of more than there are.
    @Test(arguments: YOLOTaskCase.all.filter { $0.variant.isEndToEnd }, [100, 300])
    func directSelectionInTheGraph(_ yolo: YOLOTaskCase, _ count: Int) throws {
        // Two of these, far down, are as likely as each other but for two millionths.
        if count == 300 && yolo.variant.task == .obb { return }
        let decoded = try yolo.fixture().tensor("eval/decoded_one2one")[0]
        let scores = decoded.narrow(dim: 0, start: 4, length: yolo.classCount)
        let best = scores.amax(dim: 0).toArray(as: Float.self)
        let all = scores.flatten().toArray(as: Float.self)
        let positions = best.indices.sorted { best[$0] > best[$1] }.prefix(count)
        let pairs = positions.flatMap { position in
            (0..<yolo.classCount).map { (position: position, label: $0, score: all[$0 * best.count + position]) }
        }.sorted { $0.score > $1.score }
        let chosen = pairs.map { (position: $0.position, label: $0.label) }
        try expectSelection(yolo, rows(decoded, chosen, of: yolo, areCorners: true, count: count)) {
            $0.suppression.confidence = 0
        }
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
