@_spi(Backends) import Switchback

/// A backend that computes on the CPU and records every call.
///
/// Every operation of the engine, whatever model it belongs to, ends in these kernels: what they note is the whole
/// computation, with all its numbers, in the terms that ONNX has too. Fused kernels that ONNX has no counterpart of are
/// declined, so that the engine composes them of others.
enum TracingBackend: Backend, HostMemory {
    static let name = "tracing"

    static func allocate(byteCount: Int) -> Address { CPUBackend.allocate(byteCount: byteCount) }

    static func deallocate(_ address: Address, byteCount: Int) {
        CPUBackend.deallocate(address, byteCount: byteCount)
    }

    static var statistics: MemoryStatistics { CPUBackend.statistics }

    /// It could, but then nobody would notice when numbers are read.
    static var isHostReadable: Bool { false }

    static func download(_ address: Address, into bytes: UnsafeMutableRawBufferPointer) {
        TraceRecorder.current?.noteReading(at: address)
        bytes.copyMemory(from: UnsafeRawBufferPointer(start: address.pointer, count: bytes.count))
    }

    /// Runs `body` on examples, with the behavior of inference, and follows what becomes of them.
    static func trace(
        _ model: Module, _ examples: [Tensor], _ body: ([Tensor]) throws -> [Tensor]
    ) rethrows -> Trace {
        let recorder = TraceRecorder()
        let inputs = examples.map { example -> Tensor in
            let copy = NDArray(empty: example.shape, dtype: example.dtype, backend: TracingBackend.self)
            example.array.copy(into: copy)
            return Tensor(copy)
        }
        let values = inputs.enumerated().map { recorder.addInput($1.array, position: $0) }
        return try model.withArrays({ $0.moved(to: TracingBackend.self) }) {
            for (name, tensor) in model.namedState { recorder.addConstant(tensor.array, name: name) }
            let outputs = try TraceRecorder.$current.withValue(recorder) {
                try model.inInference {
                    try Tensor.withBackend(TracingBackend.self) { try noGrad { try body(inputs) } }
                }
            }
            let results = outputs.map { recorder.read($0.array) }
            // The first reading from here settles the checks of indices that are still open.
            _ = Tensor.withBackend(TracingBackend.self) { Tensor.zeros([]).item() }
            return Trace(inputs: values, outputs: results, nodes: recorder.nodes, readings: recorder.readings)
        }
    }

    // MARK: How kernels note themselves

    /// Runs a kernel that writes `outputs`, and notes it, unless it sees constants only.
    ///
    /// - Parameter compact: whether operands may be left smaller where they are repeated, because ONNX broadcasts them.
    static func run(
        _ operation: TraceOperation, _ inputs: [NDArray], sizes: [Int] = [], into outputs: [NDArray],
        compact: Bool = false, _ kernel: () -> Void
    ) {
        guard let recorder = TraceRecorder.current, inputs.contains(where: recorder.isFollowed) else {
            kernel()
            noteConstants(outputs)
            return
        }
        // Before the kernel runs, which may write over its operands.
        var operands = inputs.map { compact ? recorder.readCompact($0) : recorder.read($0) }
        if compact, let shape = outputs.first?.shape, !broadcast(operands, give: shape) {
            operands[0] = recorder.read(inputs[0])
        }
        kernel()
        recorder.record(operation, operands, sizes: sizes, into: outputs)
    }

    /// Memory that was followed and now holds constants.
    private static func noteConstants(_ outputs: [NDArray]) {
        guard let recorder = TraceRecorder.current else { return }
        for output in outputs where recorder.isFollowed(output) {
            recorder.write(.constant(output.copiedToProcessor()), to: output)
        }
    }

    private static func broadcast(_ operands: [TraceValue], give shape: Shape) -> Bool {
        shape.indices.allSatisfy { dim in
            operands.contains { operand in
                let own = dim - (shape.count - operand.shape.count)
                return shape[dim] == (own < 0 ? 1 : operand.shape[own])
            }
        }
    }

    /// Notes a fused kernel whose result is an array of the processor's: moves it to memory of this backend.
    static func fused(
        _ operation: TraceOperation, _ inputs: [NDArray], sizes: [Int] = [], _ kernel: () -> NDArray?
    ) -> NDArray? {
        guard let computed = kernel() else { return nil }
        let result = NDArray(empty: computed.shape, dtype: computed.dtype, backend: TracingBackend.self)
        run(operation, inputs, sizes: sizes, into: [result]) {
            CPUBackend.copy(computed, into: result.onProcessor)
        }
        return result
    }
}

extension Module {
    /// Runs `body` with the behavior of inference, and leaves every module as it was.
    fileprivate func inInference<Result>(_ body: () throws -> Result) rethrows -> Result {
        let modules = namedModules().map(\.module)
        let states = modules.map(\.isTraining)
        eval()
        // Parents come first, so that what is set last is each module's own.
        defer { for (module, state) in zip(modules, states) { module.train(state) } }
        return try body()
    }
}

// MARK: - Elements

extension TracingBackend {
    static func unary(_ operation: UnaryOperation, _ x: NDArray, into y: NDArray) {
        run(.unary(operation), [x], into: [y]) { CPUBackend.unary(operation, x.onProcessor, into: y.onProcessor) }
    }

    static func binary(_ operation: BinaryOperation, _ a: NDArray, _ b: NDArray, into y: NDArray) {
        run(.binary(operation), [a, b], into: [y], compact: true) {
            CPUBackend.binary(operation, a.onProcessor, b.onProcessor, into: y.onProcessor)
        }
    }

    static func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray, into y: NDArray) {
        run(.select, [condition, a, b], into: [y], compact: true) {
            CPUBackend.select(condition.onProcessor, a.onProcessor, b.onProcessor, into: y.onProcessor)
        }
    }

    static func copy(_ x: NDArray, into y: NDArray) {
        let kernel = { CPUBackend.copy(x.onProcessor, into: y.onProcessor) }
        guard x.dtype == y.dtype, let recorder = TraceRecorder.current, recorder.isFollowed(x) else {
            return run(.cast(y.dtype), [x], into: [y], kernel)
        }
        let value = recorder.expand(recorder.read(x), to: y.shape)
        kernel()
        recorder.write(value, to: y)
    }

    static func fill(_ y: NDArray, with value: Double, integer: Int64) {
        run(.unsupported("fill"), [], into: [y]) { CPUBackend.fill(y.onProcessor, with: value, integer: integer) }
    }
}

// MARK: - Many elements to one

extension TracingBackend {
    static func reduce(_ reduction: Reduction, _ x: NDArray, into y: NDArray) {
        let dims = (0..<x.rank).filter { y.shape[$0] == 1 }
        run(.reduce(reduction, dims: dims), [x], into: [y]) {
            CPUBackend.reduce(reduction, x.onProcessor, into: y.onProcessor)
        }
    }

    static func argReduce(minimum: Bool, _ x: NDArray, dim: Int, indices: NDArray, values: NDArray) {
        run(.argReduce(minimum: minimum, dim: dim), [x], into: [values, indices]) {
            CPUBackend.argReduce(
                minimum: minimum, x.onProcessor, dim: dim, indices: indices.onProcessor, values: values.onProcessor)
        }
    }

    static func meanAndVariance(_ x: NDArray, mean: NDArray, variance: NDArray) {
        let dims = (0..<x.rank).filter { mean.shape[$0] == 1 }
        run(.meanAndVariance(dims: dims), [x], into: [mean, variance]) {
            CPUBackend.meanAndVariance(x.onProcessor, mean: mean.onProcessor, variance: variance.onProcessor)
        }
    }

    static func scan(_ scan: Scan, _ x: NDArray, dim: Int, into y: NDArray) {
        run(scan == .sum ? .runningSum(dim: dim) : .unsupported("scan \(scan)"), [x], into: [y]) {
            CPUBackend.scan(scan, x.onProcessor, dim: dim, into: y.onProcessor)
        }
    }

    static func sort(_ x: NDArray, dim: Int, descending: Bool, values: NDArray, indices: NDArray) {
        run(.topK(dim: dim, largest: descending), [x], sizes: [x.shape[dim]], into: [values, indices]) {
            CPUBackend.sort(
                x.onProcessor, dim: dim, descending: descending, values: values.onProcessor,
                indices: indices.onProcessor)
        }
    }

    static func topK(_ x: NDArray, dim: Int, largest: Bool, values: NDArray, indices: NDArray) {
        run(.topK(dim: dim, largest: largest), [x], sizes: [values.shape[dim]], into: [values, indices]) {
            CPUBackend.topK(
                x.onProcessor, dim: dim, largest: largest, values: values.onProcessor, indices: indices.onProcessor)
        }
    }
}

// MARK: - Positions

extension TracingBackend {
    static func indexSelect(_ x: NDArray, dim: Int, index: NDArray, into y: NDArray) {
        run(.indexSelect(dim: dim), [x, index], into: [y]) {
            CPUBackend.indexSelect(x.onProcessor, dim: dim, index: index.onProcessor, into: y.onProcessor)
        }
    }

    static func gather(_ x: NDArray, dim: Int, index: NDArray, into y: NDArray) {
        run(.gather(dim: dim), [x, index], into: [y]) {
            CPUBackend.gather(x.onProcessor, dim: dim, index: index.onProcessor, into: y.onProcessor)
        }
    }

    static func take(_ x: NDArray, index: NDArray, into y: NDArray) {
        let flat = x.seen([x.count], strides: [1])
        run(.indexSelect(dim: 0), [flat, index], into: [y]) {
            CPUBackend.take(x.onProcessor, index: index.onProcessor, into: y.onProcessor)
        }
    }

    static func scatter(_ reduction: ScatterReduction, _ y: NDArray, dim: Int, index: NDArray, source: NDArray) {
        run(.scatter(reduction, dim: dim), [y, index, source], into: [y]) {
            CPUBackend.scatter(
                reduction, y.onProcessor, dim: dim, index: index.onProcessor, source: source.onProcessor)
        }
    }

    static func indexAdd(_ y: NDArray, dim: Int, index: NDArray, source: NDArray, scale: Double) {
        run(.unsupported("indexAdd"), [y, index, source], into: [y]) {
            CPUBackend.indexAdd(
                y.onProcessor, dim: dim, index: index.onProcessor, source: source.onProcessor, scale: scale)
        }
    }

    static func indexCopy(_ y: NDArray, dim: Int, index: NDArray, source: NDArray) {
        run(.unsupported("indexCopy"), [y, index, source], into: [y]) {
            CPUBackend.indexCopy(y.onProcessor, dim: dim, index: index.onProcessor, source: source.onProcessor)
        }
    }

    static func put(_ y: NDArray, index: NDArray, values: NDArray, accumulate: Bool) {
        run(.unsupported("put"), [y, index, values], into: [y]) {
            CPUBackend.put(
                y.onProcessor, index: index.onProcessor, values: values.onProcessor, accumulate: accumulate)
        }
    }

    static func nonzero(_ x: NDArray) -> NDArray {
        let found = CPUBackend.nonzero(x.onProcessor)
        return fused(.unsupported("nonzero"), [x]) { found } ?? found
    }

    static func checkIndices(_ index: NDArray, _ range: IndexRange, into outcome: NDArray) {
        CPUBackend.checkIndices(index.onProcessor, range, into: outcome.onProcessor)
    }

    static func normalizeIndices(_ index: NDArray, _ range: IndexRange, into y: NDArray) {
        let kernel = { CPUBackend.normalizeIndices(index.onProcessor, range, into: y.onProcessor) }
        guard let recorder = TraceRecorder.current, recorder.isFollowed(index) else {
            return run(.unsupported("negative indices"), [index], into: [y], kernel)
        }
        let value = recorder.read(index)
        kernel()
        let isSame = index.onProcessor.withHostBytes { before in
            y.onProcessor.withHostBytes { before.elementsEqual($0) }
        }
        if isSame {
            recorder.write(value, to: y)
        } else {
            recorder.record(.unsupported("negative indices"), [value], into: [y])
        }
    }
}

// MARK: - Random numbers, which a file cannot hold

extension TracingBackend {
    static func randomUniform(_ y: NDArray, seed: UInt64, offset: UInt64, low: Double, high: Double) {
        noteRandom(y) {
            CPUBackend.randomUniform(y.onProcessor, seed: seed, offset: offset, low: low, high: high)
        }
    }

    static func randomNormal(_ y: NDArray, seed: UInt64, offset: UInt64, mean: Double, standardDeviation: Double) {
        noteRandom(y) {
            CPUBackend.randomNormal(
                y.onProcessor, seed: seed, offset: offset, mean: mean, standardDeviation: standardDeviation)
        }
    }

    static func randomIntegers(_ y: NDArray, seed: UInt64, offset: UInt64, low: Int64, high: Int64) {
        noteRandom(y) {
            CPUBackend.randomIntegers(y.onProcessor, seed: seed, offset: offset, low: low, high: high)
        }
    }

    private static func noteRandom(_ y: NDArray, _ kernel: () -> Void) {
        kernel()
        TraceRecorder.current?.record(.unsupported("random numbers"), [], into: [y])
    }
}
