// Changes in place: the memory of a tensor is written over, and its place in the graph moves on to the change.

extension Tensor {
    /// Changes this tensor's memory, and makes it the result of that change, so that gradients flow through it.
    ///
    /// Stops, where operations are recorded, for a leaf that requires a gradient: its gradient would be that of
    /// values which are gone. Changes noticed here are found by every operation that saved the old values.
    ///
    /// - Parameters:
    ///   - operands: what the change depends on beside this tensor, which is operand 0.
    ///   - saving: what the gradient needs; not this tensor, whose values change.
    ///   - gradient: the rule, from the gradient of the changed tensor to those of the old one and the operands.
    ///   - write: changes the memory.
    final func changeInPlace(
        by name: OperationName, with operands: [Tensor] = [], saving: @autoclosure () -> [Tensor?] = [],
        gradient: @escaping GradientRule, write: (NDArray) -> Void
    ) {
        let records = ThreadState.current.recordsGradients
        require(
            !(records && node is GradientAccumulator), "\(name)",
            "a leaf that requires a gradient is changed in place only inside noGrad")
        require(
            !array.layout.overlaps, "\(name)",
            "several elements of this view of shape \(shape) share memory, as expand() and unfold() make them, and cannot "
                + "be changed in place; clone() it first")
        write(array)
        // As it was before, with its old place in the graph.
        let before = node.map { Tensor(array, node: $0, outputIndex: outputIndex) } ?? Tensor(array)
        if records { checkNotChangedElsewhere(name) }
        let after = Tensor.record(name, array, from: [before] + operands, saving: saving(), gradient: gradient)
        array.storage.noteChange(by: name.text)
        if records {
            if let after = after.node { node?.passRetention(ofOutput: outputIndex, to: after) }
            node = after.node
            outputIndex = after.outputIndex
        }
        recordedVersion = array.storage.version
    }

    /// Takes note that the last change of the memory, through a view, is about to be recorded for this tensor too.
    final func overlookLastChange() {
        if recordedVersion + 1 == array.storage.version { recordedVersion += 1 }
    }
}

// MARK: - Arithmetic in place

// These operators change the tensor, not the variable: `let` tensors can be changed, and every view of the memory sees
// it. The result keeps this tensor's type and shape.

extension Tensor {
    /// Adds a tensor in place.
    @_disfavoredOverload
    public static func += (a: Tensor, b: Tensor) {
        let b = a.operandForChange(b, "+=")
        a.changeInPlace(by: "+=", with: [b], gradient: { [$1, $1] }) { $0.change(by: .add, b.array) }
    }

    /// Subtracts a tensor in place.
    @_disfavoredOverload
    public static func -= (a: Tensor, b: Tensor) {
        a.requireSigned("-=")
        let b = a.operandForChange(b, "-=")
        a.changeInPlace(by: "-=", with: [b], gradient: { [$1, $0.needs(1) ? -$1 : nil] }) {
            $0.change(by: .subtract, b.array)
        }
    }

    /// Multiplies by a tensor in place.
    @_disfavoredOverload
    public static func *= (a: Tensor, b: Tensor) {
        let b = a.operandForChange(b, "*=")
        let before = a.valuesBeforeChange(neededBy: b)
        a.changeInPlace(
            by: "*=", with: [b], saving: [b, before],
            gradient: { saved, gradient in
                [gradient * saved.tensor(0), saved.needs(1) ? gradient * saved.tensor(1) : nil]
            }
        ) { $0.change(by: .multiply, b.array) }
    }

    /// Divides by a tensor in place. Stops for a tensor of integers.
    @_disfavoredOverload
    public static func /= (a: Tensor, b: Tensor) {
        require(a.dtype.isFloatingPoint, "/=", "a quotient does not fit a tensor of \(a.dtype)")
        let b = a.operandForChange(b, "/=")
        let before = a.valuesBeforeChange(neededBy: b)
        a.changeInPlace(
            by: "/=", with: [b], saving: [b, before],
            gradient: { saved, gradient in
                let b = saved.tensor(0)
                return [gradient / b, saved.needs(1) ? -gradient * (saved.tensor(1) / b / b) : nil]
            }
        ) { $0.change(by: .divide, b.array) }
    }

    /// Adds a number in place.
    @_disfavoredOverload
    public static func += <S: Scalar>(a: Tensor, b: S) { a += a.numberForChange(b, "+=") }
    /// Subtracts a number in place.
    @_disfavoredOverload
    public static func -= <S: Scalar>(a: Tensor, b: S) { a -= a.numberForChange(b, "-=") }
    /// Multiplies by a number in place.
    @_disfavoredOverload
    public static func *= <S: Scalar>(a: Tensor, b: S) { a *= a.numberForChange(b, "*=") }
    /// Divides by a number in place. Stops for a tensor of integers.
    @_disfavoredOverload
    public static func /= <S: Scalar>(a: Tensor, b: S) { a /= a.numberForChange(b, "/=") }
}

// MARK: - Arithmetic on subscripts

// `x[mask] += 1` reads, changes and then assigns what was read. That makes the change one of x also where the subscript
// reads a copy, and records it for x where it reads a view. A variable, `x += 1`, is changed as above.

extension Tensor {
    /// Adds a tensor in place, to a variable or a subscript.
    public static func += (a: inout Tensor, b: Tensor) { change(a) { $0 += b } }
    /// Subtracts a tensor in place, from a variable or a subscript.
    public static func -= (a: inout Tensor, b: Tensor) { change(a) { $0 -= b } }
    /// Multiplies a variable or a subscript by a tensor in place.
    public static func *= (a: inout Tensor, b: Tensor) { change(a) { $0 *= b } }
    /// Divides a variable or a subscript by a tensor in place.
    public static func /= (a: inout Tensor, b: Tensor) { change(a) { $0 /= b } }

    /// Adds a number in place, to a variable or a subscript.
    public static func += <S: Scalar>(a: inout Tensor, b: S) { change(a) { $0 += b } }
    /// Subtracts a number in place, from a variable or a subscript.
    public static func -= <S: Scalar>(a: inout Tensor, b: S) { change(a) { $0 -= b } }
    /// Multiplies a variable or a subscript by a number in place.
    public static func *= <S: Scalar>(a: inout Tensor, b: S) { change(a) { $0 *= b } }
    /// Divides a variable or a subscript by a number in place.
    public static func /= <S: Scalar>(a: inout Tensor, b: S) { change(a) { $0 /= b } }

    /// Hands a variable's tensor to an operator that changes it: as a constant, for which only those above fit.
    private static func change(_ tensor: Tensor, _ body: (Tensor) -> Void) { body(tensor) }
}

extension Tensor {
    /// An operand in this tensor's type, that will not change while this tensor's memory does.
    private func operandForChange(_ other: Tensor, _ name: String) -> Tensor {
        requireReal(name)
        require(
            other.dtype.category <= dtype.category, name, "values of \(other.dtype) do not fit a tensor of \(dtype)")
        require(
            Shape.broadcast(shape, other.shape) == shape, name,
            "the shape \(other.shape) does not broadcast to \(shape), which cannot change in place")
        requireSameBackend(name, other)
        let other = other.to(dtype)
        return other.array.storage === array.storage ? other.clone() : other
    }

    private func numberForChange<S: Scalar>(_ number: S, _ name: String) -> Tensor {
        require(S.dtype.category <= dtype.category, name, "\(number) does not fit a tensor of \(dtype)")
        return Tensor.number(number, like: self)
    }

    /// A copy of this tensor if the gradient of `operand` will need it.
    private func valuesBeforeChange(neededBy operand: Tensor) -> Tensor? {
        operand.requiresGrad && ThreadState.current.recordsGradients ? clone() : nil
    }
}

extension NDArray {
    /// Writes `operation` of each element and its partner over the element.
    fileprivate func change(by operation: BinaryFunction, _ other: NDArray) {
        backend.binary(operation, self, other.expanded(to: shape), into: self)
    }
}

// MARK: - Filling

extension Tensor {
    /// Writes a number over every element: PyTorch's `fill_`. Stops if it does not fit whole ones.
    public final func fill<S: Scalar>(_ value: S) {
        requireHolds(value, "fill")
        changeInPlace(by: "fill", gradient: { [$1.zerosLike()] }) {
            $0.backend.fill($0, with: value.doubleValue, integer: value.int64Value)
        }
    }

    /// Writes 0 over every element: PyTorch's `zero_`.
    public final func zero() { fill(0) }

    /// Writes the values of another tensor, broadcast and converted, over this one's: PyTorch's `copy_`. The other may
    /// lie in the memory of another backend.
    public final func copy(from source: Tensor) {
        require(
            Shape.broadcast(shape, source.shape) == shape, "copy",
            "the shape \(source.shape) does not broadcast to \(shape)")
        let source = source.array.storage === array.storage ? source.clone() : source.to(backend)
        changeInPlace(by: "copy", with: [source], gradient: { [$0.needs(0) ? $1.zerosLike() : nil, $1] }) {
            source.array.expanded(to: $0.shape).copy(into: $0)
        }
    }

    /// Writes random numbers, uniform in [low, high), over every element: PyTorch's `uniform_`.
    public final func fillUniform(low: Double = 0, high: Double = 1, generator: Generator? = nil) {
        require(dtype.isFloatingPoint, "fillUniform", "writes floating-point numbers, and this tensor is \(dtype)")
        changeInPlace(by: "fillUniform", gradient: { [$1.zerosLike()] }) {
            $0.fillUniform(low: low, high: high, generator)
        }
    }

    /// Writes normally distributed random numbers over every element: PyTorch's `normal_`.
    public final func fillNormal(mean: Double = 0, standardDeviation: Double = 1, generator: Generator? = nil) {
        require(dtype.isFloatingPoint, "fillNormal", "writes floating-point numbers, and this tensor is \(dtype)")
        changeInPlace(by: "fillNormal", gradient: { [$1.zerosLike()] }) {
            $0.fillNormal(mean: mean, standardDeviation: standardDeviation, generator)
        }
    }
}
