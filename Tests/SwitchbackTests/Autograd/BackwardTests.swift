import Switchback
import Testing
import TestSupport

@Suite struct BackwardTests {
    @Test func firstGradient() {
        let w = Tensor([2.0], requiresGrad: true)
        let loss = (w * Tensor([3.0]) - 10.0).pow(2)
        loss.backward()
        #expect(w.grad!.item() == -24)
    }

    @Test func gradientsAccumulateUntilForgotten() {
        let w = Tensor([3.0], requiresGrad: true)
        w.square().sum().backward()
        w.square().sum().backward()
        #expect(w.grad!.item() == 12)
        w.zeroGrad()
        #expect(w.grad == nil)
    }

    @Test func aTensorUsedSeveralTimesGetsTheSumOfItsGradients() {
        let x = Tensor([2.0, -1.0], requiresGrad: true)
        let y = x * x + x * 3 + x
        y.backward(gradient: Tensor([1.0, 10.0]))
        #expect(x.grad!.toArray() == [8, 20])
    }

    @Test func gradientsOfBroadcastOperandsAreSummedToTheirShape() {
        let row = Tensor.ones([3], requiresGrad: true)
        let column = Tensor.ones([2, 1], requiresGrad: true)
        (row * column).sum().backward()
        #expect(row.grad!.shape == [3] && row.grad!.toArray() == [2, 2, 2])
        #expect(column.grad!.shape == [2, 1] && column.grad!.toArray() == [3, 3])
    }

    @Test func twoLeavesDoNotShareTheMemoryOfOneGradient() {
        let a = Tensor([1.0, 2.0], requiresGrad: true)
        let b = Tensor([3.0, 4.0], requiresGrad: true)
        (a + b).sum().backward()
        noGrad { a.grad! *= 5 }
        #expect(b.grad!.toArray() == [1, 1])
    }

    @Test func nothingIsRecordedInsideNoGrad() {
        let x = Tensor([1.0], requiresGrad: true)
        #expect(!noGrad { x * 2 }.requiresGrad)
        #expect(noGrad { enableGrad { x * 2 } }.requiresGrad)
        #expect(!(x.detach() * 2).requiresGrad)
    }

    @Test func theGraphCanBeWalkedTwiceWhenRetained() {
        let x = Tensor([3.0], requiresGrad: true)
        let y = x.pow(3)
        y.backward(retainGraph: true)
        y.backward()
        #expect(x.grad!.item() == 54)
    }

    @Test func retainGradKeepsTheGradientOfAResult() {
        let x = Tensor([3.0], requiresGrad: true)
        let y = x * 2
        y.retainGrad()
        y.square().backward()
        #expect(y.grad!.item() == 12)
        #expect(x.grad!.item() == 24)
    }

    @Test func aHookReplacesTheGradient() {
        let x = Tensor([3.0], requiresGrad: true)
        let y = x * 2
        var seen: [Double] = []
        y.registerHook {
            seen.append($0.item())
            return $0 * 10
        }
        (y + y).backward()
        #expect(seen == [2])  // once, with the whole gradient
        #expect(x.grad!.item() == 40)
    }

    @Test func gradientsTowardATargetLeaveGradAlone() {
        let x = Tensor([2.0], requiresGrad: true)
        let other = Tensor([5.0], requiresGrad: true)
        let middle = x.square()
        let found = gradients(of: [middle * other], withRespectTo: [x, middle])
        #expect(found[0]!.item() == 20 && found[1]!.item() == 5)
        #expect(x.grad == nil && other.grad == nil)
        (x * other).backward()  // the earlier walk has left no marks
        #expect(x.grad!.item() == 5 && other.grad!.item() == 2)
    }

    @Test func anInputThatTheOutputDoesNotDependOnHasNoGradient() {
        let x = Tensor([2.0], requiresGrad: true)
        let unused = Tensor([2.0], requiresGrad: true)
        #expect(gradients(of: [x * 2], withRespectTo: [unused])[0] == nil)
    }

    @Test func gradientsOfGradients() {
        let x = Tensor([2.0], requiresGrad: true)
        let first = gradients(of: [x.pow(4)], withRespectTo: [x], createGraph: true)[0]!
        let second = gradients(of: [first], withRespectTo: [x], createGraph: true)[0]!
        let third = gradients(of: [second], withRespectTo: [x])[0]!
        #expect(first.item() == 32 && second.item() == 48 && third.item() == 48)
    }

    /// Batch normalization leaves its gradient in the memory of the one that it is given, but only where nobody else
    /// sees that one.
    @Test func gradientsThatOthersSeeStay() {
        let generator = Generator(seed: 7)
        let values = Tensor.randn([4, 18, 6, 5], generator: generator).channelsLast()
        let upstream = Tensor.randn([4, 18, 6, 5], generator: generator).channelsLast()
        let kept = upstream.toArray()
        func gradient(_ run: (_ x: Tensor, _ y: Tensor) -> Void) -> [Float] {
            let x = values.clone()
            x.requiresGrad = true
            run(x, x.batchNorm(training: true, activation: .silu))
            return x.grad!.toArray()
        }
        let addend = values.clone()
        addend.requiresGrad = true
        let shared = gradient { _, y in
            y.retainGrad()
            (y + addend).backward(gradient: upstream)
            #expect(y.grad!.toArray() == kept)
        }
        #expect(upstream.toArray() == kept)
        #expect(addend.grad!.toArray() == kept)
        let own = gradient { _, y in (y * 2).backward(gradient: upstream * 0.5) }
        #expect(own == shared)
        let twice = gradient { _, y in
            let loss = (y * upstream).sum()
            loss.backward(retainGraph: true)
            loss.backward()
        }
        #expect(twice == shared.map { 2 * $0 })
    }
}

/// The engine's promises on memory.
@Suite(.serialized) struct GraphMemoryTests {
    @Test func aChainOfAMillionOperationsIsWalkedAndReleased() {
        let x = Tensor([1.0], requiresGrad: true)
        var y = x
        for _ in 0..<1_000_000 { y = y + 1 }
        y.backward()
        #expect(x.grad!.item() == 1)
    }

    @Test func aChainThatIsNeverWalkedIsReleasedToo() {
        let x = Tensor([1.0], requiresGrad: true)
        var y = x
        for _ in 0..<1_000_000 { y = y * 1.0 }
        #expect(y.item() == 1)
    }
}
