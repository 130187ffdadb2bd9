import Switchback
import TestSupport
import Testing

@Suite(.seeded()) struct ElementwiseTests {
    // MARK: Types

    @Test func numbersTakeTheTypeOfTheTensor() {
        let (floats, ints, bools) = (Tensor([1.0, 2]), Tensor([1, 2]), Tensor([true, false]))
        let (halves, doubles) = (floats.to(.float16), floats.to(.float64))
        #expect((floats * 2).dtype == .float32 && (halves + 1.5).dtype == .float16)
        #expect((doubles - 1.0).dtype == .float64 && (ints * 2).dtype == .int64)
        #expect((ints + 2.5).dtype == .float32 && (ints / 2).dtype == .float32)
        #expect((bools + 1).dtype == .int64 && (bools * 1.5).dtype == .float32)
        #expect(Tensor([1, 2], dtype: .uint8).pow(2).dtype == .uint8 && (1 - ints).dtype == .int64)
        #expect(ints.exp().dtype == .float32 && ints.floorDivide(2).dtype == .int64)
    }

    @Test(arguments: [
        (DType.float32, DType.float64, DType.float64), (.float16, .bfloat16, .float32), (.int32, .float16, .float16),
        (.uint8, .int32, .int32), (.bool, .uint8, .uint8), (.int64, .float32, .float32), (.bool, .bool, .bool),
    ])
    func tensorsMeetInOneType(_ a: DType, _ b: DType, _ expected: DType) {
        #expect(Tensor.ones([2], dtype: a).maximum(Tensor.ones([2], dtype: b)).dtype == expected)
        #expect(DType.promoted(b, a) == expected)
    }

    @Test func tensorsWithoutDimensionsYield() {
        #expect((Tensor([1.0, 2]) * Tensor(3.0, dtype: .float64)).dtype == .float32)
        #expect((Tensor([1, 2]) * Tensor(3.0, dtype: .float64)).dtype == .float64)
        #expect((Tensor([1, 2], dtype: .int32) + Tensor(3)).dtype == .int32)
    }

    @Test func wholeNumbersStayExact() {
        let big = Tensor([(1 << 60) + 1])
        #expect((big + 2).item(as: Int.self) == (1 << 60) + 3)
        #expect((big * 3).item(as: Int.self) == 3 * ((1 << 60) + 1))
        #expect((1 - big).item(as: Int.self) == -(1 << 60))
        #expect((-big).item(as: Int.self) == -(1 << 60) - 1)
    }

    @Test func sixteenBitsRoundOnce() {
        let x = Tensor([1.0, 2049.0], dtype: .float16)
        #expect((x + 0.0004).toArray(as: Double.self) == [1, 2048])
        #expect((Tensor([255.0], dtype: .bfloat16) + 2).item() == 256)
    }

    // MARK: Shapes

    @Test func broadcastsAndViews() {
        let column = Tensor([[1.0], [2], [3]])
        let row = Tensor([10.0, 20])
        #expect((column + row).toArray() == [11, 21, 12, 22, 13, 23])
        let turned = Tensor.arange(6.0).reshape(2, 3).transpose(0, 1)
        #expect((turned + row).toArray() == [10, 23, 11, 24, 12, 25])
        #expect(turned.exp().equal(turned.contiguous().exp()))
        #expect((turned * turned.contiguous()).equal(turned.square()))
        #expect(Tensor([5.0]).expand(to: [3, 2]).neg().toArray() == [-5, -5, -5, -5, -5, -5])
    }

    /// Rows of several lengths with gaps between them, in more memory than one piece of work: whole vectors, less and
    /// more.
    @Test(arguments: [8, 15, 16, 24, 32, 48, 64, 100, 128]) func rowsWithGaps(_ length: Int) {
        let rows = 40_000 / length
        let wide = Tensor.arange(2 * rows * length, dtype: .float32).reshape(rows, 2 * length)
        let halves = wide.chunk(2, dim: 1)
        let sums = (halves[0] + halves[1]).toArray()
        let expected = (0..<rows * length).map { place in
            Float(2 * (place / length * 2 * length + place % length) + length)
        }
        #expect(sums == expected)
        let target = Tensor.zeros([rows, 2 * length])
        let right = target.narrow(dim: 1, start: length, length: length)
        right += halves[0]
        #expect(right.equal(halves[0]))
        #expect(target.narrow(dim: 1, start: 0, length: length).equal(Tensor.zeros([rows, length])))
        #expect(
            Tensor.cat([halves[1], halves[0]], dim: 1).narrow(dim: 1, start: length, length: length).equal(halves[0]))
    }

    @Test func emptyAndScalarTensors() {
        let empty = Tensor.zeros([0, 3], requiresGrad: true)
        #expect((empty + Tensor([1.0, 2, 3])).shape == [0, 3])
        #expect((empty * 2).relu().sum().item() == 0)
        (empty.exp() * 2).sum().backward()
        #expect(empty.grad!.shape == [0, 3])
        #expect((Tensor(2.0) * Tensor(3.0)).shape == [])
        #expect(Tensor(2.0).relu().item() == 2)
    }

    @Test func memoryOrderIsKept() {
        let image = Tensor.randn([2, 3, 4, 5]).channelsLast()
        #expect(image.relu().strides == image.strides)
        #expect((image * Tensor.ones([1, 3, 1, 1])).strides == image.strides)
        #expect((image + image).equal(image.contiguous() * 2))
    }

    // MARK: Values

    @Test func remaindersHaveTheirSigns() {
        let x = Tensor([-7.0, 7])
        #expect(x.fmod(3).toArray() == [-1, 1] && x.remainder(3).toArray() == [2, 1])
        #expect(Tensor([-7, 7]).remainder(-3).toArray(as: Int.self) == [-1, -2])
        #expect(Tensor([-7, 7]).floorDivide(2).toArray(as: Int.self) == [-4, 3])
        #expect(x.floorDivide(2.0).toArray() == [-4, 3])
    }

    @Test func quotientsByNumbersAreExact() {
        let x = Tensor.arange(1.0, 300.0)
        let quotients: [Float] = (x / 49).toArray()
        #expect(quotients == (1..<300).map { Float($0) / 49 })
    }

    @Test func nanGoesWhereItShould() {
        let x = Tensor([Double.nan, 1, -Double.infinity, Double.infinity])
        #expect(x.isnan().toArray(as: Bool.self) == [true, false, false, false])
        #expect(x.isinf().toArray(as: Bool.self) == [false, false, true, true])
        #expect(x.isfinite().toArray(as: Bool.self) == [false, true, false, false])
        #expect(x.maximum(Tensor([0.0])).toArray(as: Float.self)[0].isNaN)
        #expect(x.relu().toArray(as: Float.self)[0].isNaN && x.clamp(min: 0.0).toArray(as: Float.self)[0].isNaN)
        #expect(x.nanToNum(nan: 7, posinf: 8, neginf: 9).toArray() == [7, 1, 9, 8])
        #expect(x.nanToNum().toArray()[3] == Float.greatestFiniteMagnitude)
        #expect(x.max().item().isNaN && x.argmax().item(as: Int.self) == 0)
    }

    @Test func comparisonsAndLogic() {
        let (a, b) = (Tensor([1.0, 2, 3]), Tensor([3.0, 2, 1]))
        #expect((a .== b).toArray(as: Bool.self) == [false, true, false])
        #expect((a .!= b).toArray(as: Bool.self) == [true, false, true])
        #expect((a .< b).toArray(as: Bool.self) == [true, false, false])
        #expect((a .>= 2).toArray(as: Bool.self) == [false, true, true])
        #expect((Tensor([1, 2, 3]) .> 2.5).toArray(as: Bool.self) == [false, false, true])
        #expect(((a .> 1) .& (b .> 1)).toArray(as: Bool.self) == [false, true, false])
        #expect((.!(a .> 1)).toArray(as: Bool.self) == [true, false, false])
        #expect(Tensor([6, 3]).bitwiseAnd(Tensor([3, 1])).toArray(as: Int.self) == [2, 1])
        #expect(Tensor([6]).bitwiseNot().item(as: Int.self) == -7)
        #expect(Tensor([1, 3]).bitwiseLeftShift(Tensor([4, 1])).toArray(as: Int.self) == [16, 6])
        #expect(a.logicalXor(Tensor([0.0, 1, 0])).toArray(as: Bool.self) == [true, false, true])
    }

    @Test func equality() {
        let x = Tensor([1.0, Double.nan])
        #expect(!x.equal(x) && x.allClose(x, equalNaN: true) && !x.allClose(x))
        #expect(!Tensor([1.0]).equal(Tensor([1.0, 1.0])) && Tensor([1]).equal(Tensor([1.0])))
        #expect(Tensor([Double.infinity]).allClose(Tensor([Double.infinity])))
        #expect(!Tensor([Double.infinity]).allClose(Tensor([1.0])))
        #expect(Tensor([1.0]).allClose(Tensor([1.000001])) && !Tensor([1.0]).allClose(Tensor([1.001])))
    }

    @Test func activationsAtTheirEnds() {
        #expect(Tensor([-1000.0, 1000]).sigmoid().toArray() == [0, 1])
        #expect(Tensor([-1000.0, 1000]).softplus().toArray() == [0, 1000])
        #expect(Tensor([-1000.0, 1000]).logSigmoid().toArray() == [-1000, 0])
        #expect(Tensor([-1000.0, 1000]).mish().toArray() == [0, 1000])
        #expect(Tensor([-7.0, 7]).relu6().toArray() == [0, 6])
        #expect(Tensor([-1.0, 0.2, 1]).hardshrink().toArray() == [-1, 0, 1])
        #expect(Tensor([2.345, -2.345]).round(decimals: 1).allClose(Tensor([2.3, -2.3])))
    }

    #if compiler(>=6.2)
    @Test func shapesThatDoNotFitAreNamed() async throws {
        let exit = try await #require(processExitsWith: .failure, observing: [\.standardErrorContent]) {
            _ = Tensor.zeros([2, 3]) + Tensor.zeros([4])
        }
        let message = String(decoding: exit.standardErrorContent, as: UTF8.self)
        #expect(message.contains("add: the shapes [2, 3] and [4] do not broadcast to each other"))
    }
    #endif

    @Test func digammaHasTheTrigammaAsGradient() {
        let x = Tensor([0.5, 3.0, -0.5, -7.3, 25, 0], dtype: .float64, requiresGrad: true)
        x.digamma().sum().backward()
        let expected = [
            4.934802202073678, 0.39493406693194577, 8.934802200117687, 14.951383181432645, 0.040810663257226834,
            .infinity,
        ]
        #expect(x.grad!.allClose(Tensor(expected, dtype: .float64), rtol: 1e-9))
    }

    @Test func logGammaHasTheDigammaAsGradient() {
        let x = Tensor([0.5, 3.0], dtype: .float64, requiresGrad: true)
        x.lgamma().sum().backward()
        #expect(x.grad!.allClose(Tensor([-1.9635100260214235, 0.9227843350984671], dtype: .float64)))
    }
}
