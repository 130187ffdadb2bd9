import Switchback
import TestSupport
import Testing

/// Work on another thread in turns with this one, as if it were this one's.
struct CoroutineTests {
    @Test func takesTurns() throws {
        let (turns, box) = (Turns(), Box())
        let coroutine = Coroutine(isObserved: false) {
            turns.list.append("first")
            box.coroutine?.pause()
            turns.list.append("second")
        }
        box.coroutine = coroutine
        try coroutine.resume()
        #expect(turns.list == ["first"] && !coroutine.isDone)
        try coroutine.resume()
        #expect(turns.list == ["first", "second"] && coroutine.isDone)
    }

    @Test func anErrorIsThrownWhereAScopeCatchesErrors() throws {
        let error = try #require(throws: ShapeError.self) {
            try catchingErrors {
                let coroutine = Coroutine(isObserved: false) { _ = Tensor.zeros([2]) + Tensor.zeros([3]) }
                try coroutine.resume()
            }
        }
        #expect(error.operation == "add")
    }

    @Test func theScopeLivesOnAfterAnError() throws {
        let sum = try catchingErrors {
            let coroutine = Coroutine(isObserved: false) { _ = Tensor.zeros([2]) + Tensor.zeros([3]) }
            #expect(throws: ShapeError.self) { try coroutine.resume() }
            #expect(coroutine.isDone)
            return Tensor.ones([2]).sum().item()
        }
        #expect(sum == 2)
    }

    @Test func withoutAScopeAnErrorEndsTheProgram() async {
        let outcome = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            try Coroutine(isObserved: false) { _ = Tensor.zeros([2]) + Tensor.zeros([3]) }.resume()
        }
        #expect(stopped(outcome, saying: "add: the shapes [2] and [3] do not broadcast to each other"))
    }

    @Test func worksInTheStateOfItsMaker() throws {
        let state = Generator(seed: 7)
        let turns = Turns()
        let bfloat = withPrecision(.bfloat16) { Tensor([1.001]).matmul(Tensor([1.001])).item() }
        try Generator.withDefault(state) {
            try noGrad {
                try withPrecision(.bfloat16) {
                    try Coroutine(isObserved: false) {
                        let x = Tensor([1.001], requiresGrad: true)
                        turns.tensors = [Tensor.rand([3]), x.matmul(x)]
                    }.resume()
                }
            }
        }
        #expect(turns.tensors[0].toArray() == Tensor.rand([3], generator: Generator(seed: 7)).toArray(as: Float.self))
        #expect(!turns.tensors[1].requiresGrad && turns.tensors[1].item() == bfloat)
    }

    /// Where the host cannot read the memory, an index that is out of range is found with the next number that it reads.
    @Test func checksThatNobodyHasReadAreTheMakers() async {
        let outcome = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let turns = Turns()
            let x = Tensor.zeros([2, 3]).to(MirrorBackend.self)
            try Coroutine(isObserved: false) {
                turns.tensors = [x.gather(dim: 1, index: Tensor([[0], [7]]).to(MirrorBackend.self))]
            }.resume()
            _ = turns.tensors[0].sum().item()
        }
        #expect(stopped(outcome, saying: "gather: index 7 at position [1, 0] is outside dimension 1 of [2, 3]"))
    }
}

/// What the two threads hand each other, of which one runs at a time.
private final class Turns: @unchecked Sendable {
    var list: [String] = []
    var tensors: [Tensor] = []
}

private final class Box: @unchecked Sendable { var coroutine: Coroutine? }
