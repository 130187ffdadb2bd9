import Switchback
import Testing

/// Views, joining, padding: what the fixtures of PyTorch leave out.
@Suite struct ShapingTests {
    private let x = Tensor.arange(12, dtype: .float32).reshape(3, 4)

    @Test func viewsShareMemory() {
        let x = x.clone()
        x.mT[1] = 0
        x.reshape(2, 6)[1, -1] = 7
        #expect(x.equal(Tensor([[0, 0, 2, 3], [4, 0, 6, 7], [8, 0, 10, 7]])))
    }

    @Test func reshapeCopiesOnlyWhereItMust() {
        #expect(x.reshape(-1).strides == [1])
        #expect(x.mT.reshape(2, 2, 3).equal(Tensor([[[0, 4, 8], [1, 5, 9]], [[2, 6, 10], [3, 7, 11]]])))
        #expect(x.mT.reshape(2, 2, 3).strides == [2, 1, 4])
        #expect(x.mT.reshape(12).isContiguous)
        #expect(Tensor.zeros([0, 3]).reshape(3, 0, 5).shape == [3, 0, 5])
        #expect(Tensor(3.0).reshape(1, 1).reshape([]).item() == 3)
    }

    @Test func negativeDimensionsCountFromTheEnd() {
        #expect(x.unsqueeze(-1).shape == [3, 4, 1])
        #expect(x.unsqueeze(-3).shape == [1, 3, 4])
        #expect(x.unsqueeze(0).unsqueeze(-1).squeeze().shape == [3, 4])
        #expect(x.unsqueeze(0).squeeze(-1).shape == [1, 3, 4])
        #expect(x.flatten(start: -1).shape == [3, 4])
        #expect(x.movedim(-1, 0).shape == [4, 3])
        #expect(x.unflatten(-1, [2, -1]).shape == [3, 2, 2])
        #expect(x.expand(to: 2, -1, -1).strides == [0, 4, 1])
    }

    @Test func tensorsWithoutDimensions() {
        let number = Tensor(3.0)
        #expect(number.flatten().shape == [1])
        #expect(number.T.shape == [])
        #expect(number.unsqueeze(0).squeeze(0).shape == [])
        #expect(number.expand(to: 2, 2).toArray() == [3, 3, 3, 3])
        #expect(Tensor.stack([number, number]).shape == [2])
        #expect(number.flip([0]).item() == 3)
        #expect(number.roll(1).item() == 3)
    }

    @Test func parts() {
        #expect(x.diagonal(offset: -1).toArray() == [4, 9])
        #expect(x.diagonal(offset: 7).shape == [0])
        #expect(x.unfold(dim: 1, size: 2, step: 1)[0].equal(Tensor([[0, 1], [1, 2], [2, 3]])))
        #expect(x.chunk(3, dim: 1).map { $0.shape[1] } == [2, 2])
        #expect(x.tensorSplit(3, dim: 1).map { $0.shape[1] } == [2, 1, 1])
        #expect(x.split(3).map { $0.shape } == [[3, 4]])
        #expect(Tensor.zeros([0, 2]).split(3).map { $0.shape } == [[0, 2]])
    }

    /// Small arrays, those that are turned in squares of a register's width with what is left over, and the largest,
    /// whose results go past the caches.
    @Test(arguments: [
        [3, 5], [16, 16], [17, 33], [5, 70], [100, 64], [2, 37, 41], [3, 16, 9, 7], [2, 64, 33, 31], [2, 64, 192, 192],
    ])
    func transposesCopyEveryElement(shape: [Int]) {
        for dtype in [DType.float32, .int32, .bfloat16] {
            let count = shape.reduce(1, *)
            // Of 16-bit floats only small integers are exact.
            let modulus = dtype == .bfloat16 ? 251 : count
            let x = Tensor((0..<count).map { Double($0 % modulus) }, shape: Shape(shape), dtype: dtype)
            let last = shape.count - 1
            for order in [Array((0...last).reversed()), [0] + Array((1...last).reversed()), [last] + Array(0..<last)] {
                let turned = x.permute(Shape(order))
                let copied = turned.contiguous().toArray(as: Int.self)
                let strides = order.map { x.strides[$0] }
                #expect(copied == Self.walk(turned.shape, strides).map { $0 % modulus })
            }
        }
    }

    /// The places of all elements, row by row.
    private static func walk(_ shape: Shape, _ strides: [Int]) -> [Int] {
        zip(shape, strides).reduce([0]) { places, dimension in
            places.flatMap { place in (0..<dimension.0).map { place + $0 * dimension.1 } }
        }
    }

    @Test func channelsLastIsInvisible() {
        let image = Tensor.arange(24, dtype: .float32).reshape(1, 2, 3, 4)
        let last = image.channelsLast()
        #expect(last.isChannelsLast && !image.isChannelsLast && last.equal(image))
        #expect(last.strides == [24, 1, 8, 2])
        #expect(last.contiguous().isContiguous)
        #expect(last.pad([1, 1]).isChannelsLast && last.pad([1, 1]).equal(image.pad([1, 1])))
        #expect(Tensor.cat([last, last], dim: 1).isChannelsLast)
    }

    @Test func viewsOfChannelsKeepTheOrder() {
        let last = Tensor.arange(48, dtype: .float32).reshape(1, 4, 3, 4).channelsLast()
        let halves = last.chunk(2, dim: 1)
        #expect(halves[1].memoryOrder == .channelsLast && !halves[1].isChannelsLast)
        #expect(Tensor.cat(halves, dim: 1).isChannelsLast && Tensor.cat(halves, dim: 1).equal(last))
        #expect(last.contiguous().narrow(dim: 1, start: 1, length: 2).memoryOrder == .rowMajor)
    }

    @Test func joining() {
        #expect(Tensor.cat([x, x.to(.float64)]).dtype == .float64)
        #expect(Tensor.cat([Tensor([1, 2]), Tensor([true])]).toArray(as: Int.self) == [1, 2, 1])
        #expect(Tensor.cat([Tensor.zeros([0]), x]).shape == [3, 4])
        #expect(Tensor.cat([x[..., ..<1], x[..., 1...]], dim: -1).equal(x))
        #expect(Tensor.hstack([Tensor([1.0]), Tensor([2.0, 3.0])]).toArray() == [1, 2, 3])
        #expect(Tensor.vstack([Tensor([1.0, 2.0]), Tensor([3.0, 4.0])]).shape == [2, 2])
        let grid = Tensor.meshgrid([Tensor([1, 2]), Tensor([3, 4, 5])])
        #expect(grid[0].equal(Tensor([[1, 1, 1], [2, 2, 2]])) && grid[1].equal(Tensor([[3, 4, 5], [3, 4, 5]])))
        #expect(Tensor.meshgrid([Tensor([1, 2]), Tensor([3, 4, 5])], indexing: .xy)[0].shape == [3, 2])
    }

    @Test func repetition() {
        #expect(Tensor([1, 2]).tile([2, 2]).equal(Tensor([[1, 2, 1, 2], [1, 2, 1, 2]])))
        #expect(Tensor([1, 2]).repeat(2).toArray(as: Int.self) == [1, 2, 1, 2])
        #expect(Tensor([1, 2]).repeat(0).shape == [0])
        #expect(x.repeatInterleave(2).shape == [24])
        #expect(Tensor([5, 6, 7]).repeatInterleave(Tensor([0, 2, 1])).toArray(as: Int.self) == [6, 6, 7])
    }

    @Test func turning() {
        #expect(x.roll(-13).equal(x.roll(-1)))
        #expect(x.flip(0).equal(x.flipud()) && x.flip(1).equal(x.fliplr()))
        #expect(x.rot90()[0].toArray() == [3, 7, 11])
        #expect(x.rot90(3).rot90().equal(x))
    }

    @Test func trianglesOfEveryShape() {
        #expect(Tensor.ones([2, 3]).tril().equal(Tensor([[1, 0, 0], [1, 1, 0]])))
        #expect(Tensor.ones([3, 2]).triu(-1).equal(Tensor([[1, 1], [1, 1], [0, 1]])))
        #expect(Tensor.full([2, 2], Double.nan).tril()[0, 1].item() == 0)
        #expect(Tensor.ones([0, 3]).tril().shape == [0, 3])
        #expect(Tensor.ones([2, 2], dtype: .bool).triu(1).toArray(as: Bool.self) == [false, true, false, false])
    }

    @Test func paddingOddities() {
        #expect(x.pad([-1, -2]).equal(x[..., 1..<2]))
        #expect(x.pad([]).equal(x))
        #expect(Tensor.zeros([0, 2]).pad([1, 0], mode: .constant(3)).shape == [0, 3])
        #expect(Tensor([1, 2]).pad([2, 1], mode: .constant(-1)).toArray(as: Int.self) == [-1, -1, 1, 2, -1])
        #expect(Tensor([1.0, 2.0]).pad([3, 1], mode: .replicate).toArray() == [1, 1, 1, 1, 2, 2])
        #expect(Tensor([1.0, 2.0]).pad([2, 1], mode: .circular).toArray() == [1, 2, 1, 2, 1])
    }

    @Test func errorsAreSentences() async {
        let first = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([3, 4]).reshape(5, 2)
        }
        #expect(stopped(first, saying: "reshape: [3, 4] has 12 elements, and [5, 2] has 10"))
        let second = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([3, 4]).reshape(5, -1)
        }
        #expect(stopped(second, saying: "reshape: the -1 in [5, -1] has no size that gives the 12 elements of [3, 4]"))
        let third = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([3, 4]).mT.view(12)
        }
        #expect(stopped(third, saying: "view: a tensor of shape [4, 3] with strides [1, 4] cannot be seen as [12]"))
        let fourth = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.cat([Tensor.zeros([2, 4]), Tensor.zeros([2, 3])])
        }
        #expect(stopped(fourth, saying: "cat: [2, 3] and [2, 4] differ in more than dimension 0"))
        let fifth = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([3, 4]).select(dim: 0, index: 3)
        }
        #expect(stopped(fifth, saying: "select: index 3 is outside dimension 0 of [3, 4]: it must be from -3 to 2"))
        let sixth = await #expect(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([3, 4]).pad([4, 0], mode: .reflect)
        }
        #expect(stopped(sixth, saying: "pad: reflect cannot make 4 elements from the 4 in dimension 1 of [3, 4]"))
    }
}
