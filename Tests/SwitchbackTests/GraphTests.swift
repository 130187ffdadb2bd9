import Switchback
import TestSupport
import Testing

/// Long graphs, and what remains of them.
@Suite(.seeded()) struct GraphTests {
    @Test func aMillionOperationsBackward() {
        let x = Tensor([1.0], requiresGrad: true)
        var y = x
        for _ in 0..<1_000_000 { y = y + 1 }
        #expect(y.item() == 1_000_001)
        y.backward()
        #expect(x.grad!.item() == 1)
    }

    @Test func aMillionOperationsReleasedUnwalked() {
        let x = Tensor([1.0], requiresGrad: true)
        var y = x * 1
        for _ in 0..<1_000_000 { y = y * x }
        y = x
        #expect(y.grad == nil)
    }

    #if compiler(>=6.2)
    @Test func memoryReturnsToItsStartAfterEachStep() async {
        // In a process of its own, where no other test allocates.
        await #expect(processExitsWith: .success) {
            let w = Tensor.randn([64, 64], requiresGrad: true)
            let x = Tensor.randn([64, 64])
            func step() {
                let loss = (w * x - 1).square().sigmoid().sum(dim: 0).logSumExp()
                loss.backward()
                w.grad = nil
            }
            step()
            let start = Memory.live
            for _ in 0..<10 {
                step()
                #expect(Memory.live == start)
            }
            let requests = Memory.systemRequests
            step()
            #expect(Memory.systemRequests == requests, "a later step asks the system for no memory")
        }
    }

    @Test func unwalkedGraphsAreFreed() async {
        await #expect(processExitsWith: .success) {
            let w = Tensor.randn([64, 64], requiresGrad: true)
            let start = Memory.live
            for _ in 0..<10 { _ = (w * 2).exp().relu().tanh().sum() }
            #expect(Memory.live == start)
        }
    }
    #endif
}
