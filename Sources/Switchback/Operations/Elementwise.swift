// How operations on single elements reach their kernel; the operations themselves are in Arithmetic.swift,
// Functions.swift, Activations.swift, Comparison.swift and Selection.swift.

extension NDArray {
    /// `operation` of each element, as a new array.
    func unary(_ operation: UnaryOperation) -> NDArray {
        let result = emptyLike(dtype: operation.isPredicate ? .bool : dtype)
        backend.unary(operation, self, into: result)
        return result
    }

    func unary(_ function: UnaryFunction) -> NDArray { unary(UnaryOperation(function)) }

    /// `operation` of the elements of two arrays of one type, broadcast to each other.
    func binary(_ operation: BinaryOperation, _ other: NDArray, named name: @autoclosure () -> String) -> NDArray {
        requireSameBackend(name(), other)
        if dtype.isComplex { dtype.refuseComplex(name()) }
        let type = operation.isPredicate ? DType.bool : dtype
        if layout === other.layout || shape == other.shape {
            let followsOther = isContiguous && other.isChannelsLast && !other.isContiguous
            let result = followsOther ? other.emptyLike(dtype: type) : emptyLike(dtype: type)
            backend.binary(operation, self, other, into: result)
            return result
        }
        guard let shape = Shape.broadcast(shape, other.shape) else {
            fail(name(), "the shapes \(self.shape) and \(other.shape) do not broadcast to each other")
        }
        let form = self.shape == shape ? self : other.shape == shape ? other : expanded(to: shape)
        let result = form.emptyLike(dtype: type)
        backend.binary(operation, expanded(to: shape), other.expanded(to: shape), into: result)
        return result
    }

    func binary(_ function: BinaryFunction, _ other: NDArray, named name: @autoclosure () -> String) -> NDArray {
        binary(BinaryOperation(function), other, named: name())
    }
}

// MARK: - The type in which operands meet

extension Tensor {
    /// The type in which operands meet, PyTorch's `result_type`: that of the tensors with dimensions. Those without count
    /// only together, and only if they are of a higher category: bool, integer, floating.
    static func resultType(_ operands: [Tensor]) -> DType {
        func common(_ tensors: [Tensor]) -> DType? {
            tensors.first.map { first in tensors.dropFirst().reduce(first.dtype) { .promoted($0, $1.dtype) } }
        }
        let single = common(operands.filter { $0.rank == 0 })
        let type = common(operands.filter { $0.rank > 0 })
        guard let single, let type else { return (single ?? type)! }
        return single.category > type.category ? single : type
    }

    /// All operands in the type where they meet.
    static func promoted(_ operands: [Tensor]) -> [Tensor] {
        let type = resultType(operands)
        return operands.map { $0.to(type) }
    }

    /// Both operands in the type where they meet.
    static func promoted(_ a: Tensor, _ b: Tensor) -> (Tensor, Tensor) {
        if a.dtype == b.dtype { return (a, b) }
        let type = resultType([a, b])
        return (a.to(type), b.to(type))
    }

    /// Both operands in the type where they meet, whole numbers in float32.
    static func promotedFloating(_ a: Tensor, _ b: Tensor) -> (Tensor, Tensor) {
        let (a, b) = promoted(a, b)
        return (a.floating, b.floating)
    }

    /// An operation on both operands in the type where they meet.
    static func promoted(_ a: Tensor, _ b: Tensor, _ operation: (Tensor, Tensor) -> Tensor) -> Tensor {
        let (a, b) = promoted(a, b)
        return operation(a, b)
    }

    /// Whether a number can be met in this tensor's own type, rather than in the number's.
    @inline(__always)
    final func admits<S: Scalar>(_ number: S.Type) -> Bool { S.dtype.category <= dtype.category }

    /// This tensor in the type in which it meets a number.
    final func promoted<S: Scalar>(with number: S.Type) -> Tensor { admits(number) ? self : to(S.defaultDType) }

    /// Stops unless this tensor's type holds a number that is about to be written into it.
    final func requireHolds<S: Scalar>(_ number: S, _ operation: @autoclosure () -> String) {
        dtype.requireHolds(number, operation())
    }

    /// This tensor, with uint8 converted to int64, whose differences have a sign and whose products fit.
    final var signed: Tensor { dtype == .uint8 ? to(.int64) : self }

    /// This tensor, with integers converted to float32: for functions whose values are not whole.
    final var floating: Tensor { dtype.isFloatingPoint ? self : to(.float32) }

    /// An operation of this tensor, computed in float32 if its elements have 16 bits, and rounded to them once.
    final func inFloat32(_ operation: (Tensor) -> Tensor) -> Tensor {
        dtype.isShortFloat ? operation(to(.float32)).to(dtype) : operation(self)
    }

    /// An operation of several tensors in the type where they meet, computed in float32 and rounded once if that has 16
    /// bits.
    static func inFloat32(_ operands: [Tensor], _ operation: ([Tensor]) -> Tensor) -> Tensor {
        let type = resultType(operands)
        if !type.isShortFloat { return operation(operands.map { $0.to(type) }) }
        return operation(operands.map { $0.to(.float32) }).to(type)
    }

    /// A tensor without dimensions that holds a number, in the type of `tensor`.
    static func number<S: Scalar>(_ value: S, like tensor: Tensor) -> Tensor {
        let array = NDArray(empty: [], dtype: tensor.dtype, backend: tensor.backend)
        array.backend.fill(array, with: value.doubleValue, integer: value.int64Value)
        return Tensor(array)
    }
}

// MARK: - The common forms of elementwise operations

extension Tensor {
    /// The inputs of the gradient of an elementwise function.
    enum GradientSource { case operand, result }

    /// Records a function of each element. The rule gets the gradient of the result and the operand, or the result
    /// itself.
    ///
    /// - Parameter compactly: whether what the rule gets may be rounded, in the precision of the thread.
    final func mapped(
        _ name: OperationName, _ operation: UnaryOperation, saving source: GradientSource = .operand,
        compactly: Bool = false, gradient rule: @escaping @Sendable (_ gradient: Tensor, _ value: Tensor) -> Tensor
    ) -> Tensor {
        requireReal("\(name)")
        let result = array.unary(operation)
        switch source {
        case .operand:
            return Tensor.record(name, result, of: self, saving: compactly ? compacted() : self) { saved, gradient in
                let value = saved.tensor(0)
                // The operations that a gradient of gradients is composed of compute in its type; kernels read any.
                return rule(gradient, compactly && ThreadState.recordsGradients ? value.to(gradient.dtype) : value)
            }
        case .result:
            if compactly && result.isReadRounded {
                return Tensor.record(name, result, of: self, saving: Tensor.compacted(result)) {
                    rule($1, $0.tensor(0))
                }
            }
            return Tensor.record(name, result, of: self, savingOutput: true) { rule($1, $0.output()) }
        }
    }

    final func mapped(
        _ name: OperationName, _ function: UnaryFunction, saving source: GradientSource = .operand,
        compactly: Bool = false, gradient rule: @escaping @Sendable (_ gradient: Tensor, _ value: Tensor) -> Tensor
    ) -> Tensor {
        mapped(name, UnaryOperation(function), saving: source, compactly: compactly, gradient: rule)
    }

    /// Records a function of two tensors, in the type where they meet, whose gradient needs both.
    ///
    /// - Parameter isWhole: whether the function of whole numbers is whole; otherwise they are converted to float32.
    static func combined(
        _ name: OperationName, _ operation: BinaryFunction, _ a: Tensor, _ b: Tensor, isWhole: Bool = true,
        gradient rule: @escaping @Sendable (_ gradient: Tensor, _ a: Tensor, _ b: Tensor, _ saved: Saved) -> [Tensor?]
    ) -> Tensor {
        let (a, b) = isWhole ? promoted(a, b) : promotedFloating(a, b)
        let result = a.array.binary(operation, b.array, named: "\(name)")
        return record(name, result, from: [a, b], saving: [a, b]) { saved, gradient in
            rule(gradient, saved.tensor(0), saved.tensor(1), saved)
        }
    }

    /// The gradient of an activation in one pass, by a kernel; `composed` of operations that have gradients themselves
    /// where this gradient will be differentiated in its turn.
    static func gradient(
        _ kernel: BinaryOperation, _ gradient: Tensor, at value: Tensor, composed: () -> Tensor
    ) -> Tensor {
        if ThreadState.recordsGradients { return composed() }
        return Tensor(gradient.array.binary(kernel, value.array, named: "backward"))
    }

    static func gradient(
        _ kernel: BinaryFunction, _ gradient: Tensor, at value: Tensor, composed: () -> Tensor
    ) -> Tensor {
        self.gradient(BinaryOperation(kernel), gradient, at: value, composed: composed)
    }
}
