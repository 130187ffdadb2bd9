@_spi(Backends) import Switchback

/// A block of memory, and the tensors of the traced program that were written to it.
struct TraceMemory {
    /// Kept, so that no other block gets the same address while the trace lasts.
    private let storage: Storage
    private let elementCount: Int
    /// The whole block in the order of memory, if one tensor fills it.
    private var whole: TraceValue?
    /// What was written to parts of it since; later ones lie over earlier ones.
    private var pieces: [Piece] = []
    private var views: [View: TraceValue] = [:]

    private struct Piece {
        let value: TraceValue
        let view: View
    }

    private struct View: Hashable {
        let offset: Int
        let shape: Shape
        let strides: Shape

        init(_ array: NDArray) { (offset, shape, strides) = (array.offset, array.shape, array.strides) }
    }

    init(_ storage: Storage, elementSize: Int) {
        self.storage = storage
        elementCount = storage.byteCount / elementSize
    }

    init(_ storage: Storage, _ value: TraceValue) {
        self.init(storage, elementSize: value.dtype.byteCount)
        whole = value
    }

    /// Whether an address lies in the block, and what the block holds depends on the inputs.
    func depends(at address: Address) -> Bool {
        let start = storage.address.pointer
        let isInside = (start..<start + max(storage.byteCount, 1)).contains(address.pointer)
        return isInside && !(pieces.isEmpty && whole?.isConstant ?? false)
    }

    // MARK: Writing

    mutating func write(_ value: TraceValue, to array: NDArray, _ recorder: TraceRecorder) {
        views = [:]
        // In the order of memory, without dimensions that hold one element.
        let order = array.dimsInMemoryOrder
        let ordered = recorder.transpose(value, order + (0..<array.rank).filter { !order.contains($0) })
        let sizes = Shape(order.map { array.shape[$0] })
        let strides = Shape(order.map { array.strides[$0] })
        if array.count == elementCount && strides == sizes.contiguousStrides {
            whole = order == order.sorted() ? value : recorder.reshape(ordered, to: sizes)
            pieces = []
        } else {
            let part = array.seen(sizes, strides: strides)
            pieces.append(Piece(value: recorder.reshape(ordered, to: sizes), view: View(part)))
        }
    }

    // MARK: Reading

    mutating func read(_ array: NDArray, _ recorder: TraceRecorder) -> TraceValue {
        let view = View(array)
        if let known = views[view] { return known }
        let value = show(array, of: assemble(array, recorder), recorder)
        views[view] = value
        return value
    }

    /// The whole block, with the pieces in their places.
    private mutating func assemble(_ array: NDArray, _ recorder: TraceRecorder) -> TraceValue {
        if pieces.isEmpty, let whole { return whole }
        var atoms = MemoryAtoms(count: elementCount, strides: whole.map { Array($0.shape.contiguousStrides) } ?? [1])
        let isRefined = pieces.allSatisfy { atoms.refine(by: $0.view.strides, sizes: $0.view.shape) }
        let boxes = pieces.map { atoms.box(offset: $0.view.offset, sizes: $0.view.shape, strides: $0.view.strides) }
        guard isRefined, boxes.allSatisfy({ $0 != nil }) else {
            return unsupported("a change of parts in place", array, recorder)
        }
        let shape = atoms.shape
        var base = whole.map { recorder.reshape($0, to: shape) }
        if base == nil {
            // What no piece covers was written by kernels that saw constants only.
            let memory = NDArray(
                storage: storage, shape: shape, strides: shape.contiguousStrides, dtype: array.dtype)
            base = .constant(memory.copiedToProcessor())
        }
        let parts = zip(pieces, boxes).map { piece, box in
            let ranges = box!.ranges
            return Assembly.Part(ranges: ranges, value: recorder.reshape(piece.value, to: Shape(ranges.map(\.length))))
        }
        let assembly = Assembly(base: base!, recorder: recorder)
        let all = shape.map { TraceRange(start: 0, length: $0) }
        let result = assembly.value(of: all, parts)
        (whole, pieces) = (result, [])
        return result
    }

    /// The tensor that an array shows of the whole block.
    private func show(_ array: NDArray, of whole: TraceValue, _ recorder: TraceRecorder) -> TraceValue {
        if array.offset == 0 && array.count == elementCount && array.isContiguous {
            return recorder.reshape(whole, to: array.shape)
        }
        let order = array.dimsInMemoryOrder
        let sizes = Shape(order.map { array.shape[$0] })
        let strides = Shape(order.map { array.strides[$0] })
        var atoms = MemoryAtoms(count: elementCount, strides: Array(whole.shape.contiguousStrides))
        atoms.split(at: strides)
        guard array.count > 0, let box = atoms.box(offset: array.offset, sizes: sizes, strides: strides) else {
            return unsupported("a view with the strides \(array.strides)", array, recorder)
        }
        let cut = recorder.slice(recorder.reshape(whole, to: atoms.shape), box.ranges)
        let merged = recorder.reshape(cut, to: sizes)
        // `order` lists the dimensions from the outermost in memory; the view wants them in its own order.
        let present = order.sorted()
        let arranged = recorder.transpose(merged, present.map { order.firstIndex(of: $0)! })
        let unexpanded = Shape((0..<array.rank).map { array.strides[$0] == 0 ? 1 : array.shape[$0] })
        return recorder.expand(recorder.reshape(arranged, to: unexpanded), to: array.shape)
    }

    private func unsupported(_ what: String, _ array: NDArray, _ recorder: TraceRecorder) -> TraceValue {
        recorder.result(.unsupported(what), [], shape: array.shape, dtype: array.dtype)
    }
}

/// Overlays a base with pieces.
private struct Assembly {
    struct Part {
        let ranges: [TraceRange]
        let value: TraceValue
    }

    let base: TraceValue
    let recorder: TraceRecorder

    /// The tensor that fills a box: one part's, the base's, or those of smaller boxes side by side.
    func value(of box: [TraceRange], _ parts: [Part]) -> TraceValue {
        let relevant = parts.filter { Assembly.overlaps($0.ranges, box) }
        guard let last = relevant.last else {
            return cut(base, box, from: base.shape.map { TraceRange(start: 0, length: $0) })
        }
        let cuts = Assembly.cuts(of: last.ranges, in: box)
        guard let (dim, bounds) = cuts else { return cut(last.value, box, from: last.ranges) }
        let values = zip(bounds, bounds.dropFirst()).map { start, end in
            var inner = box
            inner[dim] = TraceRange(start: start, length: end - start)
            return value(of: inner, relevant)
        }
        return joined(values, dim)
    }

    /// Side by side, where neighbors that are themselves joined along the same dimension are taken apart first.
    private func joined(_ values: [TraceValue], _ dim: Int) -> TraceValue {
        let flat = values.flatMap { value -> [TraceValue] in
            if case .node(let node, _) = value.source, case .concatenate(dim) = node.operation { return node.inputs }
            return [value]
        }
        return recorder.concatenate(flat, dim: dim)
    }

    private func cut(_ value: TraceValue, _ box: [TraceRange], from whole: [TraceRange]) -> TraceValue {
        let ranges = zip(box, whole).map { TraceRange(start: $0.start - $1.start, length: $0.length) }
        if case .constant(let array, _) = value.source, value === base {
            let offset = zip(ranges, array.strides).reduce(0) { $0 + $1.0.start * $1.1 }
            let part = array.seen(Shape(ranges.map(\.length)), strides: array.strides, movedBy: offset)
            return .constant(part.copiedToProcessor())
        }
        return recorder.slice(value, ranges)
    }

    private static func overlaps(_ a: [TraceRange], _ b: [TraceRange]) -> Bool {
        zip(a, b).allSatisfy { $0.start < $1.end && $1.start < $0.end }
    }

    /// The first dimension in which a part does not cover the box, and where to cut there.
    private static func cuts(of part: [TraceRange], in box: [TraceRange]) -> (dim: Int, bounds: [Int])? {
        for dim in box.indices where part[dim].start > box[dim].start || part[dim].end < box[dim].end {
            let inner = [part[dim].start, part[dim].end].filter { $0 > box[dim].start && $0 < box[dim].end }
            return (dim, [box[dim].start] + inner + [box[dim].end])
        }
        return nil
    }
}

extension NDArray {
    /// The dimensions with more than one element of their own, from the outermost in memory to the innermost.
    fileprivate var dimsInMemoryOrder: [Int] {
        (0..<rank).filter { shape[$0] != 1 && strides[$0] != 0 }.sorted { (-strides[$0], $0) < (-strides[$1], $1) }
    }
}
