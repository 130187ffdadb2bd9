import Switchback
import TestSupport
import Testing

/// The stream of random numbers that `RandomKernels` specifies, on every backend. Expected values were computed from
/// the words of an independent Philox4x32-10, that of the Python package randomgen 2.5, by
/// Tests/Fixtures/make_random.py; the words of counter 0 under seed 0 are also a known answer of Random123.
@Suite struct RandomStreamTests {
    static let backends: [any Backend.Type] = [CPUBackend.self, ReferenceBackend.self, MirrorBackend.self]
    static let seed: UInt64 = 0x0123_4567_89AB_CDEF

    /// Where a test draws from, and what it expects: as fractions' numerators, or as they are.
    struct Expectation: Sendable {
        let offset: UInt64
        let uniform32, uniform16, uniformB16, uniform64, dice, whole: [Int]
        let normal32, normal64: [Double]
    }

    static let expectations = [
        Expectation(
            offset: 5,
            uniform32: [5_727_707, 13_698_144, 12_998_839, 15_313_427, 6_277_657, 16_424_402, 4_182_592, 10_304_181],
            uniform16: [699, 1672, 1586, 1869, 766, 2004, 510, 1257],
            uniformB16: [87, 209, 198, 233, 95, 250, 63, 157],
            uniform64: [7_354_135_362_596_027, 8_221_333_787_298_582, 8_817_784_176_507_203, 5_532_015_540_042_312],
            dice: [6, 7, 8, 3],
            whole: [
                5_837_897_185_741_888_393, 7_613_919_559_532_722_135, 8_835_449_956_631_976_440,
                2_106_195_789_151_879_370,
            ],
            normal32: [
                0.5946813982572692, -1.3400622536625233, 0.6096886362745927, -0.3722943670860972, 1.3899367766214605,
                -0.1847304886439931, -1.255958635924447, -1.0957868290187374,
            ],
            normal64: [0.5434918822925137, -0.3318724825450468, -0.15535521089068097, -0.13554292817021593]),
        // The lower half of the counter overflows between the first words and the next.
        Expectation(
            offset: 0xFFFF_FFFF,
            uniform32: [472_066, 9_925_939, 6_605_202, 3_297_349, 14_237_997, 5_889_343, 10_307_232, 6_105_053],
            uniform16: [57, 1211, 806, 402, 1738, 718, 1258, 745],
            uniformB16: [7, 151, 100, 50, 217, 89, 157, 93],
            uniform64: [5_328_947_986_359_936, 1_770_251_126_348_082, 3_161_817_167_374_373, 3_277_625_828_288_724],
            dice: [3, -3, -1, 0],
            whole: [
                1_690_313_439_210_373_795, -5_597_897_730_093_903_188, -2_747_970_478_072_058_519,
                -2_510_794_340_519_469_039,
            ],
            normal32: [
                -2.2415155511109104, -1.4549645355550147, 0.4500836988606856, 1.2890899768318123, -0.3397413157314794,
                0.46129259550345986, -0.6475940004032044, 0.7449657560167939,
            ],
            normal64: [0.33773244502573013, 0.9673042228542003, -0.9493097107086802, 1.09204651554567]),
    ]

    /// What `draw` makes of a generator at an offset, on every backend.
    private func onEachBackend(
        _ offset: UInt64, _ draw: (Generator) -> Tensor, _ check: (_ drawn: Tensor, _ backend: String) -> Void
    ) {
        for backend in Self.backends {
            let generator = Generator(state: Generator.State(seed: Self.seed, offset: offset))
            check(Tensor.withBackend(backend) { draw(generator) }, backend.name)
        }
    }

    @Test(arguments: expectations.indices, [DType.float32, .float16, .bfloat16, .float64])
    func uniform(_ position: Int, _ dtype: DType) {
        let expected = Self.expectations[position]
        let (numerators, bits) =
            switch dtype {
            case .float16: (expected.uniform16, 11)
            case .bfloat16: (expected.uniformB16, 8)
            case .float64: (expected.uniform64, 53)
            default: (expected.uniform32, 24)
            }
        onEachBackend(expected.offset, { Tensor.rand([numerators.count], dtype: dtype, generator: $0) }) {
            #expect($0.toArray(as: Double.self).map { Int($0 * Double(1 << bits)) } == numerators, "\(dtype) on \($1)")
        }
    }

    /// A range is reached by one multiplication and addition, rounded once.
    @Test(arguments: [DType.float32, .float64])
    func uniformInARange(_ dtype: DType) {
        let expected = Self.expectations[0]
        let (low, high) = (-0.3, 1.7)
        let bits: [UInt64] =
            dtype == .float32
            ? expected.uniform32.map {
                let u = Float($0) / Float(1 << 24)
                return UInt64(Float(low).addingProduct(u, Float(high - low)).bitPattern)
            }
            : expected.uniform64.map { low.addingProduct(Double($0) / Double(1 << 53), high - low).bitPattern }
        let draw = { (generator: Generator) in
            let tensor = Tensor.empty([bits.count], dtype: dtype)
            tensor.fillUniform(low: low, high: high, generator: generator)
            return tensor
        }
        onEachBackend(expected.offset, draw) { drawn, backend in
            let found: [UInt64] =
                dtype == .float32
                ? drawn.toArray(as: Float.self).map { UInt64($0.bitPattern) }
                : drawn.toArray(as: Double.self).map(\.bitPattern)
            #expect(found == bits, "\(dtype) on \(backend)")
        }
    }

    @Test(arguments: expectations.indices, [DType.float32, .float64])
    func normal(_ position: Int, _ dtype: DType) {
        let expected = Self.expectations[position]
        let numbers = dtype == .float64 ? expected.normal64 : expected.normal32
        onEachBackend(expected.offset, { Tensor.randn([numbers.count], dtype: dtype, generator: $0) }) {
            let distance = zip($0.toArray(as: Double.self), numbers).map { abs($0 - $1) }.max() ?? .infinity
            #expect(distance < (dtype == .float64 ? 1e-14 : 2e-6), "\(dtype) on \($1)")
        }
    }

    @Test(arguments: expectations.indices, [DType.int64, .int32, .float32])
    func wholeNumbers(_ position: Int, _ dtype: DType) {
        let expected = Self.expectations[position]
        onEachBackend(expected.offset, { Tensor.randint(-5..<9, [4], dtype: dtype, generator: $0) }) {
            #expect($0.toArray(as: Int.self) == expected.dice, "\(dtype) on \($1)")
        }
        onEachBackend(expected.offset, { Tensor.randint(Int.min..<Int.max, [4], generator: $0) }) {
            #expect($0.toArray(as: Int.self) == expected.whole, "\($1)")
        }
    }

    /// What counts is the position in row-major order, and a call takes half as many counters as there are elements.
    @Test func neitherOrderInMemoryNorTypeDecides() {
        onEachBackend(5, { Tensor.empty([1, 2, 2, 2]).permute(0, 3, 1, 2).randLike(generator: $0) }) {
            let numerators = $0.toArray(as: Double.self).map { Int($0 * 0x1p24) }
            #expect(numerators == Self.expectations[0].uniform32, "\($1)")
        }
        for dtype in [DType.float32, .float64] {
            let generator = Generator(seed: 1)
            _ = Tensor.rand([7], dtype: dtype, generator: generator)
            #expect(generator.state.offset == 4)
        }
    }
}
