import Foundation
import Switchback
import SwitchbackAdditions
import TestSupport
import Testing

/// Layers against what PyTorch's compute with the same weights: outputs, gradients and running statistics. The fixture
/// is made by Tests/Fixtures/make_layers.py.
@Suite(.seeded()) struct LayerFixtureTests {
    /// How a case of the fixture is made and run here.
    struct Case: Sendable {
        let make: @Sendable () -> Module
        let run: @Sendable (Module, LayerInputs) -> [Tensor]

        /// A layer that maps one tensor to one.
        static func map(_ make: @escaping @Sendable () -> Module) -> Case {
            Case(make: make) { module, inputs in [module(inputs[0])] }
        }

        /// A layer with operands or results of its own.
        static func layer<Layer: Module>(
            _ make: @escaping @Sendable () -> Layer, _ run: @escaping @Sendable (Layer, LayerInputs) -> [Tensor]
        ) -> Case {
            Case(make: make) { module, inputs in run(module as! Layer, inputs) }
        }
    }

    static let cases: [String: Case] = [
        "linear": .map { Linear(5, 3) },
        "linear_no_bias": .map { Linear(5, 3, bias: false) },
        "bilinear": .layer({ Bilinear(3, 4, 2) }) { [$0($1[0], $1[1])] },
        "conv1d": .map { Conv1d(4, 6, kernelSize: 3, stride: 2, padding: 1, groups: 2) },
        "conv2d": .map { Conv2d(3, 4, kernelSize: [3, 2], stride: [2, 1], padding: [1, 0]) },
        "conv2d_same": .map { Conv2d(2, 3, kernelSize: 3, padding: .same, paddingMode: .reflect) },
        "conv2d_depthwise": .map {
            Conv2d(4, 4, kernelSize: 3, padding: 2, dilation: 2, groups: 4, bias: false)
        },
        "conv3d": .map { Conv3d(2, 3, kernelSize: 2, padding: 1) },
        "conv_transpose1d": .map { ConvTranspose1d(3, 2, kernelSize: 3, stride: 2, outputPadding: 1) },
        "conv_transpose2d": .map { ConvTranspose2d(4, 6, kernelSize: 3, stride: 2, padding: 1, groups: 2) },
        "max_pool2d": .map { MaxPool2d(kernelSize: 3, stride: 2, padding: 1) },
        "avg_pool2d": .map { AvgPool2d(kernelSize: 2, ceilMode: true, countIncludePad: false) },
        "max_pool1d": .map { MaxPool1d(kernelSize: 2) },
        "avg_pool1d": .map { AvgPool1d(kernelSize: 3, stride: 1, padding: 1) },
        "adaptive_avg_pool1d": .map { AdaptiveAvgPool1d(3) },
        "adaptive_avg_pool2d": .map { AdaptiveAvgPool2d([3, 2]) },
        "adaptive_max_pool2d": .map { AdaptiveMaxPool2d(2) },
        "batch_norm1d": .map { BatchNorm1d(3, momentum: 0.2) },
        "batch_norm1d_sequence": .map { BatchNorm1d(3, momentum: nil) },
        "batch_norm2d": .map { BatchNorm2d(3, eps: 1e-3, momentum: 0.03) },
        "batch_norm2d_eval": .map { BatchNorm2d(3) },
        "layer_norm": .map { LayerNorm([3, 5]) },
        "rms_norm": .map { RMSNorm(6, eps: 1e-6) },
        "group_norm": .map { GroupNorm(groups: 2, channels: 4) },
        "instance_norm2d": .map { InstanceNorm2d(3, affine: true) },
        "local_response_norm": .map { LocalResponseNorm(size: 3, alpha: 0.1) },
        "embedding": .map { Embedding(7, 4, paddingIndex: 2) },
        "prelu": .map { PReLU(count: 3) },
        "glu": .map { GLU() },
        "gelu_tanh": .map { GELU(approximate: .tanh) },
        "pixel_shuffle": .map { PixelShuffle(2) },
        "upsample_nearest": .map { Upsample(scaleFactor: 2) },
        "upsample_bilinear": .map { Upsample(size: [5, 7], mode: .bilinear) },
        "sequential": .map {
            Sequential(Flatten(), Linear(6, 4), Tanh(), Linear(4, 2), LogSoftmax(dim: -1))
        },
        "rnn": .layer({ RNN(3, 4) }) { $0.outputs($1) },
        "rnn_relu": .layer({ RNN(3, 4, nonlinearity: .relu, bias: false) }) { $0.outputs($1) },
        "lstm": .layer({ LSTM(3, 4) }) { $0.outputs($1) },
        "lstm_deep": .layer({ LSTM(3, 4, layers: 2, batchFirst: true, bidirectional: true) }) { $0.outputs($1) },
        "lstm_from_state": .layer({ LSTM(3, 4) }) { $0.outputs($1) },
        "lstm_lengths": .layer({ LSTM(3, 4, layers: 2, batchFirst: true, bidirectional: true) }) {
            let (output, state) = $0($1[0], state: ($1[1], $1[2]), lengths: [3, 5, 1, 3])
            return [output, state.hidden, state.cell]
        },
        "gru_lengths": .layer({ GRU(3, 4, bidirectional: true) }) {
            let (output, state) = $0($1[0], lengths: [3, 5, 1, 3])
            return [output, state]
        },
        "rnn_lengths": .layer({ RNN(3, 4) }) {
            let (output, state) = $0($1[0], lengths: [3, 5, 1, 3])
            return [output, state]
        },
        "weight_norm": .map { WeightNorm(Linear(5, 3)) },
        "weight_norm_all": .map { WeightNorm(Conv2d(2, 3, kernelSize: 3, bias: false), dim: nil) },
        "weight_norm_transposed": .map { WeightNorm(ConvTranspose1d(3, 2, kernelSize: 3), dim: 1) },
        "spectral_norm": .map { SpectralNorm(Conv1d(4, 6, kernelSize: 3), iterations: 2) },
        "spectral_norm_transposed": .map { SpectralNorm(ConvTranspose2d(3, 2, kernelSize: 2)) },
        "spectral_norm_eval": .map { SpectralNorm(Linear(5, 3)) },
        "gru": .layer({ GRU(3, 4) }) { $0.outputs($1) },
        "gru_deep": .layer({ GRU(3, 4, layers: 2, batchFirst: true, bidirectional: true) }) { $0.outputs($1) },
        "gru_from_state": .layer({ GRU(3, 4) }) { $0.outputs($1) },
        "attention": .layer({ MultiHeadAttention(8, heads: 2, batchFirst: true) }) { layer, inputs in
            let (output, weights) = layer.withWeights(inputs[0], inputs[1], inputs[2])
            return [output, weights]
        },
        "attention_masked": .layer({ MultiHeadAttention(8, heads: 2) }) { layer, inputs in
            let x = inputs[0]
            let (output, weights) = layer.withWeights(
                x, x, x, keyPaddingMask: padding.to(x.backend), mask: Transformer.causalMask(4).to(x.backend))
            return [output, weights]
        },
        "encoder_layer": .layer({
            TransformerEncoderLayer(8, heads: 2, feedForward: 12, dropout: 0, batchFirst: true)
        }) { [$0($1[0])] },
        "encoder_layer_norm_first": .layer({
            TransformerEncoderLayer(
                8, heads: 2, feedForward: 12, dropout: 0, activation: { $0.gelu() }, batchFirst: true,
                normFirst: true)
        }) { [$0($1[0], mask: $1["src_mask"])] },
        "encoder": .layer({
            TransformerEncoder(layers: 2, norm: LayerNorm(8)) {
                TransformerEncoderLayer(8, heads: 2, feedForward: 12, dropout: 0)
            }
        }) { [$0($1[0], mask: nil, keyPaddingMask: $1["src_key_padding_mask"])] },
        "decoder_layer": .layer({
            TransformerDecoderLayer(8, heads: 2, feedForward: 12, dropout: 0, batchFirst: true)
        }) { [$0($1[0], memory: $1[1], mask: $1["tgt_mask"])] },
        "decoder": .layer({
            TransformerDecoder(layers: 2) {
                TransformerDecoderLayer(8, heads: 2, feedForward: 12, dropout: 0, normFirst: true)
            }
        }) { [$0($1[0], memory: $1[1], mask: $1["tgt_mask"])] },
        "transformer": .layer({
            Transformer(
                8, heads: 2, encoderLayers: 1, decoderLayers: 1, feedForward: 12, dropout: 0, batchFirst: true)
        }) { [$0($1[0], $1[1], targetMask: $1["tgt_mask"])] },
    ]

    /// True where a sequence of the fixture is padded.
    static var padding: Tensor { Tensor([[false, false, false, true], [false, false, true, true]]) }

    static let fixture = Result {
        try Fixture("layers")
    }

    @Test func everyLayerIsCompared() throws {
        let manifest = try #require(try Self.fixture.get().manifest["cases"] as? [String: [String: Any]])
        #expect(Set(manifest.filter { $0.value["layer"] != nil }.keys) == Set(Self.cases.keys))
    }

    @Test(arguments: cases.keys.sorted(), [DType.float32, .float64])
    func layer(_ name: String, _ dtype: DType) throws { try compare(name, dtype, on: CPUBackend.self) }

    func compare(_ name: String, _ dtype: DType, on backend: any Backend.Type) throws {
        let fixture = try Self.fixture.get()
        let manifest = try #require((fixture.manifest["cases"] as? [String: [String: Any]])?[name])
        let tensors = fixture.tensors.filter { $0.key.hasPrefix(name + "/") }
            .reduce(into: [:]) { $0[String($1.key.dropFirst(name.count + 1))] = $1.value }
        let testCase = try #require(Self.cases[name])
        let module = testCase.make()
        #expect(module.namedState.map(\.name) == manifest["names"] as? [String])
        try module.load(stateDict: tensors.under("state/"))
        module.to(dtype).to(backend).train(manifest["train"] as? Bool ?? true)

        let inputs = LayerInputs(tensors.under("in/"), dtype, on: backend)
        let outputs = testCase.run(module, inputs)
        let expected = tensors.under("out/")
        #expect(outputs.count == expected.count)
        for (i, output) in outputs.enumerated() { expectClose(output, expected["\(i)"], "\(name) output \(i)") }

        let upstream = outputs.indices.map { tensors["gout/\($0)"]!.to(dtype).to(backend) }
        let products = zip(outputs, upstream).map { ($0 * $1).sum() }
        products.dropFirst().reduce(products[0], +).backward()
        for (key, gradient) in tensors.under("gin/") {
            expectClose(inputs[key]?.grad, gradient, "\(name) gradient of input \(key)")
        }
        let gradients = tensors.under("gstate/")
        for (key, parameter) in module.namedParameters {
            expectClose(parameter.grad, gradients[key], "\(name) gradient of \(key)")
        }
        for (key, buffer) in module.namedBuffers { expectClose(buffer, tensors["after/\(key)"], "\(name) \(key)") }
    }

    /// The fixture is float32: float64 only shows that the layer computes in it.
    private func expectClose(_ found: Tensor?, _ expected: Tensor?, _ what: String) {
        guard let found, let expected else {
            #expect(found == nil && expected == nil, "\(what) is missing")
            return
        }
        #expect(found.shape == expected.shape, "\(what): \(found.shape), expected \(expected.shape)")
        let difference = largestDifference(found, expected)
        // Sums are made in another order than PyTorch's, and without fused multiply-add on the baseline.
        #expect(difference <= 2e-5, "\(what) is off by \(difference)")
    }
}

/// The inputs of a case, by position or name.
struct LayerInputs {
    private let tensors: [String: Tensor]

    init(_ stored: [String: Tensor], _ dtype: DType, on backend: any Backend.Type) {
        tensors = stored.mapValues { stored in
            let copy = stored.copied().to(backend)
            let tensor = stored.dtype.isFloatingPoint ? copy.to(dtype) : copy
            tensor.requiresGrad = tensor.dtype.isFloatingPoint
            return tensor
        }
    }

    subscript(position: Int) -> Tensor { tensors["\(position)"]! }
    subscript(name: String) -> Tensor? { tensors[name] }
}

extension [String: Tensor] {
    /// The entries whose name begins with `prefix`, without it.
    fileprivate func under(_ prefix: String) -> [String: Tensor] {
        reduce(into: [:]) { result, entry in
            if entry.key.hasPrefix(prefix) { result[String(entry.key.dropFirst(prefix.count))] = entry.value }
        }
    }
}

extension RNN {
    fileprivate func outputs(_ inputs: LayerInputs) -> [Tensor] {
        let (output, state) = callAsFunction(inputs[0], state: inputs["1"])
        return [output, state]
    }
}

extension GRU {
    fileprivate func outputs(_ inputs: LayerInputs) -> [Tensor] {
        let (output, state) = callAsFunction(inputs[0], state: inputs["1"])
        return [output, state]
    }
}

extension LSTM {
    fileprivate func outputs(_ inputs: LayerInputs) -> [Tensor] {
        let initial = inputs["1"].map { (hidden: $0, cell: inputs[2]) }
        let (output, state) = callAsFunction(inputs[0], state: initial)
        return [output, state.hidden, state.cell]
    }
}
