import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import TestSupport
import Testing

@Suite(.seeded()) struct ResNetTests {
    // MARK: Against torchvision's

    /// The fixture's network, loaded, with the input that it is run on.
    private func load() throws -> (model: ResNet, fixture: Fixture, input: Tensor) {
        let fixture = try Fixture("models/resnet18/case")
        let fill = try #require(fixture.manifest["fill"] as? [String: [Double]])
        let model = ResNet(.resnet18)
        let state = model.stateDict().merging(
            try fill.filter { $0.key != "input" }.map { name, range in
                let shape = try #require(model.stateDict()[name], "the model has no \(name)").shape
                return (name, hashed(name, shape, range))
            }
        ) { $1 }
        try model.load(stateDict: state)
        let size = try #require(fixture.manifest["input"] as? [Int])
        return (model, fixture, hashed("input", Shape(size), try #require(fill["input"])))
    }

    @Test func outputsAgreeWithTorchvision() throws {
        let (model, fixture, input) = try load()
        let expected = try #require(fixture.tensors["logits/eval"])
        model.eval()
        #expect(noGrad { model(input) }.distance(to: expected) < 1e-5)
        #expect(model.fused()(input).distance(to: expected) < 1e-5)
    }

    @Test func trainingAgreesWithTorchvision() throws {
        let (model, fixture, input) = try load()
        let logits = model(input)
        #expect(logits.distance(to: try #require(fixture.tensors["logits/train"])) < 1e-4)
        let loss = logits.crossEntropy(try #require(fixture.tensors["target"]))
        #expect(abs(loss.item() / (fixture.manifest["loss_train"] as! Double) - 1) < 1e-4)
        loss.backward()

        let parameters = Dictionary(uniqueKeysWithValues: model.namedParameters.map { ($0.name, $0.parameter) })
        let norms = try #require(fixture.manifest["grad_norm"] as? [String: Double])
        #expect(Set(norms.keys) == Set(parameters.keys))
        // PyTorch's own float32 is this far from float64.
        let precision = try #require((fixture.manifest["float64"] as? [String: Double])?["grad_norm_max_rel_diff"])
        for (name, norm) in norms {
            let own = try #require(parameters[name]?.grad).square().sum().item().squareRoot()
            #expect(abs(own / norm - 1) < 3 * precision + 1e-3, "\(name)")
        }
        for name in ["conv1.weight", "fc.bias", "layer4.0.downsample.1.weight"] {
            let gradient = try #require(parameters[name]?.grad)
            let distance = gradient.distance(to: try #require(fixture.tensors["grad/\(name)"]))
            #expect(distance < 4 * precision + 1e-3, "\(name): \(distance)")
        }
        let buffers = Dictionary(uniqueKeysWithValues: model.namedBuffers.map { ($0.name, $0.buffer) })
        for (name, norm) in try #require(fixture.manifest["running_norm_after_forward"] as? [String: Double]) {
            let own = try #require(buffers[name]).square().sum().item().squareRoot()
            #expect(abs(own / norm - 1) < 1e-4, "\(name)")
        }
    }

    // MARK: Forms

    /// Parameter counts as torchvision documents them.
    @Test(arguments: [
        (ResNet.Variant.resnet18, 11_689_512), (.resnet34, 21_797_672), (.resnet50, 25_557_032),
        (.resnet101, 44_549_160),
    ])
    func parametersAreAsManyAsTorchvisions(variant: ResNet.Variant, count: Int) {
        #expect(ResNet(variant).parameterCount == count)
    }

    @Test func namesAreTorchvisions() {
        let names = Set(ResNet(.resnet50, width: 4).stateDict().keys)
        for name in [
            "conv1.weight", "bn1.num_batches_tracked", "layer1.0.downsample.0.weight",
            "layer2.3.bn3.running_var", "layer4.2.conv3.weight", "fc.bias",
        ] {
            #expect(names.contains(name), "\(name)")
        }
        #expect(!names.contains("layer2.1.downsample.0.weight"))
    }

    @Test func stemsKeepOrQuarterTheSize() {
        let images = Tensor.randn([2, 3, 32, 32])
        let small = ResNet(.resnet18, classes: 7, stem: .cifar, width: 4)
        #expect(small(images).shape == [2, 7])
        #expect(small.features(images).shape == [2, 32, 4, 4])
        #expect(ResNet(.resnet50, width: 4).features(images).shape == [2, 128, 1, 1])
        #expect(ResNet(.resnet18, channels: 1, width: 4)(Tensor.randn([2, 1, 33, 47])).shape == [2, 1000])
    }

    @Test func weightsFollowTheGenerator() {
        let (a, b) = (Generator(seed: 3), Generator(seed: 3))
        let first = ResNet(.resnet18, width: 4, generator: a).stateDict()
        let second = ResNet(.resnet18, width: 4, generator: b).stateDict()
        for (name, tensor) in first { #expect(tensor.distance(to: second[name]!) == 0) }
    }
}
