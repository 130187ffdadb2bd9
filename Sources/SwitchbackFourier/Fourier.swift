import Switchback

// Discrete Fourier transforms, as in `torch.fft`. They are computed in float64 on the host, and rounded to the type of the
// numbers.

/// Which of the two directions of a transform of n numbers is divided, and by what.
public enum FourierNorm: String, Sendable, CaseIterable {
    /// The inverse one, by n.
    case backward
    /// Both, by √n.
    case ortho
    /// The transform itself, by n.
    case forward

    fileprivate func scale(_ n: Int, inverse: Bool) -> Double {
        switch self {
        case .ortho: 1 / Double(n).squareRoot()
        case .backward: inverse ? 1 / Double(n) : 1
        case .forward: inverse ? 1 : 1 / Double(n)
        }
    }
}

extension ComplexTensor {
    /// The transform along a dimension: Y[k] = Σ X[j] · exp(−2πi · jk / n).
    ///
    /// - Parameter n: the length, to which the dimension is cut or filled with zeros before; its own by default.
    public func fft(n: Int? = nil, dim: Int = -1, norm: FourierNorm = .backward) -> ComplexTensor {
        transformed("fft", n, dim, norm, inverse: false)
    }

    /// The inverse of `fft`.
    public func ifft(n: Int? = nil, dim: Int = -1, norm: FourierNorm = .backward) -> ComplexTensor {
        transformed("ifft", n, dim, norm, inverse: true)
    }

    /// The transform along each of several dimensions, all by default.
    public func fftn(dims: [Int]? = nil, norm: FourierNorm = .backward) -> ComplexTensor {
        (dims ?? Array(0..<real.rank)).reduce(self) { $0.fft(dim: $1, norm: norm) }
    }

    /// The inverse of `fftn`.
    public func ifftn(dims: [Int]? = nil, norm: FourierNorm = .backward) -> ComplexTensor {
        (dims ?? Array(0..<real.rank)).reduce(self) { $0.ifft(dim: $1, norm: norm) }
    }

    /// The real numbers of which this is `rfft`, the half with frequencies from 0 up.
    ///
    /// - Parameter n: how many there were, 2 · (size − 1) by default; an odd number cannot be told from the half.
    public func irfft(n: Int? = nil, dim: Int = -1, norm: FourierNorm = .backward) -> Tensor {
        let count = n ?? 2 * (real.size(dim) - 1)
        require(count > 0, "irfft", "\(count) numbers have no transform")
        let half = mapped { $0.resized("irfft", to: count / 2 + 1, dim) }
        // The other half holds the conjugates; what is its own conjugate is real.
        let mirrored = (count - 1) / 2
        func other(_ part: Tensor) -> Tensor { part.narrow(dim: dim, start: 1, length: mirrored).flip([dim]) }
        let own = (0...count / 2).map { $0 == 0 || 2 * $0 == count ? 0.0 : 1.0 }
        let mask = Tensor(own, shape: [own.count], dtype: dtype, like: real).along(dim, of: half.real)
        let imaginary = half.imaginary * mask
        let full = ComplexTensor(
            real: Tensor.cat([half.real, other(half.real)], dim: dim),
            imaginary: Tensor.cat([imaginary, -other(imaginary)], dim: dim))
        return full.ifft(dim: dim, norm: norm).real
    }

    private func transformed(
        _ operation: String, _ n: Int?, _ dim: Int, _ norm: FourierNorm, inverse: Bool
    ) -> ComplexTensor {
        require(real.rank > 0, operation, "a single number has no dimension to transform along")
        let count = n ?? real.size(dim)
        require(count > 0, operation, "\(count) numbers have no transform")
        let lines = mapped { $0.resized(operation, to: count, dim).movedim(dim, -1) }
        return (lines.transformedLines(inverse: inverse) * norm.scale(count, inverse: inverse))
            .mapped { $0.movedim(-1, dim) }
    }

    /// The transforms of all lines along the last dimension, undivided. The gradient of a transform is the one back.
    private func transformedLines(inverse: Bool) -> ComplexTensor {
        let count = real.size(-1)
        let plan = FourierPlan(count)
        var (re, im) = (real.toArray(as: Double.self), imaginary.toArray(as: Double.self))
        for start in stride(from: 0, to: re.count, by: count) {
            let range = start..<start + count
            var line = ComplexNumbers(real: Array(re[range]), imaginary: Array(im[range]))
            plan.transform(&line, backward: inverse)
            re.replaceSubrange(range, with: line.real)
            im.replaceSubrange(range, with: line.imaginary)
        }
        let parts = [re, im].map { Tensor($0, shape: shape, dtype: dtype, like: real) }
        let results = Tensor.record("fft", parts.map(\.array), from: [real, imaginary]) { _, gradients in
            let known = (gradients[0] ?? gradients[1])!
            let upstream = ComplexTensor(
                real: gradients[0] ?? known.zerosLike(), imaginary: gradients[1] ?? known.zerosLike())
            let back = upstream.transformedLines(inverse: !inverse)
            return [back.real, back.imaginary]
        }
        return ComplexTensor(real: results[0], imaginary: results[1])
    }
}

extension Tensor {
    /// The transform of real numbers along a dimension, the half with the frequencies 0 to n / 2; the others are their
    /// conjugates.
    ///
    /// - Parameter n: the length, to which the dimension is cut or filled with zeros before; its own by default.
    public final func rfft(n: Int? = nil, dim: Int = -1, norm: FourierNorm = .backward) -> ComplexTensor {
        require(!dtype.isComplex, "rfft", "the numbers are \(dtype), and have no such half; use ComplexTensor(x).fft()")
        return ComplexTensor(self).fft(n: n, dim: dim, norm: norm)
            .mapped { $0.narrow(dim: dim, start: 0, length: (n ?? size(dim)) / 2 + 1) }
    }

    /// The frequency of each place of a transform of `n` samples, `spacing` apart: 0, 1, …, −2, −1 over n · spacing.
    public static func fftfreq(_ n: Int, spacing: Double = 1, dtype: DType = .float32) -> Tensor {
        require(n > 0, "fftfreq", "\(n) samples have no frequencies")
        let values = (0..<n).map { Double($0 < (n + 1) / 2 ? $0 : $0 - n) / (Double(n) * spacing) }
        return Tensor(values, shape: [n], dtype: dtype)
    }

    /// The frequency of each place of `rfft` of `n` samples, `spacing` apart.
    public static func rfftfreq(_ n: Int, spacing: Double = 1, dtype: DType = .float32) -> Tensor {
        require(n > 0, "rfftfreq", "\(n) samples have no frequencies")
        return Tensor(
            (0...n / 2).map { Double($0) / (Double(n) * spacing) }, shape: [n / 2 + 1], dtype: dtype)
    }

    /// With the frequency 0 in the middle of each of the dimensions, all by default.
    public final func fftshift(dims: [Int]? = nil) -> Tensor {
        let dims = dims ?? Array(0..<rank)
        return roll(dims.map { size($0) / 2 }, dims: dims)
    }

    /// The inverse of `fftshift`.
    public final func ifftshift(dims: [Int]? = nil) -> Tensor {
        let dims = dims ?? Array(0..<rank)
        return roll(dims.map { -(size($0) / 2) }, dims: dims)
    }

    /// Cut along a dimension, or filled with zeros, to a length.
    fileprivate func resized(_ operation: String, to count: Int, _ dim: Int) -> Tensor {
        let own = size(dim)
        if own == count { return self }
        if own > count { return narrow(dim: dim, start: 0, length: count) }
        let position = dim < 0 ? dim + rank : dim
        var form = Array(shape)
        form[position] = count - own
        return Tensor.cat([self, newZeros(Shape(form))], dim: dim)
    }

    /// This vector, in a shape that broadcasts along a dimension of another tensor.
    fileprivate func along(_ dim: Int, of other: Tensor) -> Tensor {
        var form = [Int](repeating: 1, count: other.rank)
        form[dim < 0 ? dim + other.rank : dim] = count
        return reshape(Shape(form))
    }
}
