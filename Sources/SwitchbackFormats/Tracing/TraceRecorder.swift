@_spi(Backends) import Switchback

/// Follows values through memory: which tensor of the traced program each block of memory holds.
///
/// It is used by the thread that runs the trace, and by no other.
final class TraceRecorder: @unchecked Sendable {
    private(set) var nodes: [TraceNode] = []
    private(set) var readings: [String] = []
    private var memories: [ObjectIdentifier: TraceMemory] = [:]
    private var names: [ObjectIdentifier: TraceValue] = [:]

    /// The recorder of the trace that this thread is running.
    @TaskLocal static var current: TraceRecorder?

    // MARK: What is known at the start

    /// An input of the program, in memory of the tracing backend.
    func addInput(_ array: NDArray, position: Int) -> TraceValue {
        let value = TraceValue(.input(position), array.shape, array.dtype)
        memories[ObjectIdentifier(array.storage)] = TraceMemory(array.storage, value)
        return value
    }

    /// A parameter or buffer, under its name.
    func addConstant(_ array: NDArray, name: String) {
        names[ObjectIdentifier(array.storage)] = .constant(array, name: name)
        // Held, so that no other memory gets the same address.
        held.append(array.storage)
    }

    private var held: [Storage] = []

    // MARK: Reading

    /// The tensor that an array shows.
    func read(_ array: NDArray) -> TraceValue {
        let memory = ObjectIdentifier(array.storage)
        if memories[memory] != nil { return memories[memory]!.read(array, self) }
        if let named = names[memory], case .constant(let whole, _) = named.source, whole.hasLayout(of: array) {
            return named
        }
        return .constant(array.copiedToProcessor())
    }

    /// As `read`, but with dimensions along which one element is repeated left at size 1, or, in front of a parameter's
    /// own, left out: for operands that broadcast.
    func readCompact(_ array: NDArray) -> TraceValue {
        let sizes = zip(array.shape, array.strides).map { $1 == 0 ? 1 : $0 }
        if let named = names[ObjectIdentifier(array.storage)], sizes.count >= named.shape.count {
            let rank = named.shape.count
            let own = array.seen(Shape(sizes.suffix(rank)), strides: Shape(array.strides.suffix(rank)))
            if case .constant(let whole, _) = named.source, sizes.dropLast(rank).allSatisfy({ $0 == 1 }),
                whole.hasLayout(of: own)
            {
                return named
            }
        }
        return read(array.seen(Shape(sizes), strides: array.strides))
    }

    func isFollowed(_ array: NDArray) -> Bool { memories[ObjectIdentifier(array.storage)] != nil }

    /// Notes that the program reads the numbers at an address, if they depend on the inputs.
    func noteReading(at address: Address) {
        if memories.values.contains(where: { $0.depends(at: address) }) { readings.append(Module.runningPath) }
    }

    // MARK: Recording

    /// Notes that an operation on `inputs` writes `outputs`; the kernel has yet to run, or has run into other memory.
    /// Operations on constants alone are not recorded: their results are constants.
    func record(
        _ operation: TraceOperation, _ inputs: [TraceValue], sizes: [Int] = [], into outputs: [NDArray]
    ) {
        let node = add(operation, inputs, sizes: sizes)
        for (position, output) in outputs.enumerated() {
            write(TraceValue(.node(node, output: position), output.shape, output.dtype), to: output)
        }
    }

    private func add(_ operation: TraceOperation, _ inputs: [TraceValue], sizes: [Int]) -> TraceNode {
        let node = TraceNode(operation, inputs, sizes: sizes)
        nodes.append(node)
        return node
    }

    /// Adds an operation with one result.
    func result(
        _ operation: TraceOperation, _ inputs: [TraceValue], sizes: [Int] = [], shape: Shape, dtype: DType
    ) -> TraceValue {
        TraceValue(.node(add(operation, inputs, sizes: sizes), output: 0), shape, dtype)
    }

    /// Notes that an array shows a value from now on.
    func write(_ value: TraceValue, to array: NDArray) {
        let memory = ObjectIdentifier(array.storage)
        memories[memory, default: TraceMemory(array.storage, elementSize: array.dtype.byteCount)]
            .write(value, to: array, self)
    }
}

// MARK: - Views, as operations

extension TraceRecorder {
    func reshape(_ value: TraceValue, to shape: Shape) -> TraceValue {
        if value.shape == shape { return value }
        if case .constant(let array, _) = value.source {
            return .constant(array.seen(shape, strides: shape.contiguousStrides))
        }
        // Of two in a row only the second matters.
        if case .node(let node, _) = value.source, case .reshape = node.operation {
            return reshape(node.inputs[0], to: shape)
        }
        return result(.reshape, [value], sizes: Array(shape), shape: shape, dtype: value.dtype)
    }

    func transpose(_ value: TraceValue, _ order: [Int]) -> TraceValue {
        if order.elementsEqual(0..<order.count) { return value }
        let shape = Shape(order.map { value.shape[$0] })
        return result(.transpose(order: order), [value], shape: shape, dtype: value.dtype)
    }

    func slice(_ value: TraceValue, _ ranges: [TraceRange]) -> TraceValue {
        let isWhole = zip(ranges, value.shape).allSatisfy { $0.start == 0 && $0.length == $1 && $0.step == 1 }
        if isWhole { return value }
        return result(
            .slice(steps: ranges.map(\.step)), [value], sizes: ranges.flatMap { [$0.start, $0.length] },
            shape: Shape(ranges.map(\.length)), dtype: value.dtype)
    }

    func expand(_ value: TraceValue, to shape: Shape) -> TraceValue {
        if value.shape == shape { return value }
        return result(.expand, [value], sizes: Array(shape), shape: shape, dtype: value.dtype)
    }

    func concatenate(_ values: [TraceValue], dim: Int) -> TraceValue {
        if values.count == 1 { return values[0] }
        var shape = values[0].shape
        shape[dim] = values.reduce(0) { $0 + $1.shape[dim] }
        return result(.concatenate(dim: dim), values, shape: shape, dtype: values[0].dtype)
    }
}

/// Some of the positions along a dimension.
struct TraceRange: Hashable {
    var start: Int
    var length: Int
    var step = 1

    var end: Int { start + length }
}

// MARK: - Arrays

extension NDArray {
    /// Whether another array shows the same elements in the same way.
    fileprivate func hasLayout(of other: NDArray) -> Bool {
        offset == other.offset && shape == other.shape && strides == other.strides && dtype == other.dtype
    }

    /// The same memory, for the processor's kernels.
    var onProcessor: NDArray { moved(to: CPUBackend.self) }

    /// The same memory, for the kernels of a backend that can read it.
    func moved(to backend: any Backend.Type) -> NDArray {
        let memory = Storage.borrowing(
            storage.address, byteCount: storage.byteCount, owner: storage, backend: backend)
        return NDArray(storage: memory, offset: offset, shape: shape, strides: strides, dtype: dtype)
    }

    func copiedToProcessor() -> NDArray {
        let copy = NDArray(empty: shape, dtype: dtype, backend: CPUBackend.self)
        CPUBackend.copy(onProcessor, into: copy)
        return copy
    }
}
