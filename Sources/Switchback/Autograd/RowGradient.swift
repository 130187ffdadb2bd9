/// The gradient of a table of which few rows were used: those rows alone. What PyTorch has as a sparse, coalesced
/// tensor.
public struct RowGradient {
    /// The rows that were used, in ascending order, each once: int64 [n].
    public let rows: Tensor
    /// Their gradients, [n, width].
    public let values: Tensor
    /// That of the table, [count, width].
    public let shape: Shape
    /// Whether a leaf keeps it as it is; else it becomes a whole gradient as soon as that is requested.
    package var staysInRows = true

    /// Adds up the gradients of rows that occur several times, in their order, as a dense gradient does: to the same
    /// bits.
    ///
    /// - Parameters:
    ///   - rows: int64 [n], from 0 to less than `shape[0]`.
    ///   - values: [n, width].
    public init(rows: Tensor, values: Tensor, shape: Shape) {
        require(
            shape.count == 2 && rows.rank == 1 && rows.dtype == .int64 && values.shape == [rows.count, shape[1]],
            "RowGradient", "rows \(rows.shape) with values \(values.shape) are not a gradient of a table \(shape)")
        let (used, place) = noGrad {
            let unique = rows.unique()
            return (unique.values, unique.inverse)
        }
        let sums = NDArray(
            filled: 0, shape: [used.count, shape[1]], dtype: values.dtype, backend: values.backend)
        sums.backend.indexAdd(sums, dim: 0, index: place.array, source: values.array, scale: 1)
        (self.rows, self.values, self.shape) = (used, Tensor(sums), shape)
    }

    /// Whether so many rows of a table are few enough for their gradient to be kept by row unasked: they are all that
    /// clipping and checks have to read.
    static func areFew(_ rows: Int, of count: Int) -> Bool { rows <= count / 8 }

    /// The gradient of the whole table, [count, width], with zeros in the rows that were not used. New memory each
    /// time.
    public var dense: Tensor {
        let result = NDArray(filled: 0, shape: shape, dtype: values.dtype, backend: values.backend)
        result.backend.indexCopy(result, dim: 0, index: rows.array, source: values.array)
        return Tensor(result)
    }

    /// The sum of two gradients of one table.
    public static func + (a: RowGradient, b: RowGradient) -> RowGradient {
        var sum = noGrad {
            RowGradient(
                rows: Tensor.cat([a.rows, b.rows]), values: Tensor.cat([a.values, b.values]), shape: a.shape)
        }
        sum.staysInRows = a.staysInRows && b.staysInRows
        return sum
    }

    /// Without one row, which is not trained.
    func without(row: Int) -> RowGradient {
        noGrad {
            let kept = rows.ne(Double(row)).nonzero().reshape(-1)
            if kept.count == rows.count { return self }
            return RowGradient(
                rows: rows.indexSelect(dim: 0, index: kept), values: values.indexSelect(dim: 0, index: kept),
                shape: shape)
        }
    }
}
