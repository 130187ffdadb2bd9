// Comparisons and logic: results are bool, and carry no gradient.

extension Tensor {
    /// Compares in the type where the operands meet.
    private func compared(_ operation: BinaryFunction, _ other: Tensor, _ name: String) -> Tensor {
        let (a, b) = Tensor.promoted(detach(), other.detach())
        return Tensor(a.array.binary(operation, b.array, named: name))
    }

    private func compared<S: Scalar>(_ operation: BinaryFunction, _ number: S, _ name: String) -> Tensor {
        var a = detach().promoted(with: S.self)
        a.requireReal(name)
        // Cut to the elements' type, a number that is beyond all of them would equal one.
        if !a.dtype.holds(number) { a = a.to(.int64) }
        return Tensor(a.array.binary(operation, Tensor.number(number, like: a).array, named: name))
    }

    /// Where both parts of complex numbers are equal to those of another tensor.
    private func equalParts(_ other: Tensor) -> Tensor {
        let (a, b) = Tensor.promoted(self, other)
        return a.viewAsReal().eq(b.viewAsReal()).all(dim: -1)
    }

    /// Where the elements of two tensors are equal.
    public final func eq(_ other: Tensor) -> Tensor {
        dtype.isComplex || other.dtype.isComplex ? equalParts(other) : compared(.equal, other, "eq")
    }
    /// Where the elements of two tensors differ.
    public final func ne(_ other: Tensor) -> Tensor {
        dtype.isComplex || other.dtype.isComplex ? equalParts(other).logicalNot() : compared(.notEqual, other, "ne")
    }
    /// Where this tensor's elements are less than the other's.
    public final func lt(_ other: Tensor) -> Tensor { compared(.less, other, "lt") }
    /// Where this tensor's elements are at most the other's.
    public final func le(_ other: Tensor) -> Tensor { compared(.lessOrEqual, other, "le") }
    /// Where this tensor's elements are greater than the other's.
    public final func gt(_ other: Tensor) -> Tensor { compared(.greater, other, "gt") }
    /// Where this tensor's elements are at least the other's.
    public final func ge(_ other: Tensor) -> Tensor { compared(.greaterOrEqual, other, "ge") }

    /// Where the elements equal a number.
    public final func eq<S: Scalar>(_ number: S) -> Tensor {
        dtype.isComplex ? equalParts(Tensor.number(number, like: self)) : compared(.equal, number, "eq")
    }
    /// Where the elements differ from a number.
    public final func ne<S: Scalar>(_ number: S) -> Tensor {
        dtype.isComplex ? eq(number).logicalNot() : compared(.notEqual, number, "ne")
    }
    /// Where the elements are less than a number.
    public final func lt<S: Scalar>(_ number: S) -> Tensor { compared(.less, number, "lt") }
    /// Where the elements are at most a number.
    public final func le<S: Scalar>(_ number: S) -> Tensor { compared(.lessOrEqual, number, "le") }
    /// Where the elements are greater than a number.
    public final func gt<S: Scalar>(_ number: S) -> Tensor { compared(.greater, number, "gt") }
    /// Where the elements are at least a number.
    public final func ge<S: Scalar>(_ number: S) -> Tensor { compared(.greaterOrEqual, number, "ge") }
}

// MARK: - The same as operators, dotted as Swift's SIMD vectors have them

extension Tensor {
    /// `eq`.
    public static func .== (a: Tensor, b: Tensor) -> Tensor { a.eq(b) }
    /// `ne`.
    public static func .!= (a: Tensor, b: Tensor) -> Tensor { a.ne(b) }
    /// `lt`.
    public static func .< (a: Tensor, b: Tensor) -> Tensor { a.lt(b) }
    /// `le`.
    public static func .<= (a: Tensor, b: Tensor) -> Tensor { a.le(b) }
    /// `gt`.
    public static func .> (a: Tensor, b: Tensor) -> Tensor { a.gt(b) }
    /// `ge`.
    public static func .>= (a: Tensor, b: Tensor) -> Tensor { a.ge(b) }

    /// `eq` with a number.
    public static func .== <S: Scalar>(a: Tensor, b: S) -> Tensor { a.eq(b) }
    /// `ne` with a number.
    public static func .!= <S: Scalar>(a: Tensor, b: S) -> Tensor { a.ne(b) }
    /// `lt` with a number.
    public static func .< <S: Scalar>(a: Tensor, b: S) -> Tensor { a.lt(b) }
    /// `le` with a number.
    public static func .<= <S: Scalar>(a: Tensor, b: S) -> Tensor { a.le(b) }
    /// `gt` with a number.
    public static func .> <S: Scalar>(a: Tensor, b: S) -> Tensor { a.gt(b) }
    /// `ge` with a number.
    public static func .>= <S: Scalar>(a: Tensor, b: S) -> Tensor { a.ge(b) }

    /// `bitwiseAnd`: for masks, where both hold.
    public static func .& (a: Tensor, b: Tensor) -> Tensor { a.bitwiseAnd(b) }
    /// `bitwiseOr`: for masks, where either holds.
    public static func .| (a: Tensor, b: Tensor) -> Tensor { a.bitwiseOr(b) }
    /// `bitwiseXor`: for masks, where one of the two holds.
    public static func .^ (a: Tensor, b: Tensor) -> Tensor { a.bitwiseXor(b) }
    /// `logicalNot`: where a mask does not hold.
    public static prefix func .! (a: Tensor) -> Tensor { a.logicalNot() }
}

// MARK: - Logic and bits

extension Tensor {
    /// Where both elements are not 0.
    public final func logicalAnd(_ other: Tensor) -> Tensor { compared(.logicalAnd, other, "logicalAnd") }
    /// Where either element is not 0.
    public final func logicalOr(_ other: Tensor) -> Tensor { compared(.logicalOr, other, "logicalOr") }
    /// Where one of the two elements is not 0.
    public final func logicalXor(_ other: Tensor) -> Tensor { compared(.logicalXor, other, "logicalXor") }
    /// Where the element is 0.
    public final func logicalNot() -> Tensor { Tensor(array.unary(.logicalNot)) }

    /// The bits that are set in both elements; of bools, whether both hold.
    public final func bitwiseAnd(_ other: Tensor) -> Tensor { bitwise(.bitwiseAnd, other, "bitwiseAnd") }
    /// The bits that are set in either element; of bools, whether either holds.
    public final func bitwiseOr(_ other: Tensor) -> Tensor { bitwise(.bitwiseOr, other, "bitwiseOr") }
    /// The bits that are set in one of the two elements; of bools, whether one of the two holds.
    public final func bitwiseXor(_ other: Tensor) -> Tensor { bitwise(.bitwiseXor, other, "bitwiseXor") }

    /// Every bit turned over; of bools, the opposite.
    public final func bitwiseNot() -> Tensor {
        requireBits("bitwiseNot")
        return Tensor(array.unary(.bitwiseNot))
    }

    /// Bits moved up by as many places as `other` says.
    public final func bitwiseLeftShift(_ other: Tensor) -> Tensor { bitwise(.shiftLeft, other, "bitwiseLeftShift") }

    /// Bits moved down by as many places as `other` says; the sign stays.
    public final func bitwiseRightShift(_ other: Tensor) -> Tensor { bitwise(.shiftRight, other, "bitwiseRightShift") }

    private func bitwise(_ operation: BinaryFunction, _ other: Tensor, _ name: String) -> Tensor {
        requireBits(name)
        other.requireBits(name)
        return compared(operation, other, name)
    }

    private func requireBits(_ name: String) {
        require(!dtype.isFloatingPoint, name, "works on whole numbers and bools, not on \(dtype)")
    }
}

// MARK: - Special values

extension Tensor {
    /// Where the element is NaN.
    public final func isnan() -> Tensor { Tensor(array.unary(.isNaN)) }
    /// Where the element is infinite, of either sign.
    public final func isinf() -> Tensor { Tensor(array.unary(.isInfinite)) }
    /// Where the element is neither infinite nor NaN.
    public final func isfinite() -> Tensor { Tensor(array.unary(.isFinite)) }

    /// Where `|x - other| <= atol + rtol * |other|`, or both are the same infinity, or, with `equalNaN`, both NaN.
    public final func isclose(
        _ other: Tensor, rtol: Double = 1e-5, atol: Double = 1e-8, equalNaN: Bool = false
    ) -> Tensor {
        let (a, b) = Tensor.promoted(detach(), other.detach())
        let same = equalNaN ? a.eq(b).logicalOr(a.isnan().logicalAnd(b.isnan())) : a.eq(b)
        // float32 does not tell large whole numbers apart.
        let (x, y) = a.dtype.isFloatingPoint ? (a, b) : (a.to(.float64), b.to(.float64))
        let near = (x - y).abs().le(y.abs() * rtol + atol)
        return same.logicalOr(near.logicalAnd(x.isfinite()).logicalAnd(y.isfinite()))
    }
}
