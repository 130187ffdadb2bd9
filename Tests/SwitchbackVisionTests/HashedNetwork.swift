import Foundation
import Switchback
import TestSupport
import Testing

/// What a network of others computes with hashed weights: a file of Tests/Fixtures, made by the program that it names.
struct HashedNetwork: Decodable {
    /// The numbers that `hashed` takes for each tensor.
    private let fill: [String: [Double]]
    private let input: [Int]
    private let target: [Int]
    private let logitsEval: [[Double]]
    private let lossTrain: Double
    private let gradNorm: [String: Double]

    private enum CodingKeys: String, CodingKey {
        case fill, input, target
        case logitsEval = "logits_eval"
        case lossTrain = "loss_train"
        case gradNorm = "grad_norm"
    }

    init(_ name: String) throws {
        let file = fixtureFolder.appendingPathComponent("\(name).json")
        self = try JSONDecoder().decode(Self.self, from: Data(contentsOf: file))
    }

    /// Whether a network has the same tensors and, with the same numbers in them, the same logits, loss and gradients.
    func check(_ model: Module) throws {
        let own = model.stateDict()
        #expect(Set(own.keys.filter { !$0.hasSuffix("num_batches_tracked") }) == Set(fill.keys))
        let state = try fill.map { name, range in
            (name, hashed(name, try #require(own[name], "the model has no \(name)").shape, range))
        }
        try model.load(stateDict: own.merging(state) { $1 })
        let images = hashed("input", Shape(input), [0, 1])
        let expected = Tensor(logitsEval.flatMap { $0 }, shape: [logitsEval.count, logitsEval[0].count]).to(.float32)
        model.eval()
        #expect(noGrad { model(images) }.distance(to: expected) < 5e-5)
        #expect(model.fused()(images).distance(to: expected) < 5e-5)

        model.train()
        let loss = model(images).crossEntropy(Tensor(target))
        #expect(abs(loss.item() / lossTrain - 1) < 1e-4)
        loss.backward()
        let largest = try #require(gradNorm.values.max())
        for (name, parameter) in model.namedParameters {
            let norm = try #require(gradNorm[name])
            let own = try #require(parameter.grad).square().sum().item().squareRoot()
            #expect(abs(own - norm) < 1e-2 * norm + 1e-4 * largest, "\(name)")
        }
    }
}
