import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackInference
import SwitchbackVision
import TestSupport
import Testing

/// Networks in whole numbers of 8 bits, beside `onnxruntime`, which computes what is exported of them in nodes that round.
@Suite(.seeded(), .enabled(if: ONNXRuntime.isInstalled, ONNXRuntime.missing), .serialized)
struct QuantizationTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func images(_ count: Int, _ side: Int) -> [Tensor] {
        (0..<count).map { Tensor.rand([1, 3, side, side], generator: Generator(seed: UInt64($0))) }
    }

    /// Statistics that are those of images, so that activations neither vanish nor explode.
    private func settle(_ model: Module, _ images: Tensor) {
        model.train()
        for _ in 0..<30 { _ = noGrad { model(images) } }
        model.eval()
    }

    private func result(_ quantizer: Quantizer) throws -> Quantizer.Result {
        let result = try quantizer.run()
        #expect(result.error < 0.2, "\(result.errors)")
        #expect(Double(result.quantization.record.leftOut.count) <= max(1, 0.1 * Double(result.layers.count)))
        return result
    }

    /// How far outputs are from those of onnxruntime, as a share of the largest.
    private func difference(_ path: String, _ input: Tensor, _ expected: [Tensor]) throws -> [Double] {
        try NumPy.save(input, to: folder.path("input.npy"))
        let text = try Python.run(
            """
            import sys, numpy as np, onnx, onnxruntime
            onnx.checker.check_model(sys.argv[1], full_check=True)
            options = onnxruntime.SessionOptions()
            options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
            session = onnxruntime.InferenceSession(sys.argv[1], options, providers=['CPUExecutionProvider'])
            outputs = session.run(None, {session.get_inputs()[0].name: np.load(sys.argv[2])})
            for number, output in enumerate(outputs): np.save(f'{sys.argv[3]}/{number}.npy', output)
            print(sum(node.op_type == 'QuantizeLinear' for node in onnx.load(sys.argv[1]).graph.node))
            """, [path, folder.path("input.npy"), folder.url.path])
        #expect((Int(text.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0) > 1)
        return try expected.enumerated().map { number, output in
            let other = try NumPy.load(folder.path("\(number).npy"))
            #expect(other.shape == output.shape)
            return (other - output).abs().max().item() / other.abs().max().item()
        }
    }

    @Test(arguments: [ClassifierKind.cnn, .resnet18, .mobilenetV2])
    func classifiers(_ kind: ClassifierKind) throws {
        let side = 32
        let classifier = try Classifier(
            Classifier.Configuration(
                model: kind, classNames: ["cat", "dog", "cow"], inputShape: [3, side, side],
                normalization: Normalization(of: Tensor.cat(images(8, 16), dim: 0))))
        settle(classifier.model, Tensor.cat(images(8, side), dim: 0))
        let examples = ClassificationExamples(
            TensorDataset(Tensor.cat(images(20, side), dim: 0), Tensor.zeros([20], dtype: .int64)))
        let quantization = try result(try classifier.quantizer(examples)).quantization
        let path = folder.path("int8.safetensors")
        try classifier.save(quantization, to: path)
        let read = try Classifier.load(path)
        #expect(read.quantized?.quantization.record == quantization.record)
        let input = Tensor.rand([2, 3, side, side], generator: Generator(seed: 99))
        let found = try noGrad { try read.scores(input).softmax(dim: 1) }
        let floats = try noGrad { try classifier.scores(input).softmax(dim: 1) }
        #expect((found - floats).abs().max().item() < 0.05)
        #expect((found - floats).abs().max().item() > 0)
        let onnx = folder.path("int8.onnx")
        try read.export(.onnx, to: onnx)
        #expect(try difference(onnx, input, [found])[0] < 0.01)
    }

    @Test(arguments: [YOLOVariant(.yolo11, .n), YOLOVariant(.yolo26, .n), YOLOVariant(.yolo11, .n, .segment)])
    func detectors(_ variant: YOLOVariant) throws {
        let side = 64
        let detector = YOLO(variant, classes: ["cat", "dog"])
        settle(detector, Tensor.cat(images(8, side), dim: 0))
        let loaded = DetectorFile.Loaded(detector: detector, imgsz: side)
        let quantization = try result(
            Quantizer(detector, images: images(16, side)) { inputs in
                let output = detector.finalOutput(inputs[0])
                return [output.boxes, output.scores]
            }
        ).quantization
        let path = folder.path("int8.safetensors")
        try loaded.save(quantization, to: path)
        let read = try DetectorFile.load(path, for: variant.task)
        let onnx = folder.path("int8.onnx")
        var how = DetectorExport()
        how.heads = .raw
        try read.export(.onnx, how, to: onnx)
        how.isHalf = true
        #expect(throws: InputError.self) { try read.export(.onnx, how, to: folder.path("half.onnx")) }
        let input = Tensor.rand([1, 3, side, side], generator: Generator(seed: 99))
        let network = try #require(read.detector.quantized)
        let found = try network.run(read.detector, [input]) { inputs in
            let output = read.detector.finalOutput(inputs[0])
            return [output.boxes, output.scores]
        }
        let differences = try difference(onnx, input, found)
        #expect(differences.max()! < 0.02, "\(differences)")
        // A wide image, and what the program does with one.
        let predictor = DetectionPredictor(read.detector, size: InputSize(side))
        #expect(try predictor(Image(height: 40, width: 100, pixels: [UInt8](repeating: 90, count: 12000))).width == 64)
    }

    @Test func quantizedWeightsAreNotTrained() throws {
        let classifier = try Classifier(
            Classifier.Configuration(
                model: .cnn, classNames: ["a", "b"], inputShape: [3, 16, 16],
                normalization: Normalization(of: Tensor.cat(images(8, 16), dim: 0))))
        classifier.model.eval()
        let examples = ClassificationExamples(
            TensorDataset(Tensor.cat(images(4, 16), dim: 0), Tensor.zeros([4], dtype: .int64)))
        let path = folder.path("int8.safetensors")
        try classifier.save(classifier.quantizer(examples).run().quantization, to: path)
        let again = #expect(throws: InputError.self) { try Classifier.load(path).quantizer(examples) }
        #expect(again?.problem == "its weights are quantized already")
        let training = #expect(throws: InputError.self) { try classifier.model.transferWeights(from: path) }
        #expect(training?.description.contains("quantized to 8 bits, which serve inference alone") == true)
        let few = #expect(throws: InputError.self) { try classifier.quantizer(examples, count: 1) }
        #expect(few?.description.contains("1 image tells too little") == true)
    }
}
