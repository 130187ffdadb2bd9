// Sums, differences, products, quotients and powers.

extension Tensor {
    public static func + (a: Tensor, b: Tensor) -> Tensor {
        let (a, b) = promoted(a, b)
        return record("add", a.array.binary(.add, b.array, named: "add"), from: [a, b]) { _, gradient in
            [gradient, gradient]
        }
    }

    public static func - (a: Tensor, b: Tensor) -> Tensor {
        let (a, b) = promoted(a, b)
        return record("subtract", a.array.binary(.subtract, b.array, named: "subtract"), from: [a, b]) {
            [$1, $0.needs(1) ? -$1 : nil]
        }
    }

    public static func * (a: Tensor, b: Tensor) -> Tensor {
        let (a, b) = promoted(a, b)
        return record(
            "multiply", a.array.binary(.multiply, b.array, named: "multiply"), from: [a, b],
            saving: [a.requiresGrad ? b : nil, b.requiresGrad ? a : nil]
        ) { saved, gradient in
            [saved[0].map { gradient * $0 }, saved[1].map { gradient * $0 }]
        }
    }

    /// Whole numbers are divided as float32.
    public static func / (a: Tensor, b: Tensor) -> Tensor {
        let (a, b) = promoted(a.floating, b.floating)
        return record(
            "divide", a.array.binary(.divide, b.array, named: "divide"), from: [a, b],
            saving: [b.requiresGrad ? a : nil, b]
        ) { saved, gradient in
            let b = saved.tensor(1)
            return [
                saved.needs(0) ? gradient / b : nil,
                saved[0].map { a in -(gradient * a) / (b * b) },
            ]
        }
    }

    public static prefix func - (a: Tensor) -> Tensor {
        record("negate", a.array.unary(.negate), from: [a]) { [-$1] }
    }

    /// `self * scale + shift`, the form of every operation with a number.
    final func affine(_ name: StaticString, scale: Double, shift: Double) -> Tensor {
        Tensor.record(name, array.unary(.affine(scale: scale, shift: shift)), from: [self]) { _, gradient in
            [scale == 1 ? gradient : gradient.affine("multiply", scale: scale, shift: 0)]
        }
    }
}

// MARK: - With a number

extension Tensor {
    public static func + <S: Scalar>(a: Tensor, b: S) -> Tensor {
        a.promoted(with: S.self).affine("add", scale: 1, shift: b.doubleValue)
    }

    public static func + <S: Scalar>(a: S, b: Tensor) -> Tensor { b + a }

    public static func - <S: Scalar>(a: Tensor, b: S) -> Tensor {
        a.promoted(with: S.self).affine("subtract", scale: 1, shift: -b.doubleValue)
    }

    public static func - <S: Scalar>(a: S, b: Tensor) -> Tensor {
        b.promoted(with: S.self).affine("subtract", scale: -1, shift: a.doubleValue)
    }

    public static func * <S: Scalar>(a: Tensor, b: S) -> Tensor {
        a.promoted(with: S.self).affine("multiply", scale: b.doubleValue, shift: 0)
    }

    public static func * <S: Scalar>(a: S, b: Tensor) -> Tensor { b * a }

    public static func / <S: Scalar>(a: Tensor, b: S) -> Tensor {
        a.floating / Tensor.number(b, like: a.floating)
    }

    public static func / <S: Scalar>(a: S, b: Tensor) -> Tensor {
        Tensor.number(a, like: b.floating) / b.floating
    }

    /// A tensor without dimensions that holds a number, in the type of `tensor`.
    static func number<S: Scalar>(_ value: S, like tensor: Tensor) -> Tensor {
        let array = NDArray(empty: [], dtype: tensor.dtype, backend: tensor.backend)
        array.backend.fill(array, with: value.doubleValue, integer: value.int64Value)
        return Tensor(array)
    }
}

// MARK: - Powers

extension Tensor {
    /// Each element to the power of a number.
    public final func pow<S: Scalar>(_ exponent: S) -> Tensor {
        power(promoted(with: S.self), exponent.doubleValue)
    }
}

/// `x` to the power of a number; the derivative is `exponent * x^(exponent - 1)`.
private func power(_ x: Tensor, _ exponent: Double) -> Tensor {
    Tensor.record("pow", x.array.unary(.power(exponent)), from: [x], saving: [x]) { saved, gradient in
        if exponent == 0 { return [gradient * 0] }
        if exponent == 2 { return [gradient * (saved.tensor(0) * 2)] }
        return [gradient * (power(saved.tensor(0), exponent - 1) * exponent)]
    }
}
