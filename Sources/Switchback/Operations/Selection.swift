// What a subscript names, and how it is read and written.

/// The meaning of a list of indices for a tensor: first a view, then, where index tensors are among them, slices of it.
struct Selection {
    /// The part that a gradient rule can keep.
    struct Plan: Sendable {
        /// Numbers, ranges and new axes.
        var views: [PartialView] = []
        /// The shape of the view.
        var viewShape: Shape
        /// The dimensions of the view that index tensors stand for, ascending, and the shape those have together.
        var places: [Int] = []
        var form: Shape = []
    }

    let plan: Plan
    /// Positions in the merged `places`, row-major; `nil` without index tensors.
    let index: Tensor?

    init(_ plan: Plan, _ index: Tensor?) {
        self.plan = plan
        self.index = index
    }

    init(_ indices: [any TensorIndexConvertible], of tensor: Tensor) {
        var reader = IndexReader(tensor)
        reader.read(indices.map(\.tensorIndex))
        self = reader.selection
    }
}

/// Goes through a list of indices from left to right.
private struct IndexReader {
    let tensor: Tensor
    let shape: Shape
    var plan: Selection.Plan
    /// The next dimension, of the tensor and of the view as far as it is known.
    var source = 0
    var dim = 0
    var indices: [Tensor] = []

    init(_ tensor: Tensor) {
        self.tensor = tensor
        shape = tensor.shape
        plan = Selection.Plan(viewShape: shape)
    }

    mutating func read(_ list: [TensorIndex]) {
        let missing = shape.count - list.reduce(0) { $0 + $1.consumedDimensions }
        require(missing >= 0, "subscript", "there are more indices than dimensions in \(shape)")
        var ellipses = 0
        for index in list {
            switch index.kind {
            case .position(let position): select(position)
            case .positions(let list): name(Tensor(list, shape: [list.count], like: tensor))
            case .slice(let from, let to, let step): slice(from, to, step)
            case .newAxis: insertAxis()
            case .tensor(let mask) where mask.dtype == .bool: name(mask: mask)
            case .tensor(let index): name(index)
            case .ellipsis:
                ellipses += 1
                source += missing
                dim += missing
            }
        }
        require(ellipses <= 1, "subscript", "only one index can stand for all dimensions that the others leave")
    }

    private mutating func select(_ position: Int) {
        let size = shape[source]
        require(
            position >= -size && position < size, "subscript",
            "index \(position) is outside dimension \(source) of \(shape): it must be from \(-size) to \(size - 1)")
        plan.views.append(.select(dim: dim, index: position < 0 ? position + size : position))
        plan.viewShape = plan.viewShape.removing(dim)
        source += 1
    }

    private mutating func slice(_ from: Int?, _ to: Int?, _ step: Int) {
        let size = shape[source]
        require(step > 0, "subscript", "a step of \(step) is not possible; use flip to turn a dimension around")
        func clamped(_ bound: Int) -> Int { Swift.min(Swift.max(bound < 0 ? bound + size : bound, 0), size) }
        let start = clamped(from ?? 0)
        let length = Swift.max(0, (clamped(to ?? size) - start + step - 1) / step)
        if length != size { plan.views.append(.slice(dim: dim, start: start, length: length, step: step)) }
        plan.viewShape[dim] = length
        source += 1
        dim += 1
    }

    private mutating func insertAxis() {
        plan.views.append(.newAxis(dim: dim))
        plan.viewShape = plan.viewShape.inserting(1, at: dim)
        dim += 1
    }

    private mutating func name(_ index: Tensor) {
        tensor.requireSameBackend("subscript", index)
        let place = source
        let shape = shape
        indices.append(
            index.indices(below: shape[place], "subscript", wraps: true) { "dimension \(place) of \(shape)" })
        advance()
    }

    private mutating func name(mask: Tensor) {
        tensor.requireSameBackend("subscript", mask)
        if mask.rank == 0 {
            // A single truth value selects all or nothing along a dimension of its own.
            insertAxis()
            dim -= 1
            indices += mask.reshape([1]).nonzero().unbind(dim: 1)
            plan.places.append(dim)
            dim += 1
            return
        }
        require(
            mask.shape.elementsEqual(shape[source..<source + mask.rank]), "subscript",
            "a mask of shape \(mask.shape) does not fit the dimensions of \(shape) from \(source) on")
        for positions in mask.nonzero().unbind(dim: 1) {
            indices.append(positions)
            advance()
        }
    }

    /// Notes that an index tensor names the current dimension.
    private mutating func advance() {
        plan.places.append(dim)
        source += 1
        dim += 1
    }

    /// The indices combined into one, counted in row-major order of the named dimensions.
    var selection: Selection {
        guard var flat = indices.first?.array else { return Selection(plan, nil) }
        var result = plan
        for (index, place) in zip(indices, plan.places).dropFirst() {
            guard let common = Shape.broadcast(flat.shape, index.shape) else {
                fail(
                    "subscript",
                    "index tensors of shapes \(indices.map(\.shape.description).joined(separator: ", ")) do not "
                        + "broadcast to each other")
            }
            let size = Double(plan.viewShape[place])
            let combined = NDArray(empty: common, dtype: .int64, backend: flat.backend)
            flat.backend.binary(
                .addScaled(size), index.array.expanded(to: common), flat.expanded(to: common), into: combined)
            flat = combined
        }
        result.form = flat.shape
        return Selection(result, Tensor(flat.inOneLine))
    }
}

extension TensorIndex {
    /// How many dimensions of the tensor the index is about.
    fileprivate var consumedDimensions: Int {
        switch kind {
        case .position, .positions, .slice: 1
        case .ellipsis, .newAxis: 0
        case .tensor(let tensor): tensor.dtype == .bool ? tensor.rank : 1
        }
    }
}

// MARK: - The order in which index tensors see a view

extension Selection.Plan {
    var view: PartialView { views.count == 1 ? views[0] : .sequence(views) }

    /// Where the indexed dimensions stand: in place if they are adjacent, else in front.
    private var isAdjacent: Bool { places.isEmpty || places.last! - places[0] == places.count - 1 }
    var place: Int { isAdjacent ? places[0] : 0 }

    /// The order that brings the indexed dimensions together; `nil` if they are.
    var order: Shape? {
        isAdjacent ? nil : Shape(places + (0..<viewShape.count).filter { !places.contains($0) })
    }

    /// The shape of the view with the indexed dimensions replaced by others.
    private func replacingPlaces(with sizes: some Sequence<Int>) -> Shape {
        let ordered = order.map { Shape($0.map { viewShape[$0] }) } ?? viewShape
        return Shape(Array(ordered[..<place]) + Array(sizes) + Array(ordered[(place + places.count)...]))
    }

    /// The ordered view with the indexed dimensions merged into one.
    var mergedShape: Shape { replacingPlaces(with: [places.reduce(1) { $0 * viewShape[$1] }]) }
    /// The slices of the merged view that the index names.
    var sliceShape: Shape { replacingPlaces(with: [form.elementCount]) }
    /// The result of the subscript.
    var resultShape: Shape { places.isEmpty ? viewShape : replacingPlaces(with: form) }

    /// Scatters values of the result's shape.
    func write(_ values: NDArray, index: NDArray?, accumulate: Bool, into array: NDArray) {
        let backend = array.backend
        let target = views.isEmpty ? array : view.applied(to: array)
        guard let index else {
            if accumulate {
                backend.binary(.add, target, values, into: target)
            } else {
                values.copy(into: target)
            }
            return
        }
        let ordered = order.map(target.permuted) ?? target
        let direct = ordered.viewed(as: mergedShape)
        let merged = direct ?? ordered.contiguous().viewed(as: mergedShape)!
        let slices = values.viewed(as: sliceShape) ?? values.contiguous().viewed(as: sliceShape)!
        if accumulate {
            merged.accumulate(slices) { backend.indexAdd($0, dim: place, index: index, source: $1, scale: 1) }
        } else {
            backend.indexCopy(merged, dim: place, index: index, source: slices)
        }
        if direct == nil { merged.viewed(as: ordered.shape)!.copy(into: ordered) }
    }
}

// MARK: - Reading and writing

extension Tensor {
    final func read(_ selection: Selection) -> Tensor {
        let plan = selection.plan
        let view = plan.views.isEmpty ? self : part("subscript", plan.view)
        guard let index = selection.index else { return view }
        let ordered = plan.order.map(view.permute) ?? view
        return ordered.reshape(plan.mergedShape).slices(plan.place, index).reshape(plan.resultShape)
    }

    /// Assigns, or adds, values to the elements selected. This tensor is changed in place.
    final func write(_ values: Tensor, at selection: Selection, accumulate: Bool = false) {
        requireSameBackend("subscript", values)
        let plan = selection.plan
        let form = plan.resultShape
        require(
            selection.index == nil || values.dtype.category <= dtype.category, "subscript",
            "values of \(values.dtype) do not fit a tensor of \(dtype)")
        var values = values.to(dtype)
        if values.rank > form.count && values.shape.prefix(values.rank - form.count).allSatisfy({ $0 == 1 }) {
            values = values.reshape(Shape(values.shape.suffix(form.count)))
        }
        require(
            Shape.broadcast(values.shape, form) == form, "subscript",
            "values of shape \(values.shape) cannot be assigned to a selection of shape \(form)")
        // `x[0] += y` changes the view x[0] and then assigns it to itself: the memory is right already.
        let isDone = !accumulate && selection.index == nil && values.array.isSamePlace(as: plan.view.applied(to: array))
        if isDone { overlookLastChange() }
        if !isDone && values.array.storage === array.storage { values = values.clone() }
        changeInPlace(
            by: "subscript", with: [values], saving: [selection.index],
            gradient: { Self.writeGradients($0, $1, plan, accumulate: accumulate) },
            write: { memory in
                if isDone { return }
                let source = values.array.expanded(to: form)
                plan.write(source, index: selection.index?.array, accumulate: accumulate, into: memory)
            })
    }

    private static func writeGradients(
        _ saved: Saved, _ gradient: Tensor, _ plan: Selection.Plan, accumulate: Bool
    ) -> [Tensor?] {
        let selection = Selection(plan, saved[0])
        var kept = gradient
        if saved.needs(0) && !accumulate {
            kept = gradient.clone()
            kept.write(gradient.newZeros([]), at: selection)
        }
        return [kept, saved.needs(1) ? gradient.read(selection) : nil]
    }
}

extension NDArray {
    /// Whether the two are the same view of the same memory.
    fileprivate func isSamePlace(as other: NDArray) -> Bool {
        storage === other.storage && offset == other.offset && shape == other.shape && strides == other.strides
    }
}
