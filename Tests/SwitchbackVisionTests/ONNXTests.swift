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

    @Test(
        arguments: YOLOTask.allCases.flatMap { [YOLOVariant(.yolo11, .n, $0), YOLOVariant(.yolo26, .n, $0)] },
        DetectorHeads.allCases)
    func detectors(_ variant: YOLOVariant, _ heads: DetectorHeads) throws {
        manualSeed(0)
        let detector = YOLO(variant, classes: ["cat", "dog", "cow"])
        unsettle(detector)
        let path = folder.path("model.onnx")
        try DetectorFile.Loaded(detector: detector, imgsz: 64).export(.onnx, heads: heads, to: path)
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
        #expect(try ONNXModel(path).metadata["names"] == #"["cat","dog","cow"]"#)
    }
}
