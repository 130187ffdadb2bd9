// The middle of an order: the lower of two where the number of elements is even.

extension Tensor {
    /// The elements in the middle of the order along a dimension, and where each stood (int64). NaN if there is one,
    /// and the position of the first. Stops if there is nothing along the dimension.
    public final func median(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        middle("median", dim, keepDim) { length, nanCounts in
            let half = nanCounts.zerosLike() + (length - 1) / 2
            return Tensor.where(nanCounts.gt(0), length - nanCounts, half)
        }
    }

    /// As `median`, of the elements that are not NaN; NaN where all are.
    public final func nanmedian(dim: Int, keepDim: Bool = false) -> (values: Tensor, indices: Tensor) {
        middle("nanmedian", dim, keepDim) { length, nanCounts in
            (length - 1 - nanCounts).clamp(min: 0).floorDivide(2)
        }
    }

    /// The element in the middle of the order of all; NaN if there is one, or no element, for which whole numbers stop.
    /// Equal ones, or all NaN, share the gradient evenly.
    public final func median() -> Tensor {
        count == 0 ? missing("median") : sharing("median", detach().reshape(-1).median(dim: 0).values)
    }

    /// As `median`, of the elements that are not NaN; NaN if there is none.
    public final func nanmedian() -> Tensor {
        count == 0 ? missing("nanmedian") : sharing("nanmedian", detach().reshape(-1).nanmedian(dim: 0).values)
    }

    /// A value that stands in this tensor, with a gradient that the elements equal to it share.
    private func sharing(_ name: OperationName, _ value: Tensor) -> Tensor {
        Tensor.record(name, value.array, from: [self], saving: [self], savingOutput: true) { saved, gradient in
            let (x, value) = (saved.tensor(0), saved.output())
            return [x.eq(value).logicalOr(x.isnan().logicalAnd(value.isnan())).sharing(gradient)]
        }
    }

    /// The median of nothing.
    private func missing(_ name: String) -> Tensor {
        require(dtype.isFloatingPoint, name, "\(shape) has no element, and \(dtype) no NaN to say so")
        return sum() + Double.nan
    }

    /// The elements at one position of the ascending order of each line, in which NaN come last.
    ///
    /// - Parameter position: gets the length of the lines, and for each the number of NaN in it.
    private func middle(
        _ name: String, _ dim: Int, _ keepDim: Bool, position: (_ length: Int, _ nanCounts: Tensor) -> Tensor
    ) -> (values: Tensor, indices: Tensor) {
        let form = ReducedShape(self, [dim], keepDim: keepDim, name)
        require(form.combined > 0, name, "there is no element along dimension \(dim) of \(shape)")
        if rank == 0 { return (self, newZeros([]).to(.int64)) }
        let along = dimension(dim, name)
        let (values, indices) = sort(dim: along)
        let place = position(form.combined, detach().isnan().sum(dim: along, keepDim: true))
        return (
            values.gathered(along, place).reshape(form.result), indices.gathered(along, place).reshape(form.result)
        )
    }
}
