import Switchback
import SwitchbackVision
import TestSupport
import Testing

@Suite(.seeded()) struct ExplainTests {
    /// Class 0 is what is bright on the left, class 1 what is bright on the right.
    private final class Sides: Module {
        let features = Conv2d(1, 2, kernelSize: 1, bias: false)
        let head = Linear(2 * 4 * 4, 2, bias: false)

        override init() {
            super.init()
            noGrad {
                features.weight.copy(from: Tensor.ones([2, 1, 1, 1]))
                var weights = [Float](repeating: 0, count: 2 * 32)
                for row in 0..<8 {
                    for column in 0..<4 { weights[(column < 2 ? 0 : 32) + row * 4 + column] = 1 }
                }
                head.weight.copy(from: Tensor(weights, shape: [2, 32]))
            }
        }

        override func forward(_ x: Tensor) -> Tensor { head(features(x).flatten(start: 1)) }
    }

    /// [N, 1, 4, 4], bright in one column.
    private func images(columns: [Int]) -> Tensor {
        let pixels = columns.flatMap { bright in (0..<16).map { Float($0 % 4 == bright ? 1 : 0) } }
        return Tensor(pixels, shape: [columns.count, 1, 4, 4])
    }

    @Test func saliencyIsTheGradientsMagnitude() {
        let maps = Explain.saliency(Sides(), images: images(columns: [0, 3]))
        #expect(maps.shape == [2, 4, 4])
        let values = maps.toArray(as: Float.self)
        #expect(values.prefix(4).elementsEqual([1, 1, 0, 0]) && values[16..<20].elementsEqual([0, 0, 1, 1]))
        let other = Explain.saliency(Sides(), images: images(columns: [0]), classes: [1]).toArray(as: Float.self)
        #expect(other.prefix(4).elementsEqual([0, 0, 1, 1]))
    }

    @Test func gradCAMIsBrightWhereTheFeaturesAre() {
        let model = Sides()
        let maps = Explain.gradCAM(model, at: model.features, images: images(columns: [0, 3]))
        #expect(maps.shape == [2, 4, 4])
        let values = maps.toArray(as: Float.self)
        #expect(values.prefix(4).elementsEqual([1, 0, 0, 0]) && values[16..<20].elementsEqual([0, 0, 0, 1]))
    }

    @Test func theModelKeepsItsModeAndGradients() {
        let model = ResNet(.resnet18, classes: 3, stem: .cifar, width: 4)
        model.bn1.eval()
        let map = Explain.gradCAM(model, at: model.layer3, images: Tensor.randn([2, 3, 16, 16]))
        #expect(map.shape == [2, 16, 16])
        #expect(map.amax(dim: 2).amax(dim: 1).toArray(as: Float.self).allSatisfy { $0 == 0 || $0 == 1 })
        #expect(model.isTraining && !model.bn1.isTraining && model.layer1[0].isTraining)
        #expect(model.parameters.allSatisfy { $0.grad == nil })
    }
}

@Suite(.seeded()) struct ClassifierExplanationTests {
    @Test(
        arguments: ClassifierKind.allCases.filter { $0 == .mlp || $0 == .cnn || $0 == .mobilenetV2 || $0 == .yolo11n })
    func imagesAreExplained(_ kind: ClassifierKind) throws {
        let configuration = Classifier.Configuration(
            model: kind, classNames: ["a", "b"], inputShape: [1, 40, 32],
            normalization: Normalization(of: Tensor.rand([4, 1, 40, 32])))
        let classifier = try Classifier(configuration)
        let inputs = (Tensor.rand([3, 1, 40, 32]) * 255).to(.uint8)
        let explanations = try classifier.explain(inputs)
        #expect(explanations.count == 3)
        for explanation in explanations {
            #expect(explanation.saliency.shape == [40, 32] && explanation.saliency.max().item() == 1)
            #expect((explanation.features == nil) == (kind == .mlp))
            #expect(explanation.image.height == 40)
        }
        let figure = explanations.figure()
        #expect(figure.tiles.count == (kind == .mlp ? 6 : 9))
        #expect(throws: InputError.self) { try classifier.explain(Tensor.zeros([2, 3])) }
    }
}
