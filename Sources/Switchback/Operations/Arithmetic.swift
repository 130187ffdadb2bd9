// Sums, differences, products, quotients and powers. Operands broadcast and meet in one type, as in PyTorch.

extension Tensor {
    /// The sum of two tensors.
    public static func + (a: Tensor, b: Tensor) -> Tensor {
        if a.dtype != b.dtype { return promoted(a, b, (+)) }
        return record("add", a.array.binary(.add, b.array, named: "add"), of: a, b) { ($1, $1) }
    }

    /// The difference of two tensors.
    public static func - (a: Tensor, b: Tensor) -> Tensor {
        if a.dtype != b.dtype { return promoted(a, b, (-)) }
        a.requireSigned("subtract")
        return record("subtract", a.array.binary(.subtract, b.array, named: "subtract"), of: a, b) {
            ($1, $0.needs(1) ? -$1 : nil)
        }
    }

    /// The product of two tensors, element by element; `matmul` multiplies matrices.
    public static func * (a: Tensor, b: Tensor) -> Tensor {
        if a.dtype != b.dtype { return promoted(a, b, (*)) }
        return record(
            "multiply", a.array.binary(.multiply, b.array, named: "multiply"), of: a, b,
            saving: (a.requiresGrad ? b : nil, b.requiresGrad ? a : nil)
        ) { saved, gradient in
            (
                saved.needs(0) ? saved[0].map { gradient * $0 } : nil,
                saved.needs(1) ? saved[1].map { gradient * $0 } : nil
            )
        }
    }

    /// The quotient of two tensors. Integers are divided as float32.
    public static func / (a: Tensor, b: Tensor) -> Tensor {
        if a.dtype != b.dtype || !a.dtype.isFloatingPoint {
            let (a, b) = promotedFloating(a, b)
            return a / b
        }
        return record(
            "divide", a.array.binary(.divide, b.array, named: "divide"), of: a, b,
            saving: (b.requiresGrad ? a : nil, b)
        ) { saved, gradient in
            let b = saved.tensor(1)
            return (
                saved.needs(0) ? gradient / b : nil,
                saved.needs(1) ? saved[0].map { -gradient * (($0 / b) / b) } : nil
            )
        }
    }

    /// Each element with the opposite sign.
    public static prefix func - (a: Tensor) -> Tensor {
        a.requireSigned("negate")
        return record("negate", a.array.unary(.negate), of: a) { -$1 }
    }

    /// Each element with the opposite sign, as the prefix `-`.
    public final func neg() -> Tensor { -self }

    /// `self + alpha * other`. Between integers `alpha` has to be one too.
    public final func add(_ other: Tensor, alpha: Double) -> Tensor {
        let (a, b) = Tensor.promoted(self, other)
        a.requireFits(alpha, "add")
        let sum = a.array.binary(.addScaled(alpha), b.array, named: "add")
        return Tensor.record("add", sum, from: [a, b]) { saved, gradient in
            [gradient, saved.needs(1) ? gradient * alpha : nil]
        }
    }

    /// `self + value * a * b`, computed in the type where the three meet.
    public final func addcmul(_ a: Tensor, _ b: Tensor, value: Double = 1) -> Tensor {
        Tensor.inFloat32([self, a, b]) { $0[0].add($0[1] * $0[2], alpha: value) }
    }

    /// `self + value * a / b`, computed in the type where the three meet.
    public final func addcdiv(_ a: Tensor, _ b: Tensor, value: Double = 1) -> Tensor {
        Tensor.inFloat32([self, a, b]) { $0[0].add($0[1] / $0[2], alpha: value) }
    }
}

// MARK: - With a number

extension Tensor {
    /// Each element plus a number.
    public static func + <S: Scalar>(a: Tensor, b: S) -> Tensor {
        guard a.admits(S.self) else { return a.promoted(with: S.self) + b }
        return a.dtype.isFloatingPoint ? a.affine("add", scale: 1, shift: b.doubleValue) : a + number(b, like: a)
    }

    /// A number plus each element.
    public static func + <S: Scalar>(a: S, b: Tensor) -> Tensor { b + a }

    /// Each element minus a number.
    public static func - <S: Scalar>(a: Tensor, b: S) -> Tensor {
        guard a.admits(S.self) else { return a.promoted(with: S.self) - b }
        return a.dtype.isFloatingPoint ? a.affine("subtract", scale: 1, shift: -b.doubleValue) : a - number(b, like: a)
    }

    /// A number minus each element.
    public static func - <S: Scalar>(a: S, b: Tensor) -> Tensor {
        guard b.admits(S.self) else { return a - b.promoted(with: S.self) }
        return b.dtype.isFloatingPoint ? b.affine("subtract", scale: -1, shift: a.doubleValue) : number(a, like: b) - b
    }

    /// Each element times a number.
    public static func * <S: Scalar>(a: Tensor, b: S) -> Tensor {
        guard a.admits(S.self) else { return a.promoted(with: S.self) * b }
        return a.dtype.isFloatingPoint ? a.affine("multiply", scale: b.doubleValue) : a * number(b, like: a)
    }

    /// A number times each element.
    public static func * <S: Scalar>(a: S, b: Tensor) -> Tensor { b * a }

    /// Each element divided by a number, rounded once. Integers give float32.
    public static func / <S: Scalar>(a: Tensor, b: S) -> Tensor {
        let a = a.floating
        return a / number(b, like: a)
    }

    /// A number divided by each element. Integers give float32.
    public static func / <S: Scalar>(a: S, b: Tensor) -> Tensor {
        let b = b.floating
        return number(a, like: b) / b
    }

    /// `self * scale + shift` in one pass, for floating-point tensors.
    ///
    /// - Parameter shift: −0 by default, the number that changes no other when it is added: 0 would turn −0 into 0.
    final func affine(_ name: OperationName, scale: Double, shift: Double = -0.0) -> Tensor {
        let result = array.unary(.affine(scale: scale, shift: shift))
        if scale == 1 { return Tensor.record(name, result, of: self) { _, gradient in gradient } }
        return Tensor.record(name, result, of: self) { $1.affine("multiply", scale: scale) }
    }
}

// MARK: - Powers

extension Tensor {
    /// Each element to the power of a number. Stops for integers and a negative exponent, as the power is not whole.
    public final func pow<S: Scalar>(_ exponent: S) -> Tensor {
        guard admits(S.self) else { return promoted(with: S.self).pow(exponent) }
        require(
            dtype.isFloatingPoint || exponent.doubleValue >= 0, "pow",
            "the power \(exponent) of whole numbers is not whole; convert them to a floating-point type")
        return power(exponent.doubleValue)
    }

    /// The derivative is `exponent * x^(exponent - 1)`.
    private func power(_ exponent: Double) -> Tensor {
        if exponent == 2 { return squared("pow") }
        return mapped("pow", .power(exponent)) { gradient, x in
            switch exponent {
            case 0: gradient.zerosLike()
            case 1: gradient
            default: gradient * (x.power(exponent - 1) * exponent)
            }
        }
    }

    /// Each element times itself; the derivative is `2 * x`.
    final func squared(_ name: OperationName) -> Tensor {
        Tensor.record(name, array.unary(.square), of: self, saving: self) { saved, gradient in
            let x = saved.tensor(0)
            return Tensor.gradient(.squareGradient, gradient, at: x) { gradient * (x * 2) }
        }
    }

    /// Each element to the power of the other tensor's. A negative power of integers is cut to an integer, as in
    /// PyTorch.
    public final func pow(_ exponent: Tensor) -> Tensor {
        Tensor.combined("pow", .power, self, exponent) { gradient, base, exponent, saved in
            [
                saved.needs(0)
                    ? gradient * (exponent * base.pow(exponent - 1)).maskedFill(exponent.eq(0), 0) : nil,
                saved.needs(1) ? gradient * Tensor.powerSlope(base, exponent) : nil,
            ]
        }
    }

    /// A number to the power of each element: PyTorch's `pow(number, tensor)`.
    public static func pow<S: Scalar>(_ base: S, _ exponent: Tensor) -> Tensor {
        let exponent = exponent.promoted(with: S.self)
        return number(base, like: exponent).pow(exponent)
    }

    /// The derivative of `base^exponent` by the exponent: `base^exponent * log(base)`, and 0 where the base is 0 and
    /// the exponent not negative.
    private static func powerSlope(_ base: Tensor, _ exponent: Tensor) -> Tensor {
        let isFlat = base.eq(0) .& exponent.ge(0)
        return base.pow(exponent) * base.maskedFill(isFlat, 1).log()
    }
}

// MARK: - Extremes and remainders

extension Tensor {
    /// The larger of two elements; NaN if either is. Equal ones get half of the gradient each.
    public final func maximum(_ other: Tensor) -> Tensor {
        Tensor.combined("maximum", .maximum, self, other) { gradient, a, b, saved in
            let share = Tensor.where(a.eq(b), gradient * 0.5, gradient)
            return [
                saved.needs(0) ? share.maskedFill(a.lt(b), 0) : nil,
                saved.needs(1) ? share.maskedFill(a.gt(b), 0) : nil,
            ]
        }
    }

    /// The smaller of two elements; NaN if either is. Equal ones get half of the gradient each.
    public final func minimum(_ other: Tensor) -> Tensor {
        Tensor.combined("minimum", .minimum, self, other) { gradient, a, b, saved in
            let share = Tensor.where(a.eq(b), gradient * 0.5, gradient)
            return [
                saved.needs(0) ? share.maskedFill(a.gt(b), 0) : nil,
                saved.needs(1) ? share.maskedFill(a.lt(b), 0) : nil,
            ]
        }
    }

    /// The remainder of the division, with the sign of the dividend. Stops where an integer is divided by 0.
    public final func fmod(_ other: Tensor) -> Tensor {
        requireDivisors(other, "fmod")
        return Tensor.combined("fmod", .fmod, self, other) { gradient, a, b, saved in
            [gradient, saved.needs(1) ? -gradient * (a / b).trunc() : nil]
        }
    }

    /// The remainder of the division by a number, with the sign of the dividend.
    public final func fmod<S: Scalar>(_ number: S) -> Tensor {
        let x = promoted(with: S.self)
        x.requireHolds(number, "fmod")
        return x.fmod(Tensor.number(number, like: x))
    }

    /// The remainder of the division, with the sign of the divisor. Stops where an integer is divided by 0.
    public final func remainder(_ other: Tensor) -> Tensor {
        requireDivisors(other, "remainder")
        return Tensor.combined("remainder", .remainder, self, other) { gradient, a, b, saved in
            [gradient, saved.needs(1) ? -gradient * a.floorDivide(b) : nil]
        }
    }

    /// The remainder of the division by a number, with the sign of the number.
    public final func remainder<S: Scalar>(_ number: S) -> Tensor {
        let x = promoted(with: S.self)
        x.requireHolds(number, "remainder")
        return x.remainder(Tensor.number(number, like: x))
    }

    /// The quotient, rounded down. Integers stay whole; one that is divided by 0 stops the program. Its gradient is 0.
    public final func floorDivide(_ other: Tensor) -> Tensor {
        requireDivisors(other, "floorDivide")
        return Tensor.combined("floorDivide", .floorDivide, self, other) { gradient, _, _, _ in
            [gradient.zerosLike(), gradient.zerosLike()]
        }
    }

    /// The quotient by a number, rounded down. Integers stay whole. Its gradient is 0.
    public final func floorDivide<S: Scalar>(_ number: S) -> Tensor {
        let x = promoted(with: S.self)
        x.requireHolds(number, "floorDivide")
        return x.floorDivide(Tensor.number(number, like: x))
    }
}

// MARK: - Functions of two elements

extension Tensor {
    /// The angle, in radians from -π to π, of the points whose ordinates are this tensor and whose abscissas are `x`. Its
    /// gradient is 0 at the origin.
    public final func atan2(_ x: Tensor) -> Tensor {
        Tensor.combined("atan2", .atan2, self, x, isWhole: false) { gradient, y, x, saved in
            let distance = x.square() + y.square()
            let scaled = (gradient / distance).maskedFill(distance.eq(0), 0)
            return [saved.needs(0) ? scaled * x : nil, saved.needs(1) ? -scaled * y : nil]
        }
    }

    /// `√(a² + b²)`, without overflow. Its gradient is 0 where both are 0.
    public final func hypot(_ other: Tensor) -> Tensor {
        Tensor.combined("hypot", .hypot, self, other, isWhole: false) { gradient, a, b, saved in
            let length = a.hypot(b)
            func share(_ leg: Tensor) -> Tensor { gradient * (leg / length).maskedFill(length.eq(0), 0) }
            return [saved.needs(0) ? share(a) : nil, saved.needs(1) ? share(b) : nil]
        }
    }

    /// The magnitude of this tensor's elements with the sign of the other's. Its gradient is 0 at 0.
    public final func copysign(_ sign: Tensor) -> Tensor {
        Tensor.combined("copysign", .copySign, self, sign, isWhole: false) { gradient, a, b, saved in
            [
                saved.needs(0) ? gradient * (a.copysign(b) / a).maskedFill(a.eq(0), 0) : nil,
                saved.needs(1) ? gradient.zerosLike() : nil,
            ]
        }
    }

    /// `log(exp(a) + exp(b))`, without overflow.
    public final func logaddexp(_ other: Tensor) -> Tensor {
        Tensor.combined("logaddexp", .logAddExp, self, other, isWhole: false) { gradient, a, b, saved in
            [
                saved.needs(0) ? gradient * (a - b).sigmoid() : nil,
                saved.needs(1) ? gradient * (b - a).sigmoid() : nil,
            ]
        }
    }
}

// MARK: - What has no answer

extension Tensor {
    /// Truth values have no opposite number: `logicalNot` turns them round, `logicalXor` tells where two differ.
    final func requireSigned(_ operation: @autoclosure () -> String) {
        require(
            dtype != .bool, operation(),
            "bool tensors cannot be subtracted or negated; use logicalNot (.!) or logicalXor (.^)")
    }

    /// Integers have no quotient by 0, where floating-point ones have infinity or NaN.
    fileprivate func requireDivisors(_ divisors: Tensor, _ operation: @autoclosure () -> String) {
        if dtype.isFloatingPoint || divisors.dtype.isFloatingPoint { return }
        require(
            divisors.all().item(as: Bool.self), operation(),
            "a whole number is divided by 0; convert to a floating-point type, where that has a result")
    }

    /// A factor that elements of this tensor's type can be multiplied by without being cut.
    final func requireFits(_ factor: Double, _ operation: @autoclosure () -> String) {
        require(
            dtype.isFloatingPoint || factor.rounded() == factor, operation(),
            "\(factor) is not a whole number, and the tensor is \(dtype)")
    }
}
