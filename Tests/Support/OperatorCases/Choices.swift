import Switchback

/// The lines of a tensor that an operator chose elements from. Which of equal elements it chose is not defined: positions are
/// compared by what stands there, and gradients as those of all equal elements together.
struct Choices {
    let lines: Tensor
    let dim: Int

    /// How positions differ from PyTorch's.
    func difference(_ found: Tensor, _ expected: Tensor) -> String? {
        if found.shape != expected.shape || found.dtype != expected.dtype {
            return "\(found.dtype) \(found.shape), expected \(expected.dtype) \(expected.shape)"
        }
        let (a, b) = (full(found), full(expected))
        let places = rows(a, of: Int.self)
        if places.contains(where: { Set($0).count != $0.count }) { return "a position stands twice" }
        return Closeness(.float64).difference(
            lines.gather(dim: dim, index: a).to(.float64), lines.gather(dim: dim, index: b).to(.float64), orOneOf: [])
    }

    /// A gradient of the lines, in the order of their elements, and for equal ones in its own.
    func grouped(_ gradient: Tensor) -> Tensor {
        let sorted = zip(rows(lines, of: Double.self), rows(gradient, of: Double.self)).flatMap { values, slopes in
            zip(values, slopes).sorted { rank($0) < rank($1) }.map(\.1)
        }
        return Tensor(sorted, dtype: gradient.dtype).reshape(gradient.shape)
    }

    private func rank(_ pair: (value: Double, slope: Double)) -> (Double, Double) {
        (pair.value.isNaN ? .infinity : pair.value, pair.slope.isNaN ? .infinity : pair.slope)
    }

    /// With the dimension along which elements were chosen, where it was dropped.
    private func full(_ positions: Tensor) -> Tensor {
        positions.rank == lines.rank ? positions : positions.unsqueeze(dim)
    }

    private func rows<Number: Scalar>(_ tensor: Tensor, of type: Number.Type) -> [[Number]] {
        let turned = tensor.movedim(dim, -1)
        let (length, numbers) = (turned.size(-1), turned.toArray(as: type))
        return length == 0
            ? [] : stride(from: 0, to: numbers.count, by: length).map { Array(numbers[$0..<$0 + length]) }
    }
}
