import Foundation
import Switchback
import TestSupport
import Testing

/// Programmer's errors that a scope throws; what they say outside of one is in SafetyTests.
@Suite(.seeded()) struct ErrorScopeTests {
    private final class Head: Module {
        let fc1 = Linear(4, 8)
        let fc2 = Linear(9, 2)

        override func forward(_ x: Tensor) -> Tensor { fc2(fc1(x).relu()) }
    }

    private func error(_ body: @escaping () throws -> Void) throws -> ShapeError {
        try #require(throws: ShapeError.self) { try catchingErrors(body) }
    }

    @Test func namesTheOperationTheShapesAndTheLayer() throws {
        let model = Head()
        let error = try error { _ = model(Tensor.zeros([1, 4])) }
        #expect(error.operation == "linear")
        #expect(error.problem.contains("[1, 8]") && error.problem.contains("9"))
        #expect(error.layer == "fc2")
        #expect("\(error)" == "linear: \(error.problem) (in fc2)")
    }

    @Test func givesWhatTheBodyGives() throws {
        let model = Linear(4, 2)
        let x = Tensor.ones([3, 4])
        let y = try catchingErrors { model(x) }
        #expect(y.toArray(as: Float.self) == model(x).toArray(as: Float.self))
        y.sum().backward()
        #expect(model.weight.grad != nil)
    }

    @Test func throwsWhatTheBodyThrows() {
        struct Own: Error {}
        #expect(throws: Own.self) { try catchingErrors { throw Own() } }
    }

    @Test func leavesTheThreadAsItWas() throws {
        let model = Head()
        _ = try error { noGrad { Tensor.withBackend(ReferenceBackend.self) { _ = model(Tensor.zeros([1, 4])) } } }
        let result = model.fc1(Tensor.zeros([1, 4]))
        #expect(result.requiresGrad && result.backend == CPUBackend.self)
    }

    @Test func putsPrecisionBack() throws {
        let x = Tensor([1.001]), product = x.matmul(x).item()
        _ = try error { withPrecision(.bfloat16) { _ = Tensor.zeros([2]) + Tensor.zeros([3]) } }
        #expect(x.matmul(x).item() == product)
        #expect(withPrecision(.bfloat16) { x.matmul(x).item() } != product)
    }

    /// Winograd's algorithm rounds otherwise than direct sums.
    @Test func runsWithTheAlgorithmsThatTheThreadAllows() throws {
        let image = Tensor.randn([1, 32, 16, 16], generator: Generator(seed: 1))
        let filters = Tensor.randn([32, 32, 3, 3], generator: Generator(seed: 2))
        func bits() -> [Float] { image.conv2d(weight: filters, padding: 1).toArray() }
        let direct = Processor.withoutWinograd(bits)
        #expect(direct != bits())
        #expect(try Processor.withoutWinograd { try catchingErrors { bits() } } == direct)
    }

    /// Where the host cannot read the memory, an index that is out of range is found with the next number that it reads.
    @Test func checksThatNobodyHasReadOutliveTheScope() async {
        let outcome = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            let x = Tensor.zeros([2, 3]).to(MirrorBackend.self)
            let chosen = try catchingErrors { x.gather(dim: 1, index: Tensor([[0], [7]]).to(MirrorBackend.self)) }
            _ = chosen.sum().item()
        }
        #expect(stopped(outcome, saying: "gather: index 7 at position [1, 0] is outside dimension 1 of [2, 3]"))
    }

    @Test func runsInTheStateOfTheThread() throws {
        let generator = Generator(seed: 7)
        let inside = try Generator.withDefault(generator) { try catchingErrors { Tensor.rand([3]) } }
        #expect(inside.toArray(as: Float.self) == Tensor.rand([3], generator: Generator(seed: 7)).toArray())
        try noGrad {
            let x = Tensor([1.0], requiresGrad: true)
            let y = try catchingErrors { x * 2 }
            #expect(!y.requiresGrad)
        }
        try Tensor.withBackend(ReferenceBackend.self) {
            let zeros = try catchingErrors { Tensor.zeros([2]) }
            #expect(ObjectIdentifier(zeros.backend) == ObjectIdentifier(ReferenceBackend.self))
        }
    }

    @Test func theInnermostScopeCatches() throws {
        let sum = try catchingErrors {
            let inner = try error { _ = Tensor.zeros([2]) + Tensor.zeros([3]) }
            #expect(inner.operation == "add")
            return Tensor.ones([2]).sum().item()
        }
        #expect(sum == 2)
    }

    @Test func catchesEveryKindOfStop() throws {
        let x = Tensor.ones([2, 3], requiresGrad: true)
        let stops: [(String, () throws -> Void)] = [
            ("matmul", { _ = x.matmul(x) }),
            ("crossEntropy", { _ = x.crossEntropy(Tensor([0, 7])) }),
            ("embedding", { _ = Tensor([5]).embedding(weight: x) }),
            ("indexSelect", { _ = x.indexSelect(dim: 1, index: Tensor([3])) }),
            ("subscript", { _ = x[2] }),
            ("item", { _ = x.item() }),
            ("softmax", { _ = Tensor([1, 2]).softmax(dim: 0) }),
            ("bitwiseAnd", { _ = x.bitwiseAnd(x) }),
            ("remainder", { _ = Tensor([1]).remainder(Tensor([0])) }),
            ("add", { _ = x + x.to(ReferenceBackend.self) }),
            ("backward", { x.backward() }),
            (
                "backward",
                {
                    let y = x * 2
                    let z = y.square()
                    noGrad { y += Tensor.ones([2, 3]) }
                    z.sum().backward()
                }
            ),
            ("Dropout", { _ = Dropout(p: 2) }),
        ]
        for (operation, stop) in stops {
            let error = try error(stop)
            #expect(error.operation == operation, "\(error)")
        }
    }

    /// Checks whose outcome the host reads later belong to the scope that reads it.
    @Test func catchesWhatADeviceFindsOut() throws {
        let table = Tensor.ones([3, 2]).to(MirrorBackend.self)
        let index = Tensor([1, 4]).to(MirrorBackend.self)
        let error = try error { _ = index.embedding(weight: table).toArray(as: Float.self) }
        #expect(error.problem.contains("4"))
        // Nothing is left to be found by what is read next.
        #expect(table.sum().item() == 6)
    }

    @Test func manyThreadsAtOnce() {
        DispatchQueue.concurrentPerform(iterations: 8) { number in
            for size in 2..<40 {
                let expected = "the shapes [\(size)] and [\(size + 1)] do not broadcast to each other"
                do {
                    _ = try catchingErrors { Tensor.zeros([size]) + Tensor.zeros([size + 1]) }
                    Issue.record("no error")
                } catch {
                    #expect((error as? ShapeError)?.problem == expected)
                }
            }
        }
    }
}
