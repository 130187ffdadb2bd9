// How operations on single elements reach their kernel; the operations themselves are in Arithmetic.swift, …

extension NDArray {
    /// `operation` of each element, as a new array.
    func unary(_ operation: UnaryOperation) -> NDArray {
        let result = emptyLike(dtype: operation.isPredicate ? .bool : dtype)
        backend.unary(operation, self, into: result)
        return result
    }

    /// `operation` of the elements of two arrays of one type, broadcast to each other.
    func binary(_ operation: BinaryOperation, _ other: NDArray, named name: @autoclosure () -> String) -> NDArray {
        let type = operation.isPredicate ? DType.bool : dtype
        if shape == other.shape {
            let result =
                strides == other.strides || !other.isChannelsLast
                ? emptyLike(dtype: type) : other.emptyLike(dtype: type)
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
}

extension Tensor {
    /// Both operands in the type where they meet. A tensor without dimensions yields to one with dimensions of the
    /// same category, as in PyTorch.
    static func promoted(_ a: Tensor, _ b: Tensor) -> (Tensor, Tensor) {
        if a.dtype == b.dtype { return (a, b) }
        let type: DType
        if a.rank == 0 && b.rank > 0 && a.dtype.category <= b.dtype.category {
            type = b.dtype
        } else if b.rank == 0 && a.rank > 0 && b.dtype.category <= a.dtype.category {
            type = a.dtype
        } else {
            type = DType.promoted(a.dtype, b.dtype)
        }
        return (a.to(type), b.to(type))
    }

    /// This tensor in the type in which it meets a number.
    final func promoted<S: Scalar>(with number: S.Type) -> Tensor {
        if S.dtype.category <= dtype.category { return self }
        return to(S.defaultDType)
    }

    /// This tensor, with whole numbers converted to float32: for functions whose values are not whole.
    final var floating: Tensor { dtype.isFloatingPoint ? self : to(.float32) }
}
