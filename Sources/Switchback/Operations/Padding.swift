// Frames around tensors.

/// The values that a tensor is padded with.
public enum PaddingMode: Sendable, Hashable {
    /// One number. Negative widths cut off.
    case constant(Double)
    /// The elements mirrored at the edge element, which is not repeated.
    case reflect
    /// The edge element.
    case replicate
    /// The elements from the other end.
    case circular

    public static let zeros = PaddingMode.constant(0)
}

extension Tensor {
    /// A tensor with more (or, for negative widths, fewer) elements before and after those of its last dimensions.
    ///
    /// - Parameters:
    ///   - widths: in PyTorch's order: before and after in the last dimension, then in the last but one, and so on.
    ///   - mode: what the new elements are. Mirrored ones are fewer than the dimension has, circular ones not more than
    ///     are left when negative widths have cut off theirs.
    public final func pad(_ widths: [Int], mode: PaddingMode = .zeros) -> Tensor {
        require(
            widths.count % 2 == 0 && widths.count / 2 <= rank, "pad",
            "\(widths) are not widths before and after for some of the \(rank) dimensions of \(shape)")
        var frame = Frame(before: Shape(repeating: 0, count: rank), after: Shape(repeating: 0, count: rank))
        for i in 0..<widths.count / 2 {
            frame.before[rank - 1 - i] = widths[2 * i]
            frame.after[rank - 1 - i] = widths[2 * i + 1]
        }
        for dim in 0..<rank {
            require(
                shape[dim] + frame.before[dim] + frame.after[dim] >= 0, "pad",
                "widths \(frame.before[dim]) and \(frame.after[dim]) leave less than nothing of dimension \(dim) of "
                    + "\(shape)")
        }
        if case .constant(let value) = mode { return framed(frame, value) }
        return (0..<rank).reduce(self) { $0.extended($1, frame.before[$1], frame.after[$1], mode) }
    }

    private struct Frame: Sendable {
        var before: Shape
        var after: Shape

        var inverse: Frame { Frame(before: Shape(before.map { -$0 }), after: Shape(after.map { -$0 })) }
    }

    private func framed(_ frame: Frame, _ value: Double) -> Tensor {
        var form = shape
        for dim in 0..<rank { form[dim] += frame.before[dim] + frame.after[dim] }
        let result = NDArray(empty: form, order: memoryOrder, dtype: dtype, backend: backend)
        var inner = result
        var source = array
        for dim in 0..<rank {
            // The strips before and after, and then what lies between them.
            let before = Swift.max(frame.before[dim], 0)
            let after = Swift.max(frame.after[dim], 0)
            for strip in [(0, before), (form[dim] - after, after)] where strip.1 > 0 {
                backend.fill(
                    inner.sliced(dim, start: strip.0, length: strip.1), with: value, integer: Int64(saturating: value))
            }
            let length = form[dim] - before - after
            inner = inner.sliced(dim, start: before, length: length)
            source = source.sliced(dim, start: Swift.max(-frame.before[dim], 0), length: length)
        }
        source.copy(into: inner)
        return Tensor.record("pad", result, of: self) { $1.framed(frame.inverse, 0) }
    }

    /// The indices of one dimension continued beyond both ends.
    private func extended(_ dim: Int, _ before: Int, _ after: Int, _ mode: PaddingMode) -> Tensor {
        if before == 0 && after == 0 { return self }
        let size = shape[dim]
        let widest = Swift.max(before, after)
        let left = size + Swift.min(before, 0) + Swift.min(after, 0)
        let limit = mode == .reflect ? size - 1 : mode == .circular ? left : size > 0 ? Int.max : 0
        require(
            widest <= limit, "pad",
            "\(mode) cannot make \(widest) elements from the \(size) in dimension \(dim) of \(shape)")
        let positions = (-before..<size + after).map { place in
            switch mode {
            case .reflect: size - 1 - Swift.abs(size - 1 - Swift.abs(place))
            case .circular:
                // Counted from the first element that is left.
                Swift.max(-before, 0) + (place - Swift.max(-before, 0) + left) % left
            default: Swift.min(Swift.max(place, 0), size - 1)
            }
        }
        return slices(dim, Tensor(positions, shape: [positions.count], like: self))
    }
}
