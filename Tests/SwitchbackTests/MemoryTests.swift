import Switchback
import Testing

#if compiler(>=6.2)
/// What the allocator keeps and refuses; in processes of their own, where no other test allocates.
@Suite struct MemoryTests {
    /// The first step ends by making the optimizer's state, which takes blocks that the second step has to replace.
    @Test func trainingAsksForNoMemoryOnceTheOptimizerHasItsState() async {
        await #expect(processExitsWith: .success) {
            let model = Sequential(
                Conv2d(3, 16, kernelSize: 3, padding: 1), BatchNorm2d(16), ReLU(),
                Conv2d(16, 24, kernelSize: 3, stride: 2, padding: 1), BatchNorm2d(24), ReLU(),
                AdaptiveAvgPool2d(1), Flatten(), Linear(24, 10))
            let optimizer = SGD(model.parameters, learningRate: 0.1, momentum: 0.9)
            let (images, labels) = (Tensor.randn([8, 3, 32, 32]), Tensor.randint(0..<10, [8]))
            func step() {
                optimizer.zeroGrad()
                model(images).crossEntropy(labels).backward()
                optimizer.step()
            }
            for _ in 0..<2 { step() }
            let (requests, live) = (Memory.systemRequests, Memory.live)
            for _ in 0..<5 { step() }
            #expect(Memory.systemRequests == requests)
            #expect(Memory.live == live)
        }
    }

    @Test func cachedMemoryMakesWayUnderTheLimit() async {
        await #expect(processExitsWith: .success) {
            let start = Memory.live + Memory.cached
            let limit = start + 12_000_000
            Memory.limit = limit
            for size in 1...20 {
                _ = Tensor.zeros([size * 100_000])
                #expect(Memory.live + Memory.cached <= limit)
            }
            Memory.limit = nil
            #expect(Memory.limit == nil)
            _ = Tensor.zeros([8_000_000])
        }
    }

    /// The C library, which has blocks of some KiB, gives nothing back by itself from below one that is in use.
    @Test func trimmedMemoryGoesBackToTheSystem() async {
        await #expect(processExitsWith: .success) {
            var tensors = (0..<20_000).map { _ in Tensor.zeros([2_000]) }
            let inUse = tensors.removeLast()
            let before = try #require(Memory.resident)
            tensors = []
            Memory.trim()
            #expect(try before - #require(Memory.resident) > 150_000_000)
            #expect(inUse.shape == [2_000])
        }
    }

    @Test func aTensorBeyondTheLimitStopsTheProgram() async {
        await #expect(processExitsWith: .failure) {
            Memory.limit = Memory.live + 1_000_000
            _ = Tensor.zeros([1_000_000])
        }
    }
}
#endif
