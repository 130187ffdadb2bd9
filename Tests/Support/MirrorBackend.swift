@_spi(Backends) import Switchback

/// The reference kernels over memory that nobody else can read: what a device with memory of its own is to the engine.
public typealias MirrorBackend = Mirrored<ReferenceBackend>

/// The kernels of a backend over memory that nobody else can read.
///
/// It has the kernels that every backend must have, and declines the fused ones. Whoever touches its arrays other than
/// through `DeviceMemory` stops at that very line.
public enum Mirrored<Kernels: Backend>: Backend {
    public static var name: String { "mirror" }

    public static var isHostReadable: Bool { false }

    public static func allocate(byteCount: Int) -> Address {
        Address(MirrorMemory.allocate(byteCount: byteCount))
    }

    public static func deallocate(_ address: Address, byteCount: Int) {
        MirrorMemory.deallocate(address.pointer, byteCount: byteCount)
    }

    public static func upload(_ bytes: UnsafeRawBufferPointer, to address: Address) {
        guard let start = bytes.baseAddress else { return }
        MirrorMemory.behind(address.pointer).copyMemory(from: start, byteCount: bytes.count)
    }

    /// How often the thread that asks has fetched bytes: for each of them it would wait for a device.
    public static var readings: Int { MirrorMemory.readings }

    public static func download(_ address: Address, into bytes: UnsafeMutableRawBufferPointer) {
        MirrorMemory.readings += 1
        let start = MirrorMemory.behind(address.pointer)
        bytes.copyMemory(from: UnsafeRawBufferPointer(start: start, count: bytes.count))
    }

    public static func synchronize() {}

    public static var statistics: MemoryStatistics {
        MemoryStatistics(live: MirrorMemory.live, peak: MirrorMemory.peak)
    }

    /// The same elements, where the kernels can read and write them.
    private static func bytes(_ array: NDArray) -> NDArray {
        let start = Address(MirrorMemory.behind(array.storage.address.pointer))
        let storage = Storage.borrowing(
            start, byteCount: array.storage.byteCount, owner: array.storage, backend: Kernels.self)
        return NDArray(
            storage: storage, offset: array.offset, shape: array.shape, strides: array.strides, dtype: array.dtype)
    }
}

// MARK: - The kernels, behind the mirror

extension Mirrored {
    public static func unary(_ operation: UnaryOperation, _ x: NDArray, into y: NDArray) {
        Kernels.unary(operation, bytes(x), into: bytes(y))
    }

    public static func binary(_ operation: BinaryOperation, _ a: NDArray, _ b: NDArray, into y: NDArray) {
        Kernels.binary(operation, bytes(a), bytes(b), into: bytes(y))
    }

    public static func select(_ condition: NDArray, _ a: NDArray, _ b: NDArray, into y: NDArray) {
        Kernels.select(bytes(condition), bytes(a), bytes(b), into: bytes(y))
    }

    public static func copy(_ x: NDArray, into y: NDArray) { Kernels.copy(bytes(x), into: bytes(y)) }

    public static func fill(_ y: NDArray, with value: Double, integer: Int64) {
        Kernels.fill(bytes(y), with: value, integer: integer)
    }

    public static func reduce(_ reduction: Reduction, _ x: NDArray, into y: NDArray) {
        Kernels.reduce(reduction, bytes(x), into: bytes(y))
    }

    public static func argReduce(minimum: Bool, _ x: NDArray, dim: Int, indices: NDArray, values: NDArray) {
        Kernels.argReduce(minimum: minimum, bytes(x), dim: dim, indices: bytes(indices), values: bytes(values))
    }

    public static func meanAndVariance(_ x: NDArray, mean: NDArray, variance: NDArray) {
        Kernels.meanAndVariance(bytes(x), mean: bytes(mean), variance: bytes(variance))
    }

    public static func scan(_ scan: Scan, _ x: NDArray, dim: Int, into y: NDArray) {
        Kernels.scan(scan, bytes(x), dim: dim, into: bytes(y))
    }

    public static func sort(_ x: NDArray, dim: Int, descending: Bool, values: NDArray, indices: NDArray) {
        Kernels.sort(bytes(x), dim: dim, descending: descending, values: bytes(values), indices: bytes(indices))
    }

    public static func topK(_ x: NDArray, dim: Int, largest: Bool, values: NDArray, indices: NDArray) {
        Kernels.topK(bytes(x), dim: dim, largest: largest, values: bytes(values), indices: bytes(indices))
    }

    public static func matmul(_ a: NDArray, _ b: NDArray, into y: NDArray) {
        Kernels.matmul(bytes(a), bytes(b), into: bytes(y))
    }
}

extension Mirrored {
    public static func indexSelect(_ x: NDArray, dim: Int, index: NDArray, into y: NDArray) {
        Kernels.indexSelect(bytes(x), dim: dim, index: bytes(index), into: bytes(y))
    }

    public static func indexAdd(_ y: NDArray, dim: Int, index: NDArray, source: NDArray, scale: Double) {
        Kernels.indexAdd(bytes(y), dim: dim, index: bytes(index), source: bytes(source), scale: scale)
    }

    public static func indexCopy(_ y: NDArray, dim: Int, index: NDArray, source: NDArray) {
        Kernels.indexCopy(bytes(y), dim: dim, index: bytes(index), source: bytes(source))
    }

    public static func gather(_ x: NDArray, dim: Int, index: NDArray, into y: NDArray) {
        Kernels.gather(bytes(x), dim: dim, index: bytes(index), into: bytes(y))
    }

    public static func scatter(_ reduction: ScatterReduction, _ y: NDArray, dim: Int, index: NDArray, source: NDArray) {
        Kernels.scatter(reduction, bytes(y), dim: dim, index: bytes(index), source: bytes(source))
    }

    public static func take(_ x: NDArray, index: NDArray, into y: NDArray) {
        Kernels.take(bytes(x), index: bytes(index), into: bytes(y))
    }

    public static func put(_ y: NDArray, index: NDArray, values: NDArray, accumulate: Bool) {
        Kernels.put(bytes(y), index: bytes(index), values: bytes(values), accumulate: accumulate)
    }

    public static func nonzero(_ x: NDArray) -> NDArray {
        let found = Kernels.nonzero(bytes(x))
        let result = NDArray(empty: found.shape, dtype: found.dtype, backend: self)
        Kernels.copy(found, into: bytes(result))
        return result
    }

    public static func checkIndices(_ index: NDArray, _ range: IndexRange, into outcome: NDArray) {
        Kernels.checkIndices(bytes(index), range, into: bytes(outcome))
    }

    public static func normalizeIndices(_ index: NDArray, _ range: IndexRange, into y: NDArray) {
        Kernels.normalizeIndices(bytes(index), range, into: bytes(y))
    }
}

extension Mirrored {
    public static func randomUniform(_ y: NDArray, seed: UInt64, offset: UInt64, low: Double, high: Double) {
        Kernels.randomUniform(bytes(y), seed: seed, offset: offset, low: low, high: high)
    }

    public static func randomNormal(_ y: NDArray, seed: UInt64, offset: UInt64, mean: Double, standardDeviation: Double)
    {
        Kernels.randomNormal(
            bytes(y), seed: seed, offset: offset, mean: mean, standardDeviation: standardDeviation)
    }

    public static func randomIntegers(_ y: NDArray, seed: UInt64, offset: UInt64, low: Int64, high: Int64) {
        Kernels.randomIntegers(bytes(y), seed: seed, offset: offset, low: low, high: high)
    }
}
