import Switchback
import TestSupport
import Testing

@Suite(.seeded()) struct ProfilerTests {
    private final class Net: Module {
        let conv = Conv2d(3, 8, kernelSize: 3, padding: 1)
        let head = Sequential(Flatten(), Linear(8 * 16 * 16, 10))

        override func forward(_ x: Tensor) -> Tensor { head(conv(x).relu()) }
    }

    /// Three training steps.
    private func record(_ model: Net) -> Profile {
        let images = Tensor.randn([4, 3, 16, 16])
        let labels = Tensor.randint(0..<10, [4])
        let optimizer = SGD(model.parameters, learningRate: 0.01)
        return Profiler.record {
            for _ in 0..<3 {
                optimizer.zeroGrad()
                model(images).crossEntropy(labels).backward()
                optimizer.step()
            }
        }
    }

    private func cost(_ profile: Profile, _ operation: String, _ phase: Profile.Phase) -> Profile.Cost? {
        profile.byOperation.first { $0.operation == operation && $0.phase == phase }?.cost
    }

    @Test func callsBytesAndOperationsAreCounted() throws {
        let profile = record(Net())
        let forward = try #require(cost(profile, "conv2d", .forward))
        #expect(forward.calls == 3)
        // Each of 4·8·16·16 outputs takes 3·3·3 multiplications and additions.
        #expect(forward.operations == 3 * 2 * 4 * 8 * 256 * 27)
        // Image, weight, bias and output, of 4 bytes an element.
        #expect(forward.bytes == 3 * 4 * (4 * 3 * 256 + 8 * 27 + 8 + 4 * 8 * 256))
        // The images want no gradient: one product of the two.
        let backward = try #require(cost(profile, "conv2d", .backward))
        #expect(backward.calls == 3 && backward.operations == forward.operations)
        let linear = try #require(cost(profile, "linear", .forward))
        #expect(linear.operations == 3 * 2 * 4 * 2048 * 10)
        #expect(try #require(cost(profile, "linear", .backward)).operations == 2 * linear.operations)
        #expect(cost(profile, "SGD step", .optimizer)?.calls == 3)
        #expect(forward.gigaflops ?? 0 > 0 && forward.bandwidth > 0)
        // What needs no kernel takes no bytes.
        #expect(cost(profile, "relu", .forward)?.operations == 0)
    }

    @Test func timesAddUpToLessThanTheWhole() {
        let profile = record(Net())
        #expect(profile.secondsInOperations > 0 && profile.secondsInOperations <= profile.seconds)
        #expect(profile.events.allSatisfy { $0.start >= 0 && $0.start + $0.seconds <= profile.seconds })
        #expect(profile.omittedEvents == 0)
    }

    @Test func modulesHaveTheirPaths() throws {
        let profile = record(Net())
        let modules = Dictionary(uniqueKeysWithValues: profile.byModule.map { ($0.module, ($0.forward, $0.backward)) })
        #expect(Set(modules.keys).isSuperset(of: ["conv", "head.1", "Net"]))
        #expect(modules["conv"]?.0.calls == 3 && modules["conv"]?.1.calls == 3)
        #expect(modules["Net"]?.1.calls == 3)  // relu's gradient
        #expect(profile.entries.contains { $0.module == "head.1" && $0.phase == .backward })
        #expect(profile.events.contains { $0.kind == .module && $0.module == "head.0" })
    }

    @Test func nothingIsRecordedOutside() {
        let model = Net()
        let x = Tensor.randn([2, 3, 16, 16])
        _ = model(x)
        let profile = Profiler.record {}
        #expect(profile.entries.isEmpty && profile.events.isEmpty)
        _ = model(x)
        #expect(profile.byOperation.isEmpty)
    }

    @Test func aRecordingDoesNotChangeResults() {
        let (a, b) = (Net(), Net())
        for (p, q) in zip(a.parameters, b.parameters) { noGrad { q.copy(from: p) } }
        let x = Tensor.randn([2, 3, 16, 16])
        var recorded: Tensor?
        _ = Profiler.record { recorded = a(x) }
        #expect((recorded! - b(x)).abs().max().item() == 0)
    }

    @Test func aRecordingEndsWithAnError() {
        struct Stop: Error {}
        #expect(throws: Stop.self) { _ = try Profiler.record { throw Stop() } }
        #expect(Profiler.record { _ = Tensor.ones([2]).exp() }.byOperation.map(\.operation) == ["exp"])
    }

    @Test func tablesFitAndAreSorted() {
        let text = record(Net()).description
        #expect(text.split(separator: "\n").allSatisfy { $0.count <= 100 })
        #expect(text.contains("conv2d") && text.contains("backward") && text.contains("GFLOP/s"))
        let times = record(Net()).byOperation.map(\.cost.seconds)
        #expect(times == times.sorted(by: >))
        #expect(record(Net()).table(limit: 2).contains("… and"))
    }

    /// Operations are called as the user typed them.
    @Test func operationsHaveTheNamesOfTheirFunctions() {
        let images = Tensor.randn([2, 4, 6, 6])
        let (weight, heads) = (Tensor.ones([4]), Tensor.randn([1, 2, 3, 4]))
        let profile = Profiler.record {
            _ = images.batchNorm(weight: weight, bias: weight, training: true)
            _ = images.groupNorm(groups: 2)
            _ = images.maxPool2d(kernelSize: 2)
            _ = images.avgPool2d(kernelSize: 2)
            _ = images.adaptiveAvgPool2d(outputSize: 2)
            _ = images.logSoftmax(dim: 1)
            _ = Tensor.scaledDotProductAttention(heads, heads, heads)
        }
        let names = Set(profile.byOperation.map(\.operation))
        let typed: Set = [
            "batchNorm", "maxPool2d", "avgPool2d", "adaptiveAvgPool2d", "logSoftmax", "scaledDotProductAttention",
        ]
        #expect(names.isSuperset(of: typed), "\(typed.subtracting(names))")
        #expect(!names.contains { $0.contains("_") }, "\(names)")
        let attention = profile.byOperation.first { $0.operation == "scaledDotProductAttention" }?.cost.operations
        #expect(attention == Double(2 * 2 * 2 * 3 * 3 * 4))
    }
}
