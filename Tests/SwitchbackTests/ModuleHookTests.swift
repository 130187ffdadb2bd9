import Switchback
import TestSupport
import Testing

@Suite(.seeded()) struct ModuleHookTests {
    @Test func hooksBeforeAModuleChangeItsInput() {
        let layer = ReLU()
        let id = layer.registerForwardPreHook { _, input in input - 3 }
        #expect(layer(Tensor([1.0, 5])).toArray() == [0, 2])
        layer.removeHook(id)
        #expect(layer(Tensor([1.0, 5])).toArray() == [1, 5])
    }

    @Test func hooksBehindSeeBothGradients() {
        let layer = ReLU()
        var seen: (input: [Float], output: [Float]) = ([], [])
        layer.registerBackwardHook { _, ofInput, ofOutput in
            seen = (ofInput!.toArray(), ofOutput.toArray())
            return ofInput! * 10
        }
        let x = Tensor([1.0, -5], requiresGrad: true)
        (layer(x) * 2 + x).sum().backward()
        // What reaches x on another way is not the module's.
        #expect(seen.input == [2, 0] && seen.output == [2, 2])
        #expect(x.grad!.toArray() == [21, 1])
    }

    @Test func hooksBehindRunWithoutAGradientOfTheInput() {
        let layer = Linear(2, 1)
        var ran = false
        layer.registerBackwardHook { _, ofInput, ofOutput in
            ran = ofInput == nil && ofOutput.toArray() == [1]
            return nil
        }
        layer(Tensor([1.0, 2])).sum().backward()
        #expect(ran && layer.weight.grad != nil)
        #expect(noGrad { layer(Tensor([1.0, 2])).requiresGrad } == false)
    }

    @Test func lossesAreLayers() {
        let (x, y) = (Tensor([0.2, 0.9]), Tensor([0.0, 1]))
        #expect(
            MSELoss()(x, y).equal(x.mseLoss(y)) && L1Loss(reduction: .sum)(x, y).equal(x.l1Loss(y, reduction: .sum)))
        #expect(BCELoss()(x, y).equal(x.binaryCrossEntropy(y)))
        #expect(
            BCEWithLogitsLoss(posWeight: Tensor([2.0, 3]))(x, y)
                .equal(x.binaryCrossEntropyWithLogits(y, posWeight: Tensor([2.0, 3]))))
        #expect(HuberLoss(delta: 0.1)(x, y).equal(x.huberLoss(y, delta: 0.1)))
        let (logits, classes) = (Tensor([[0.2, 0.9, -1]]), Tensor([2]))
        let loss = CrossEntropyLoss(weight: Tensor([1.0, 2, 3]), labelSmoothing: 0.1)
        #expect(
            loss(logits, classes).equal(
                logits.crossEntropy(classes, weight: Tensor([1.0, 2, 3]), labelSmoothing: 0.1)))
        #expect(loss.stateDict().keys.contains("weight"))
        #expect(NLLLoss()(logits.logSoftmax(dim: 1), classes).allClose(CrossEntropyLoss()(logits, classes)))
        let variance = Tensor([0.5, 2])
        #expect(GaussianNLLLoss()(x, y, variance: variance).equal(x.gaussianNLLLoss(y, variance: variance)))
        #expect(TripletMarginLoss()(anchor: x, positive: y, negative: x).item() > 0)
    }
}
