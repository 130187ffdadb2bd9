import Switchback

/// Complex numbers as two tensors of one shape and type, through both of which gradients flow.
public struct ComplexTensor {
    public let real, imaginary: Tensor

    /// Stops unless both are floating-point tensors of one shape and type.
    public init(real: Tensor, imaginary: Tensor) {
        require(
            real.shape == imaginary.shape && real.dtype == imaginary.dtype && real.dtype.isFloatingPoint,
            "ComplexTensor",
            "the real part is \(real.dtype) \(real.shape) and the imaginary one \(imaginary.dtype) \(imaginary.shape): both "
                + "are floating-point and alike")
        self.real = real
        self.imaginary = imaginary
    }

    /// Real numbers, or the parts of complex64 or complex128 ones.
    public init(_ numbers: Tensor) {
        let isComplex = numbers.dtype.isComplex
        self.init(real: numbers.real, imaginary: isComplex ? numbers.imag : numbers.detach().zerosLike())
    }

    /// Both parts as one tensor of complex64 or complex128, to be stored. It carries no gradient.
    public var stored: Tensor { Tensor.complex(real.detach(), imaginary.detach()) }

    public var shape: Shape { real.shape }
    public var dtype: DType { real.dtype }

    /// The magnitude of each number; its gradient is 0 at 0.
    public func abs() -> Tensor { real.hypot(imaginary) }

    /// The angle of each number, in radians from −π to π.
    public func angle() -> Tensor { imaginary.atan2(real) }

    /// With the opposite imaginary parts.
    public func conjugate() -> ComplexTensor { ComplexTensor(real: real, imaginary: -imaginary) }

    public static func + (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor {
        ComplexTensor(real: a.real + b.real, imaginary: a.imaginary + b.imaginary)
    }

    /// The products, number by number.
    public static func * (a: ComplexTensor, b: ComplexTensor) -> ComplexTensor {
        ComplexTensor(
            real: a.real * b.real - a.imaginary * b.imaginary, imaginary: a.real * b.imaginary + a.imaginary * b.real)
    }

    /// Each number times a real one.
    public static func * (a: ComplexTensor, scale: Double) -> ComplexTensor { a.mapped { $0 * scale } }

    /// The same operation on both parts.
    public func mapped(_ operation: (Tensor) -> Tensor) -> ComplexTensor {
        ComplexTensor(real: operation(real), imaginary: operation(imaginary))
    }
}
