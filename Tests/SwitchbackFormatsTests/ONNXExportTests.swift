import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

/// A network with shortcuts, joined channels, two scales and a global average.
private final class Branches: Module {
    let stem = Sequential(Conv2d(3, 8, kernelSize: 3, stride: 2, padding: 1, bias: false), BatchNorm2d(8), SiLU())
    let block = Residual(Sequential(Conv2d(8, 8, kernelSize: 3, padding: 1, groups: 2), BatchNorm2d(8), ReLU()))
    let down = Conv2d(8, 8, kernelSize: 3, stride: 2, padding: 1)
    let head = Linear(16, 5)

    override func forward(_ x: Tensor) -> Tensor {
        let near = block(stem(x))
        let far = down(near).maxPool2d(kernelSize: 3, stride: 1, padding: 1).interpolate(scaleFactor: 2)
        let halves = Tensor.cat([near, far], dim: 1).chunk(2, dim: 1)
        let joined = Tensor.cat([halves[0].sigmoid() * 2 - 1, halves[1]], dim: 1)
        return head(joined.adaptiveAvgPool2d(outputSize: 1).flatten(start: 1)).softmax(dim: -1)
    }
}

/// A small language model: embeddings, causal attention in heads, and the table again as output.
private final class SmallGPT: Module {
    let table = Embedding(11, 16)
    let places = Embedding(6, 16)
    let norm = LayerNorm([16])
    let qkv = Linear(16, 48)
    let mixed = Linear(16, 16)
    let inner = Sequential(Linear(16, 32), GELU(), Linear(32, 16))

    override func forward(_ ids: Tensor) -> Tensor {
        var x = table(ids) + places(Tensor.arange(ids.size(1)))
        let heads = qkv(norm(x)).chunk(3, dim: -1).map { $0.unflatten(2, [4, 4]).transpose(1, 2) }
        let attention = Tensor.scaledDotProductAttention(heads[0], heads[1], heads[2], isCausal: true)
        x = x + mixed(attention.transpose(1, 2).flatten(start: 2))
        x = x + inner(norm(x))
        return norm(x).matmul(table.weight.t())
    }
}

private final class Recurrent: Module {
    let lstm = LSTM(4, 6, batchFirst: true)
    let gru = GRU(6, 5, batchFirst: true)

    override func forward(_ x: Tensor) -> Tensor { gru(lstm(x).output).output.select(dim: 1, index: -1) }
}

/// Many functions of single elements, choices and reductions.
private final class Functions: Module {
    override func forward(_ x: Tensor) -> Tensor {
        let a = x.gelu() + x.gelu(approximate: .tanh) + x.silu() + x.mish() + x.hardswish() + x.hardsigmoid()
        let b = x.elu() + x.celu(alpha: 2) + x.selu() + x.softplus() + x.leakyReLU() + x.logSigmoid() + x.softsign()
        let c = x.abs().sqrt() + x.square() + x.exp() + (x.abs() + 1).log() + x.pow(3) + x.clamp(min: -0.5, max: 0.5)
        let d = Tensor.where(x.gt(0), a, b).maximum(c) + (x.lt(0.2) .& x.ne(0)).to(.float32)
        let e = d - d.mean(dim: 1, keepDim: true) + d.amax(dim: 1, keepDim: true) * d.var(dim: 1, keepDim: true)
        let padded = e.pad([1, 2]) + Tensor.ones([x.size(0), 1]) * 0.25
        let picked = padded.topK(3, dim: 1).values + padded.argmax(dim: 1, keepDim: true).to(.float32)
        return Tensor.stack([picked, padded[0..., 1..<4], padded.flip(1)[0..., 0..<3]], dim: 1).cumsum(dim: 2)
    }
}

@Suite(.seeded()) struct ONNXExportTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private struct Case: CustomStringConvertible {
        let description: String
        let model: Module
        /// An input of a batch of so many.
        let example: (Int) -> Tensor
    }

    private static func cases() -> [Case] {
        let generator = Generator(seed: 3)
        func image(_ shape: Shape) -> (Int) -> Tensor { { Tensor.randn(Shape([$0] + shape), generator: generator) } }
        func ids(_ batch: Int) -> Tensor {
            Tensor((0..<batch * 6).map { ($0 * 7 + 3) % 11 }, shape: [batch, 6], dtype: .int64)
        }
        return [
            Case(description: "mlp", model: Sequential(Linear(8, 16), ReLU(), Linear(16, 4)), example: image([8])),
            Case(
                description: "cnn",
                model: Sequential(
                    Conv2d(1, 4, kernelSize: 3, padding: 1), BatchNorm2d(4), ReLU(), MaxPool2d(kernelSize: 2),
                    Flatten(),
                    Linear(64, 10)), example: image([1, 8, 8])),
            Case(description: "branches", model: Branches(), example: image([3, 16, 16])),
            Case(description: "gpt", model: SmallGPT(), example: ids),
            Case(
                description: "encoder",
                model: TransformerEncoderLayer(16, heads: 4, feedForward: 32, batchFirst: true),
                example: image([5, 16])),
            Case(description: "recurrent", model: Recurrent(), example: image([4, 4])),
            Case(description: "functions", model: Functions(), example: image([6])),
            Case(
                description: "decoder",
                model: Sequential(
                    ConvTranspose2d(4, 3, kernelSize: 3, stride: 2, padding: 1, outputPadding: 1), InstanceNorm2d(3),
                    AvgPool2d(kernelSize: 2), GroupNorm(groups: 1, channels: 3), Tanh()), example: image([4, 5, 5])),
        ]
    }

    /// Exports a model; returns what it computes for some batches.
    private func export(_ item: Case, to path: String) throws -> [(input: Tensor, output: Tensor)] {
        item.model.eval()
        // Statistics that are not 0 and 1, so that leaving them out would show.
        for (name, buffer) in item.model.namedBuffers where name.hasSuffix("running_mean") {
            noGrad { buffer.copy(from: Tensor.full(buffer.shape, 0.3)) }
        }
        try ONNX.export(item.model, example: item.example(1), to: path, metadata: ["kind": item.description])
        return [1, 2, 7].map { size in
            let input = item.example(size)
            return (input, noGrad { item.model(input) })
        }
    }

    @Test(.enabled(if: ONNXRuntime.isInstalled, ONNXRuntime.missing))
    func onnxRuntimeComputesTheSame() throws {
        for item in Self.cases() {
            let path = folder.path("\(item).onnx")
            let cases = try export(item, to: path).map { ONNXRuntime.Case(["input": $0.input], ["output": $0.output]) }
            let complaints = try ONNXRuntime.complaints(of: path, cases)
            #expect(complaints == "", "\(item)")
        }
    }

    @Test func importedModelsComputeTheSame() throws {
        for item in Self.cases() {
            let path = folder.path("\(item).onnx")
            let batches = try export(item, to: path)
            let model = try ONNXModel(path)
            #expect(model.metadata == ["kind": item.description])
            for (input, expected) in batches {
                let found = noGrad { model(input) }
                #expect(found.shape == expected.shape, "\(item)")
                let difference = (found - expected).abs().amax().item() / max(1, expected.abs().amax().item())
                #expect(difference < 1e-4, "\(item): \(difference)")
            }
        }
    }

    /// A classifier that was exported is trained further: its weights are parameters under their names.
    @Test func importedModelsLearn() throws {
        let path = folder.path("model.onnx")
        // Not every beginning learns; other tests draw from the default generator at the same time.
        let exported = Generator.withDefault(Generator(seed: 1)) { Sequential(Linear(2, 8), ReLU(), Linear(8, 2)) }
        try ONNX.export(exported, example: Tensor.zeros([1, 2]), to: path)
        let model = try ONNXModel(path)
        #expect(model.namedParameters.map(\.name).sorted() == ["0.bias", "0.weight", "2.bias", "2.weight"])
        let x = Tensor([0.0, 0, 0, 1, 1, 0, 1, 1], shape: [4, 2])
        let labels = Tensor([0, 1, 1, 0])
        let optimizer = Adam(model.parameters, learningRate: 0.05)
        for _ in 0..<300 {
            optimizer.zeroGrad()
            model(x).crossEntropy(labels).backward()
            optimizer.step()
        }
        #expect(model(x).argmax(dim: 1).toArray(as: Int.self) == [0, 1, 1, 0])
    }

    @Test func modulesStayAsTheyWere() throws {
        let model = Sequential(Linear(2, 2), Dropout(p: 0.5))
        model.train()
        let weight = model.parameters[0].array.storage
        try ONNX.export(model, example: Tensor.zeros([1, 2]), to: folder.path("x.onnx"))
        #expect(model.isTraining && model[1].isTraining && model.parameters[0].array.storage === weight)
    }

    /// What a graph cannot hold is refused with the layer's name, and no file is written.
    @Test func whatCannotBeWrittenIsASentence() throws {
        final class Peeking: Module {
            override func forward(_ x: Tensor) -> Tensor { x * x.sum().item(as: Double.self) }
        }
        final class Random: Module {
            override func forward(_ x: Tensor) -> Tensor { x + Tensor.rand(x.shape) }
        }
        final class Branching: Module {
            override func forward(_ x: Tensor) -> Tensor { x.mean().item(as: Double.self) > 0.9 ? x.relu() : -x }
        }
        final class Choosing: Module {
            override func forward(_ x: Tensor) -> Tensor {
                x[0..., 0..<(x.mean().item(as: Double.self) > 0.9 ? 1 : 2)]
            }
        }
        // For numbers that are never seen while it is followed.
        final class RarelyBranching: Module {
            override func forward(_ x: Tensor) -> Tensor { x.abs().amax().item(as: Double.self) > 1e6 ? x.relu() : -x }
        }
        // With a fixed batch too, where nothing but the values could differ.
        for model in [Peeking(), Random(), Branching(), Choosing(), RarelyBranching()] as [Module] {
            for free in [[FreeDimension.batch], []] {
                let path = folder.path("x.onnx")
                var options = ONNXOptions()
                options.freeDimensions = free
                let error = #expect(throws: InputError.self) {
                    try ONNX.export(model, example: Tensor.ones([1, 2]), to: path, options: options)
                }
                #expect(folder.contents.isEmpty)
                #expect(!"\(error as Any)".contains("open sizes ()"))
            }
        }
        #expect(throws: InputError.self) {
            try ONNX.export(ReLU(), example: Tensor.ones([]), to: folder.path("x.onnx"))
        }
    }
}
