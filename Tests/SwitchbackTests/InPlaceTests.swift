import Switchback
import Testing

struct InPlaceTests {
    @Test func operatorsChangeTheTensorAndItsViews() {
        let x = Tensor([1.0, 2, 3, 4])
        let view = x.narrow(dim: 0, start: 1, length: 2)
        x += 1
        #expect(view.toArray() == [3, 4])
        view *= Tensor([10.0])
        #expect(x.toArray() == [2, 30, 40, 5])
        x -= x
        #expect(x.toArray() == [0, 0, 0, 0])
        let square = Tensor([[1.0, 2], [3, 4]])
        square += square.transpose(0, 1)
        #expect(square.toArray() == [2, 5, 5, 8])
    }

    @Test func typesAreKept() {
        let ints = Tensor([7, 8])
        ints += 1
        ints *= Tensor([2, 3], dtype: .int32)
        #expect(ints.dtype == .int64 && ints.toArray(as: Int.self) == [16, 27])
        let halves = Tensor([1.0], dtype: .float16)
        halves += Tensor([0.5], dtype: .float64)
        #expect(halves.dtype == .float16 && halves.item() == 1.5)
    }

    @Test func gradientsFlowThroughChanges() {
        let (a, b) = (Tensor([2.0], requiresGrad: true), Tensor([3.0], requiresGrad: true))
        let x = a * 1
        x *= b
        x += a
        x /= b
        x -= 1
        #expect(abs(x.item() - 5.0 / 3) < 1e-6)
        x.backward()
        #expect(abs(a.grad!.item() - 4.0 / 3) < 1e-6)
        #expect(abs(b.grad!.item() + 2.0 / 9) < 1e-6)
    }

    @Test func fillingEndsTheGradient() {
        let a = Tensor([2.0, 3], requiresGrad: true)
        let x = a * 2
        x.fill(7)
        (x + a).sum().backward()
        #expect(x.toArray() == [7, 7] && a.grad!.toArray() == [1, 1])
        let y = Tensor.zeros([2, 2])
        y.copy(from: a)
        y.sum().backward()
        #expect(a.grad!.toArray() == [3, 3])
        y.zero()
        #expect(y.toArray() == [0, 0, 0, 0])
    }

    @Test func leavesChangeInsideNoGrad() {
        let w = Tensor([1.0], requiresGrad: true)
        noGrad { w -= 0.5 }
        #expect(w.item() == 0.5 && w.isLeaf && w.requiresGrad)
        (w * 2).backward()
        #expect(w.grad!.item() == 2)
        noGrad {
            w.fillUniform(low: 3, high: 4)
            #expect((3..<4).contains(w.item()))
            w.fillNormal(mean: 100, standardDeviation: 0.1)
            #expect((90..<110).contains(w.item()))
        }
    }

    #if compiler(>=6.2)
    @Test func leavesDoNotChangeWhileRecording() async throws {
        let exit = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let w = Tensor([1.0], requiresGrad: true)
            w += 1
        }
        #expect(String(decoding: exit.standardErrorContent, as: UTF8.self).contains("only inside noGrad"))
    }

    @Test func changedSavedTensorsAreFound() async throws {
        let exit = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let w = Tensor([1.0], requiresGrad: true)
            let x = w * 2
            let y = x.square()
            x += 1
            y.backward()
        }
        let message = String(decoding: exit.standardErrorContent, as: UTF8.self)
        #expect(message.contains("square saved") && message.contains("+="))
    }

    @Test func valuesThatDoNotFitAreRefused() async throws {
        let exit = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let x = Tensor([1, 2])
            x += 0.5
        }
        #expect(String(decoding: exit.standardErrorContent, as: UTF8.self).contains("0.5 does not fit"))
    }
    #endif
}
