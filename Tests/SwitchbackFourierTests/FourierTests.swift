import Foundation
import Switchback
import SwitchbackFourier
import TestSupport
import Testing

/// Fourier transforms against PyTorch's (Tests/Fixtures/make_linear_algebra.py), and their gradients also against central
/// differences.
@Suite struct FourierTests {
    typealias Operation = @Sendable ([Tensor]) -> [Tensor]

    static let cases: [String: Operation] = {
        var cases: [String: Operation] = [
            "ifft_ortho": { parts(complex($0).ifft(dim: 0, norm: .ortho)) },
            "fft_longer": { parts(complex($0).fft(n: 9, norm: .forward)) },
            "fft2": { parts(complex($0).fftn(dims: [-2, -1])) }, "ifftn": { parts(complex($0).ifftn()) },
            "rfft": { parts($0[0].rfft()) }, "rfft_cut": { parts($0[0].rfft(n: 5, dim: 1)) },
            "irfft": { [complex($0).irfft()] }, "irfft_odd": { [complex($0).irfft(n: 7, dim: 0)] },
        ]
        // One, small factors, a power of two, and 74 with the prime factor 37.
        for n in [1, 2, 7, 12, 30, 74, 64] { cases["fft_\(n)"] = { parts(complex($0).fft()) } }
        return cases
    }()

    private static func complex(_ parts: [Tensor]) -> ComplexTensor {
        ComplexTensor(real: parts[0], imaginary: parts[1])
    }
    private static func parts(_ x: ComplexTensor) -> [Tensor] { [x.real, x.imaginary] }

    @Test(arguments: cases.keys.sorted())
    func isThatOfPyTorch(_ name: String) throws {
        try OperationFixture("fourier").compare(name, tolerance: 1e-10, Self.cases[name]!)
    }

    @Test(arguments: ["fft_12", "fft_longer", "irfft", "rfft"])
    func gradientsAreCentralDifferences(_ name: String) throws {
        try gradientCheck(OperationFixture("fourier").inputs(name)) { inputs in
            Tensor.cat(Self.cases[name]!(inputs).map { $0.reshape(-1) })
        }
    }

    @Test(arguments: 1...130)
    func theInverseGivesTheNumbersBack(_ n: Int) {
        let x = Tensor.randn([3, n], dtype: .float64, generator: Generator(seed: 5))
        #expect(x.rfft().irfft(n: n).allClose(x, rtol: 0, atol: 1e-12))
        // The transform of a wave is one number.
        let wave = Tensor((0..<n).map { cos(2 * Double.pi * Double($0) / Double(n)) }, shape: [n], dtype: .float64)
        let spectrum = ComplexTensor(wave).fft().abs().toArray(as: Double.self)
        let places = [1 % n, (n - 1) % n]
        for (k, value) in spectrum.enumerated() {
            let expected = places.contains(k) ? Double(n) / (places[0] == places[1] ? 1 : 2) : 0
            #expect(abs(value - expected) < 1e-10 * Double(n))
        }
    }

    @Test func frequenciesAndShifts() {
        #expect(Tensor.fftfreq(5, spacing: 0.5).toArray() == [0, 0.4, 0.8, -0.8, -0.4])
        #expect(
            Tensor.fftfreq(4).toArray() == [0, 0.25, -0.5, -0.25] && Tensor.rfftfreq(4).toArray() == [0, 0.25, 0.5])
        let x = Tensor.arange(5)
        #expect(x.fftshift().toArray(as: Int.self) == [3, 4, 0, 1, 2] && x.fftshift().ifftshift().equal(x))
    }

    @Test func productsAreConvolutions() {
        let (a, b) = (Tensor([1.0, 2, 0, 0]).rfft(), Tensor([3.0, 0, 1, 0]).rfft())
        #expect((a * b).irfft().allClose(Tensor([3.0, 6, 1, 2]), atol: 1e-6))
    }

    @Test func complexTensorsAreTransformed() {
        let x = Tensor.complex(Tensor([1.0, 2, 0, -1]), Tensor([0.0, 1, 3, 0]))
        let spectrum = ComplexTensor(x).fft().stored
        // NumPy's `fft.fft`.
        #expect(spectrum.dtype == .complex64 && spectrum.real.allClose(Tensor([2.0, 2, 0, 0]), atol: 1e-6))
        #expect(spectrum.imag.allClose(Tensor([4.0, -6, 2, 0]), atol: 1e-6))
        #expect(ComplexTensor(spectrum).ifft().stored.real.allClose(x.real, atol: 1e-6))
    }

    @Test func saysWhatItCannotDo() throws {
        try expectStop("have no such half") { _ = Tensor.zeros([4], dtype: .complex64).rfft() }
        try expectStop("no dimension to transform") { _ = ComplexTensor(Tensor(1.0)).fft() }
        let error = try #require(throws: ShapeError.self) {
            try catchingErrors { ComplexTensor(real: Tensor([1.0]), imaginary: Tensor([1.0, 2])) }
        }
        #expect("\(error)".contains("[1]") && "\(error)".contains("[2]"))
    }
}
