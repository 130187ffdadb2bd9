import Foundation

/// Discrete Fourier transforms of one length: Y[k] = Σ X[j] · exp(±2πi · jk / n), in float64.
///
/// Lengths of small prime factors go through Stockham's form of the algorithm of Cooley and Tukey (1965), which needs no
/// reordering; others are a convolution of a length that is a power of two (Bluestein, 1970). Both take n · log n steps.
struct FourierPlan {
    private let count: Int
    private let factors: [Int]
    /// exp(−2πi · k / n).
    private let roots: ComplexNumbers
    private let chirp: Chirp?

    init(_ count: Int) {
        self.count = count
        let factors = Self.factors(of: count)
        let isSmooth = factors.allSatisfy { $0 <= 31 }
        self.factors = isSmooth ? factors : []
        roots = isSmooth ? ComplexNumbers.roots(count, of: count) : ComplexNumbers(count: 0)
        chirp = isSmooth ? nil : Chirp(count)
    }

    /// Fours first, as they take the fewest multiplications.
    private static func factors(of count: Int) -> [Int] {
        var (rest, factors) = (count, [Int]())
        for factor in [4, 2, 3, 5] {
            while rest % factor == 0 && rest > 1 {
                factors.append(factor)
                rest /= factor
            }
        }
        var factor = 7
        while rest > 1 {
            if factor * factor > rest { factor = rest }
            while rest % factor == 0 && rest > 1 {
                factors.append(factor)
                rest /= factor
            }
            factor += 2
        }
        return factors
    }

    /// Transforms one line, in place.
    ///
    /// - Parameter backward: whether the exponent is positive.
    func transform(_ line: inout ComplexNumbers, backward: Bool) {
        // Exchanging both parts before and after turns the exponent round.
        if backward { swap(&line.real, &line.imaginary) }
        if let chirp { chirp.transform(&line) } else { transformSmooth(&line) }
        if backward { swap(&line.real, &line.imaginary) }
    }

    private func transformSmooth(_ line: inout ComplexNumbers) {
        var (length, stride) = (count, 1)
        var next = ComplexNumbers(count: count)
        for radix in factors {
            pass(line, &next, radix: radix, length: length, stride: stride)
            swap(&line, &next)
            (length, stride) = (length / radix, stride * radix)
        }
    }

    /// One stage of Stockham's algorithm: transforms of `radix` elements, `length / radix` of them in each of `stride` lines.
    private func pass(_ x: ComplexNumbers, _ y: inout ComplexNumbers, radix: Int, length: Int, stride: Int) {
        let part = length / radix
        for q in 0..<part {
            for k in 0..<radix {
                let turn = q * k * (count / length) % count
                let (wr, wi) = (roots.real[turn], roots.imaginary[turn])
                for t in 0..<stride {
                    var (sr, si) = (0.0, 0.0)
                    for j in 0..<radix {
                        let root = j * k % radix * (count / radix)
                        let (rr, ri) = (roots.real[root], roots.imaginary[root])
                        let from = stride * (q + part * j) + t
                        sr += x.real[from] * rr - x.imaginary[from] * ri
                        si += x.real[from] * ri + x.imaginary[from] * rr
                    }
                    let to = stride * (radix * q + k) + t
                    y.real[to] = sr * wr - si * wi
                    y.imaginary[to] = sr * wi + si * wr
                }
            }
        }
    }
}

/// Complex numbers, real and imaginary parts apart.
struct ComplexNumbers {
    var real, imaginary: [Double]

    init(real: [Double], imaginary: [Double]) {
        self.real = real
        self.imaginary = imaginary
    }

    init(count: Int) {
        self.init(real: .init(repeating: 0, count: count), imaginary: .init(repeating: 0, count: count))
    }

    /// exp(−2πi · k / n) for k below `count`.
    static func roots(_ count: Int, of n: Int) -> ComplexNumbers {
        let angles = (0..<count).map { -2 * Double.pi * Double($0) / Double(n) }
        return ComplexNumbers(real: angles.map { cos($0) }, imaginary: angles.map { sin($0) })
    }

    /// Each times each of another.
    func multiplied(by other: ComplexNumbers) -> ComplexNumbers {
        var result = self
        for i in real.indices {
            result.real[i] = real[i] * other.real[i] - imaginary[i] * other.imaginary[i]
            result.imaginary[i] = real[i] * other.imaginary[i] + imaginary[i] * other.real[i]
        }
        return result
    }

    /// With zeros behind, or without the end.
    func resized(to count: Int) -> ComplexNumbers {
        func resized(_ part: [Double]) -> [Double] {
            Array(part.prefix(count)) + [Double](repeating: 0, count: max(count - part.count, 0))
        }
        return ComplexNumbers(real: resized(real), imaginary: resized(imaginary))
    }
}

/// Bluestein's way for any length: with jk = (j² + k² − (k − j)²) / 2 the transform is a convolution with a chirp,
/// w[j] = exp(−πi · j² / n).
private final class Chirp {
    private let count, padded: Int
    private let chirp, spectrum: ComplexNumbers
    private let plan: FourierPlan

    init(_ count: Int) {
        self.count = count
        var padded = 1
        while padded < 2 * count - 1 { padded *= 2 }
        self.padded = padded
        plan = FourierPlan(padded)
        // The square, reduced before it is converted: exact for any length.
        let roots = ComplexNumbers.roots(2 * count, of: 2 * count)
        let places = (0..<count).map { $0 * $0 % (2 * count) }
        chirp = ComplexNumbers(real: places.map { roots.real[$0] }, imaginary: places.map { roots.imaginary[$0] })
        var filter = ComplexNumbers(count: padded)
        for j in 0..<count {
            for place in [j, (padded - j) % padded] {
                filter.real[place] = chirp.real[j]
                filter.imaginary[place] = -chirp.imaginary[j]
            }
        }
        plan.transform(&filter, backward: false)
        spectrum = filter
    }

    func transform(_ line: inout ComplexNumbers) {
        var product = line.multiplied(by: chirp).resized(to: padded)
        plan.transform(&product, backward: false)
        product = product.multiplied(by: spectrum)
        plan.transform(&product, backward: true)
        let scale = 1 / Double(padded)
        let convolved = product.resized(to: count).multiplied(by: chirp)
        line = ComplexNumbers(
            real: convolved.real.map { $0 * scale }, imaginary: convolved.imaginary.map { $0 * scale })
    }
}
