import Foundation
import Switchback
import SwitchbackVision
import Testing

@Suite struct MobileNetV2Tests {
    /// What torchvision's network computes; made by Tests/Fixtures/make_mobilenet.py.
    private struct Fixture: Decodable {
        let fill: [String: [Double]]
        let input: [Int]
        let target: [Int]
        let logitsEval: [[Double]]
        let lossTrain: Double
        let gradNorm: [String: Double]
    }

    private func fixture() throws -> Fixture {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/mobilenet_v2.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .custom { path in
            // The names of tensors, which are keys of dictionaries, stay as they are.
            let key = path[path.count - 1].stringValue
            let names = ["logits_eval": "logitsEval", "loss_train": "lossTrain", "grad_norm": "gradNorm"]
            return AnyKey(stringValue: names[key] ?? key)
        }
        return try decoder.decode(Fixture.self, from: Data(contentsOf: file))
    }

    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }

        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    @Test func agreesWithTorchvision() throws {
        let fixture = try fixture()
        let model = MobileNetV2(classes: 5, width: 0.35, dropout: 0)
        let own = model.stateDict()
        let state = try fixture.fill.map { name, range in
            (name, hashed(name, try #require(own[name], "the model has no \(name)").shape, range))
        }
        try model.load(stateDict: own.merging(state) { $1 })
        let images = hashed("input", Shape(fixture.input), [0, 1])
        let expected = Tensor(fixture.logitsEval.flatMap { $0 }, shape: [3, 5]).to(.float32)
        model.eval()
        #expect(noGrad { model(images) }.distance(to: expected) < 1e-5)
        #expect(model.fused()(images).distance(to: expected) < 1e-5)

        model.train()
        let loss = model(images).crossEntropy(Tensor(fixture.target))
        #expect(abs(loss.item() / fixture.lossTrain - 1) < 1e-4)
        loss.backward()
        let largest = try #require(fixture.gradNorm.values.max())
        for (name, parameter) in model.namedParameters {
            let norm = try #require(fixture.gradNorm[name])
            let own = try #require(parameter.grad).square().sum().item().squareRoot()
            #expect(abs(own - norm) < 1e-2 * norm + 1e-4 * largest, "\(name)")
        }
    }

    @Test func parametersAreAsManyAsTorchvisions() {
        #expect(MobileNetV2().parameterCount == 3_504_872)
    }
}
