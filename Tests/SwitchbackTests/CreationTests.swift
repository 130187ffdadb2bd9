import Switchback
import TestSupport
import Testing

@Suite(.seeded()) struct CreationTests {
    @Test func ranges() {
        #expect(Tensor.arange(5).toArray(as: Int.self) == [0, 1, 2, 3, 4] && Tensor.arange(5).dtype == .int64)
        #expect(Tensor.arange(1.0, 2.0, step: 0.25).toArray() == [1, 1.25, 1.5, 1.75])
        #expect(Tensor.arange(3, 0, step: -1).toArray(as: Int.self) == [3, 2, 1])
        #expect(Tensor.arange(2.0).dtype == .float32 && Tensor.arange(0).shape == [0])
        #expect(Tensor.linspace(0, 1, 5).toArray() == [0, 0.25, 0.5, 0.75, 1])
        #expect(Tensor.linspace(3, 4, 1).toArray() == [3] && Tensor.linspace(0, 1, 0).shape == [0])
        #expect(Tensor.logspace(0, 3, 4).allClose(Tensor([1.0, 10, 100, 1000])))
        #expect(Tensor.eye(2, 3).toArray() == [1, 0, 0, 0, 1, 0] && Tensor.eye(0).shape == [0, 0])
    }

    @Test func likeAnother() {
        let x = Tensor.zeros([2, 3], dtype: .float64).transpose(0, 1)
        #expect(x.onesLike().shape == [3, 2] && x.onesLike().dtype == .float64)
        #expect(x.fullLike(2.5).sum().item() == 15 && x.zerosLike(dtype: .int32).dtype == .int32)
        #expect(x.randLike().strides == x.strides && x.randnLike().dtype == .float64)
    }

    @Test func seedsDecide() {
        let (a, b) = (Generator(seed: 7), Generator(seed: 7))
        let first = Tensor.randn([100], generator: a)
        #expect(first.equal(Tensor.randn([100], generator: b)))
        #expect(!first.equal(Tensor.randn([100], generator: a)))
        let state = a.state
        let next = Tensor.rand([5], generator: a)
        a.state = state
        #expect(next.equal(Tensor.rand([5], generator: a)))
        #expect(Generator(state: state).state == state)
    }

    @Test func bothBackendsDrawTheSame() {
        for dtype in [DType.float32, .float64, .float16, .bfloat16] {
            let fast = Tensor.rand([3, 70], dtype: dtype, generator: Generator(seed: 3))
            let naive = Tensor.withBackend(ReferenceBackend.self) {
                Tensor.rand([3, 70], dtype: dtype, generator: Generator(seed: 3))
            }
            #expect(fast.toArray(as: Double.self) == naive.toArray(as: Double.self), "\(dtype)")
        }
        let fast = Tensor.randn([333], generator: Generator(seed: 4))
        let naive = Tensor.withBackend(ReferenceBackend.self) { Tensor.randn([333], generator: Generator(seed: 4)) }
        let distance = zip(fast.toArray(as: Double.self), naive.toArray(as: Double.self)).map { abs($0 - $1) }.max()!
        #expect(distance < 1e-5)
        let integers = Tensor.randint(-5..<9, [333], generator: Generator(seed: 5))
        let others = Tensor.withBackend(ReferenceBackend.self) {
            Tensor.randint(-5..<9, [333], generator: Generator(seed: 5))
        }
        #expect(integers.toArray(as: Int.self) == others.toArray(as: Int.self))
    }

    @Test func distributions() {
        let generator = Generator(seed: 11)
        let uniform = Tensor.rand([100_000], generator: generator)
        #expect(abs(uniform.mean().item() - 0.5) < 0.01 && uniform.min().item() >= 0 && uniform.max().item() < 1)
        let normal = Tensor.randn([100_000], generator: generator)
        #expect(abs(normal.mean().item()) < 0.02 && abs(normal.std().item() - 1) < 0.02)
        let dice = Tensor.randint(1..<7, [60_000], generator: generator)
        #expect(dice.min().item() == 1 && dice.max().item() == 6 && abs(dice.mean().item() - 3.5) < 0.05)
        let coins = Tensor.bernoulli([100_000], probability: 0.3, generator: generator)
        #expect(abs(coins.mean().item() - 0.3) < 0.01)
        #expect(Tensor([0.0, 1]).bernoulli(generator: generator).toArray() == [0, 1])
    }

    @Test func permutationsHoldEachNumberOnce() {
        let order = Tensor.randperm(1000, generator: Generator(seed: 2)).toArray(as: Int.self)
        #expect(order.sorted() == Array(0..<1000) && order != Array(0..<1000))
        #expect(Tensor.randperm(0).shape == [0])
    }

    @Test func multinomialFollowsTheWeights() {
        let generator = Generator(seed: 1)
        let weights = Tensor([[0.0, 3, 1], [1, 0, 0]])
        let drawn = weights.multinomial(10_000, replacement: true, generator: generator)
        #expect(drawn.shape == [2, 10_000] && drawn.min().item() == 0)
        #expect(abs((drawn.select(dim: 0, index: 0) .== 1).to(.float32).mean().item() - 0.75) < 0.02)
        #expect(drawn.select(dim: 0, index: 1).max().item() == 0)
        let once = Tensor([1.0, 2, 0, 4]).multinomial(3, generator: generator).toArray(as: Int.self)
        #expect(once.sorted() == [0, 1, 3])
    }

    @Test func nestedArraysAndReading() {
        let x = Tensor([[1, 2], [3, 4]])
        #expect(x.shape == [2, 2] && x.dtype == .int64 && x.toArray(as: Double.self) == [1, 2, 3, 4])
        #expect(Tensor([2.7, -2.7]).toArray(as: Int.self) == [2, -2])
        #expect(Tensor([true, false]).toArray(as: Float.self) == [1, 0])
        #expect(Tensor([1.5], dtype: .bfloat16).item() == 1.5 && Tensor(3).item(as: Int.self) == 3)
    }
}
