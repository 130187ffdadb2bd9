import Switchback
import SwitchbackFormats
import SwitchbackInference
import TestSupport
import Testing

@Suite(.seeded()) struct QuantizationFileTests {
    let folder: TemporaryFolder
    private let path: String

    init() throws {
        folder = try TemporaryFolder()
        path = folder.path("int8.safetensors")
    }

    private func model() -> Sequential {
        let generator = Generator(seed: 1)
        let model = Sequential(
            Conv2d(3, 8, kernelSize: 3, padding: 1, generator: generator), BatchNorm2d(8), ReLU(),
            Conv2d(8, 4, kernelSize: 1, generator: generator))
        model.eval()
        return model
    }

    private func images(_ count: Int) -> [Tensor] {
        (0..<count).map { Tensor.randn([1, 3, 16, 16], generator: Generator(seed: UInt64($0))) }
    }

    private func quantized(_ model: Module) throws -> Quantizer.Result {
        try Quantizer(model, images: images(6)) { [model($0[0])] }.run()
    }

    @Test func layersAreChosenByMeasuring() throws {
        let result = try quantized(model())
        #expect(result.errors.count == CalibrationMethod.allCases.count)
        let best = try #require(result.errors.min { $0.error < $1.error })
        #expect(result.quantization.record.calibration == best.method.rawValue)
        #expect(result.error <= best.error && result.error < 0.05)
        #expect(Set(result.layers.map(\.name)) == ["0", "3"])
        #expect(result.layers[0].error >= result.layers[1].error)
        let left = result.quantization.record.leftOut
        #expect(Set(left.keys).union(result.quantization.layers.keys) == ["0", "3"])
    }

    /// Of very many layers the worst groups are measured layer by layer: as often for 150 of them as for 1,500.
    @Test(arguments: [40, 64, 150]) func manyLayersAreMeasuredInGroups(_ count: Int) throws {
        let generator = Generator(seed: 2)
        let layers = (0..<count).map { _ in Conv2d(2, 2, kernelSize: 1, generator: generator) }
        noGrad {
            for layer in layers { layer.weight.copy(from: Tensor.eye(2).reshape([2, 2, 1, 1]) * 1.01) }
        }
        let model = Sequential(layers)
        model.eval()
        let inputs = (0..<2).map { Tensor.randn([1, 2, 4, 4], generator: Generator(seed: UInt64($0))) }
        var measured = 0
        let result = try Quantizer(model, images: inputs) { [model($0[0])] }.run { what, done, total in
            #expect(done < total)
            if what == "measuring layers" { measured += 1 }
        }
        #expect(Set(result.layers.map(\.name)) == Set((0..<count).map(String.init)))
        #expect(count <= 64 ? measured == count : measured > 64 && measured <= 128)
        #expect(zip(result.layers, result.layers.dropFirst()).allSatisfy { $0.error >= $1.error })
    }

    @Test func filesGiveTheSameNumbers() throws {
        let model = model()
        let quantization = try quantized(model).quantization
        let x = images(1)
        let before = try QuantizedNetwork(quantization).run(model, x) { [model($0[0])] }[0]
        try Safetensors.save(
            quantization.replacing(model.namedState), metadata: quantization.metadata, to: path)

        let (read, tensors) = try Quantization.taken(from: Safetensors.read(path), path)
        let again = try #require(read)
        #expect(again.record == quantization.record)
        let other = self.model()
        noGrad { for parameter in other.parameters { parameter.copy(from: parameter.zerosLike()) } }
        try other.load(stateDict: tensors)
        let after = try QuantizedNetwork(again).run(other, x) { [other($0[0])] }[0]
        #expect(before.toArray(as: Float.self) == after.toArray(as: Float.self))
        // The network itself is near it, too.
        let floats = noGrad { other(x[0]) }
        #expect((floats - after).abs().max().item() < 0.05 * floats.abs().max().item())
    }

    /// Files that are not what they seem are refused with a sentence.
    @Test(arguments: [
        "weight": "it is missing", "weight_scale": "no layer", "input_scale": "is missing",
        "input_zero_point": "is missing",
    ])
    func missingTensors(_ name: String, _ sentence: String) throws {
        try expectRefusal(sentence) { state in state.removeAll { $0.0.hasSuffix("." + name) && $0.1.dtype != .int64 } }
    }

    @Test func numbersThatCannotBe() throws {
        func replace(_ suffix: String, _ tensor: Tensor, _ sentence: String) throws {
            try expectRefusal(sentence) { state in
                for position in state.indices where state[position].0 == "0" + suffix { state[position].1 = tensor }
            }
        }
        try replace(".input_scale", Tensor([Float.nan], shape: []), "not a positive number")
        try replace(".input_scale", Tensor([Float(0)], shape: []), "not a positive number")
        try replace(".weight_scale", Tensor.zeros([8]), "not a positive number")
        try replace(".weight_scale", Tensor.ones([7]), "it is float32 of shape [7]")
        try replace(".weight", Tensor.zeros([8, 3, 3, 3], dtype: .uint8), "a number in it is 0")
        try replace(".weight", Tensor.zeros([8, 3, 3, 3]), "it is float32 of shape [8, 3, 3, 3]")
        try replace(".input_zero_point", Tensor([300.0], shape: []), "it is float32")
    }

    @Test func recordsThatCannotBeRead() throws {
        for (text, sentence) in [
            ("", "does not describe"), ("{\"version\":1}", "does not describe"),
            ("{\"version\":2,\"calibration\":\"x\",\"images\":1,\"leftOut\":{}}", "of version 2"),
        ] {
            let quantization = try quantized(model()).quantization
            try Safetensors.save(
                quantization.replacing(model().namedState), metadata: [Quantization.metadataKey: text], to: path)
            expect(sentence) { _ = try Quantization.taken(from: Safetensors.read(path), path) }
        }
    }

    @Test func layersOfAnotherNetwork() throws {
        let quantization = try quantized(model()).quantization
        let other = Sequential(Conv2d(3, 8, kernelSize: 5, padding: 2), ReLU(), Conv2d(8, 4, kernelSize: 1))
        other.eval()
        expect("the network has no such convolution") {
            _ = try QuantizedNetwork(quantization).run(other, images(1)) { [other($0[0])] }
        }
    }

    @Test func networksWithoutConvolutions() {
        let model = Sequential(Linear(4, 2))
        expect("it has no convolutions") {
            _ = try Quantizer(model, images: [Tensor.zeros([1, 4])]) { [model($0[0])] }
        }
    }

    @Test func numbersThatAreNone() {
        let model = model()
        expect("it computes NaN or infinities") {
            _ = try Quantizer(model, images: [Tensor.full([1, 3, 16, 16], Double.nan)]) { [model($0[0])] }.run()
        }
    }

    private func expectRefusal(_ sentence: String, _ damage: (inout [(String, Tensor)]) -> Void) throws {
        let model = model()
        var quantization = try quantized(model).quantization
        let weight = try #require(model.stateDict()["0.weight"])
        quantization.layers = ["0": QuantizedLayer(rounding: weight, input: ByteScale(lowest: -1, highest: 1))]
        var state = quantization.replacing(model.namedState)
        damage(&state)
        try Safetensors.save(state, metadata: quantization.metadata, to: path)
        expect(sentence) { _ = try Quantization.taken(from: Safetensors.read(path), path) }
    }

    private func expect(_ sentence: String, _ body: () throws -> Void) {
        let error = #expect(throws: InputError.self) { try body() }
        #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
    }
}
