import Switchback
import TestSupport
import Testing

/// Losses against PyTorch's values and gradients, from the fixture of Tests/Fixtures/make_layers.py.
@Suite struct LossFixtureTests {
    static let losses: [String: @Sendable (LayerInputs) -> Tensor] = [
        "cross_entropy": { $0[0].crossEntropy($0[1]) },
        "cross_entropy_weighted": { $0[0].crossEntropy($0[1], weight: $0["weight"]!.detach()) },
        "cross_entropy_ignored": { $0[0].crossEntropy($0[1], ignoreIndex: 3, labelSmoothing: 0.1) },
        "cross_entropy_soft": { $0[0].crossEntropy($0[1].detach(), labelSmoothing: 0.1) },
        "cross_entropy_images": { $0[0].crossEntropy($0[1], reduction: .none) },
        "nll": { $0[0].nllLoss($0[1], weight: $0["weight"]!.detach(), reduction: .sum) },
        "bce": { $0[0].binaryCrossEntropy($0[1].detach()) },
        "bce_with_logits": {
            $0[0].binaryCrossEntropyWithLogits($0[1].detach(), posWeight: $0["pos_weight"]!.detach())
        },
        "mse": { $0[0].mseLoss($0[1].detach()) },
        "l1": { $0[0].l1Loss($0[1].detach(), reduction: .sum) },
        "smooth_l1": { $0[0].smoothL1Loss($0[1].detach(), beta: 0.5) },
        "huber": { $0[0].huberLoss($0[1].detach(), delta: 0.7) },
        "kl_div": { $0[0].klDivBatchMean($0[1].detach()) },
        "cosine_embedding": { .cosineEmbeddingLoss($0[0], $0[1], target: $0[2].detach(), margin: 0.2) },
        "triplet": { .tripletMarginLoss(anchor: $0[0], positive: $0[1], negative: $0[2], margin: 0.5) },
    ]

    @Test func everyLossIsCompared() throws {
        let manifest = try #require(
            try LayerFixtureTests.fixture.get().manifest["cases"] as? [String: [String: Any]])
        #expect(Set(manifest.filter { $0.value["loss"] != nil }.keys) == Set(Self.losses.keys))
    }

    @Test(arguments: losses.keys.sorted(), [DType.float32, .float64])
    func loss(_ name: String, _ dtype: DType) throws { try compare(name, dtype, on: CPUBackend.self) }

    func compare(_ name: String, _ dtype: DType, on backend: any Backend.Type) throws {
        let tensors = try LayerFixtureTests.fixture.get().tensors
        let prefix = "\(name)/in/"
        let stored = tensors.filter { $0.key.hasPrefix(prefix) }
            .reduce(into: [:]) { $0[String($1.key.dropFirst(prefix.count))] = $1.value }
        let inputs = LayerInputs(stored, dtype, on: backend)
        let loss = try #require(Self.losses[name])
        let value = loss(inputs)
        let expected = try #require(tensors["\(name)/out/0"])
        #expect(value.shape == expected.shape)
        #expect(largestDifference(value, expected) <= 1e-6)
        value.sum().backward()
        for position in 0..<3 {
            guard let gradient = tensors["\(name)/gin/\(position)"] else { continue }
            let found = try #require(inputs[position].grad)
            #expect(largestDifference(found, gradient) <= 1e-6)
        }
    }
}
