// Indexing by subscripts, with PyTorch's meaning: integers, ranges, steps, `...`, new axes, masks and index tensors,
// read and assigned.

/// One index of a subscript such as `x[0, 1..<3, ..., mask]`.
public struct TensorIndex {
    enum Kind {
        case position(Int)
        case positions([Int])
        case slice(from: Int?, to: Int?, step: Int)
        case ellipsis
        case newAxis
        case tensor(Tensor)
    }

    let kind: Kind
}

/// Types that can be used in a tensor's subscript: integers, ranges, strides, tensors, and `.all`, `.ellipsis`,
/// `.newAxis`, `.slice(from:to:step:)`.
public protocol TensorIndexConvertible {
    var tensorIndex: TensorIndex { get }
}

extension TensorIndex: TensorIndexConvertible {
    public var tensorIndex: TensorIndex { self }
}

extension TensorIndexConvertible where Self == TensorIndex {
    /// A whole dimension.
    public static var all: TensorIndex { slice() }
    /// As many whole dimensions as the other indices leave; also spelled `...`.
    public static var ellipsis: TensorIndex { TensorIndex(kind: .ellipsis) }
    /// A new dimension of size 1.
    public static var newAxis: TensorIndex { TensorIndex(kind: .newAxis) }
    /// Every `step`-th index of a dimension. Negative bounds count from the end; bounds beyond the ends are clamped.
    public static func slice(from: Int? = nil, to: Int? = nil, step: Int = 1) -> TensorIndex {
        TensorIndex(kind: .slice(from: from, to: to, step: step))
    }
}

extension Int: TensorIndexConvertible {
    /// One position of a dimension, which disappears; negative ones count from the end.
    public var tensorIndex: TensorIndex { TensorIndex(kind: .position(self)) }
}

extension Range: TensorIndexConvertible where Bound == Int {
    public var tensorIndex: TensorIndex { .slice(from: lowerBound, to: upperBound) }
}

extension ClosedRange: TensorIndexConvertible where Bound == Int {
    public var tensorIndex: TensorIndex { .slice(from: lowerBound, to: upperBound == -1 ? nil : upperBound + 1) }
}

extension PartialRangeFrom: TensorIndexConvertible where Bound == Int {
    public var tensorIndex: TensorIndex { .slice(from: lowerBound) }
}

extension PartialRangeUpTo: TensorIndexConvertible where Bound == Int {
    public var tensorIndex: TensorIndex { .slice(to: upperBound) }
}

extension PartialRangeThrough: TensorIndexConvertible where Bound == Int {
    public var tensorIndex: TensorIndex { .slice(to: upperBound == -1 ? nil : upperBound + 1) }
}

extension StrideTo: TensorIndexConvertible where Element == Int {
    /// The positions that the stride names, which are not negative and ascend.
    public var tensorIndex: TensorIndex {
        let positions = Array(self)
        guard let first = positions.first, let last = positions.last else { return .slice(from: 0, to: 0) }
        return .slice(from: first, to: last + 1, step: positions.count > 1 ? positions[1] - first : 1)
    }
}

extension Array: TensorIndexConvertible where Element == Int {
    /// The positions of a dimension that the array names.
    public var tensorIndex: TensorIndex { TensorIndex(kind: .positions(self)) }
}

extension Tensor: TensorIndexConvertible {
    /// Integers name positions of a dimension; booleans say where, in as many dimensions as they have.
    public final var tensorIndex: TensorIndex { TensorIndex(kind: .tensor(self)) }
}

/// A number written in the source that is assigned to all elements that a subscript names: `x[mask] = 0`.
public struct FillValue: ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral {
    fileprivate let number: any Scalar

    public init(integerLiteral value: Int) { number = value }
    public init(floatLiteral value: Double) { number = value }
    public init(booleanLiteral value: Bool) { number = value }
}

// MARK: - The subscripts

extension Tensor {
    /// Part of the tensor, with PyTorch's rules: a view for numbers and ranges, a copy for masks and index tensors.
    ///
    /// Several index tensors broadcast together; the dimensions of their common shape stand where the indexed ones
    /// stood, or in front where those were apart. Assigning changes the tensor in place, and gradients flow through
    /// the change to the assigned values and to what was kept.
    public final subscript(_ indices: any TensorIndexConvertible...) -> Tensor {
        get { read(Selection(indices, of: self)) }
        set { assign(newValue, at: indices) }
    }

    /// `...` stands for as many whole dimensions as the other indices leave.
    public final subscript(_ all: UnboundedRange, _ rest: any TensorIndexConvertible...) -> Tensor {
        get { read(Selection([TensorIndex.ellipsis] + rest, of: self)) }
        set { assign(newValue, at: [TensorIndex.ellipsis] + rest) }
    }

    public final subscript(
        _ first: any TensorIndexConvertible, _ all: UnboundedRange, _ rest: any TensorIndexConvertible...
    ) -> Tensor {
        get { read(Selection([first, TensorIndex.ellipsis] + rest, of: self)) }
        set { assign(newValue, at: [first, TensorIndex.ellipsis] + rest) }
    }

    // Literals are not tensors. Disfavored, so that reading always means the subscripts above.

    @_disfavoredOverload
    public final subscript(_ indices: any TensorIndexConvertible...) -> FillValue {
        @available(*, unavailable, message: "read a number with item()")
        get { fatalError() }
        set { assign(filling: newValue, at: indices) }
    }

    @_disfavoredOverload
    public final subscript(_ all: UnboundedRange, _ rest: any TensorIndexConvertible...) -> FillValue {
        @available(*, unavailable, message: "read a number with item()")
        get { fatalError() }
        set { assign(filling: newValue, at: [TensorIndex.ellipsis] + rest) }
    }

    /// A copy in which the elements that index tensors name have the given values.
    ///
    /// - Parameters:
    ///   - indices: one for each of the first dimensions, `nil` for all of one.
    ///   - accumulate: adds the values instead, as often as a position is named.
    public final func indexPut(_ indices: [Tensor?], _ values: Tensor, accumulate: Bool = false) -> Tensor {
        let result = clone()
        let list = indices.map { $0?.tensorIndex ?? .all }
        result.write(values, at: Selection(list, of: self), accumulate: accumulate)
        return result
    }

    private func assign(filling value: FillValue, at indices: [any TensorIndexConvertible]) {
        requireHolds(value.number, "subscript")
        assign(Tensor.number(value.number, like: self), at: indices)
    }

    private func assign(_ value: Tensor, at indices: [any TensorIndexConvertible]) {
        if indices.count == 1, case .tensor(let mask) = indices[0].tensorIndex.kind, mask.dtype == .bool,
            value.count == 1, mask.rank <= rank, mask.shape.elementsEqual(shape.prefix(mask.rank))
        {
            fill(where: mask, with: value.reshape([]))
        } else {
            write(value, at: Selection(indices, of: self))
        }
    }

    /// Assigns a number where a mask of the first dimensions holds, in one pass.
    private func fill(where mask: Tensor, with value: Tensor) {
        requireSameBackend("subscript", mask, value)
        let form = shape
        let condition = (mask.rank..<rank).reduce(mask) { aligned, dim in aligned.unsqueeze(dim) }
        let value = value.to(dtype)
        changeInPlace(
            by: "subscript", with: [value], saving: [condition],
            gradient: { saved, gradient in
                let condition = saved.tensor(0)
                let kept = saved.needs(0) ? gradient.maskedFill(condition, 0) : nil
                return [kept, saved.needs(1) ? gradient.maskedFill(condition.logicalNot(), 0) : nil]
            },
            write: { memory in
                backend.select(
                    condition.array.expanded(to: form), value.array.expanded(to: form), memory, into: memory)
            })
    }
}
