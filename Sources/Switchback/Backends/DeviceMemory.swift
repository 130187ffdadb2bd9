/// The memory that a backend's kernels read and write.
///
/// Nobody but the kernels goes there: everyone else brings bytes with `upload` and fetches them with `download`,
/// through `NDArray.withHostBytes` and `NDArray(uploading:shape:dtype:to:)`. Kernels may still be running when their
/// call returns; `upload`, `download` and `deallocate` take effect after the kernels that were called before them.
public protocol DeviceMemory {
    /// Whether the processor can read and write the memory in place. Only then do small blocks lie inside their
    /// `Storage`, and are bytes handed out without a copy.
    static var isHostReadable: Bool { get }
    /// Memory whose contents are undefined.
    static func allocate(byteCount: Int) -> Address
    static func deallocate(_ address: Address, byteCount: Int)
    /// Copies bytes of the processor's memory to an address of this one.
    static func upload(_ bytes: UnsafeRawBufferPointer, to address: Address)
    /// Fills bytes of the processor's memory with those that lie at an address of this one.
    static func download(_ address: Address, into bytes: UnsafeMutableRawBufferPointer)
    /// Returns when all kernels that were called have run. Throws what one of them could not say when it was called.
    static func synchronize() throws
    static var statistics: MemoryStatistics { get }
}

/// What the allocator of a device holds, in bytes.
public struct MemoryStatistics: Hashable, Sendable {
    /// Handed out to tensors that are alive.
    public var live: Int
    /// The most that was live at once.
    public var peak: Int
    /// Freed, and kept for the next tensor of that size.
    public var cached: Int

    public init(live: Int, peak: Int, cached: Int = 0) {
        self.live = live
        self.peak = peak
        self.cached = cached
    }
}

/// Where a block lies in the memory of a device. It leads somewhere for the kernels of its backend alone, who see it as
/// a pointer.
public struct Address: Hashable, @unchecked Sendable {
    @_spi(Backends) public let pointer: UnsafeMutableRawPointer

    @_spi(Backends) public init(_ pointer: UnsafeMutableRawPointer) { self.pointer = pointer }

    static func + (address: Address, byteCount: Int) -> Address { Address(address.pointer + byteCount) }
}

// MARK: - Memory of the processor

/// Memory that kernels of the processor share with everyone: bytes are copied at once, and nothing is left to wait for.
public protocol HostMemory: DeviceMemory {}

extension HostMemory {
    public static var isHostReadable: Bool { true }

    public static func upload(_ bytes: UnsafeRawBufferPointer, to address: Address) {
        if let start = bytes.baseAddress { address.pointer.copyMemory(from: start, byteCount: bytes.count) }
    }

    public static func download(_ address: Address, into bytes: UnsafeMutableRawBufferPointer) {
        bytes.copyMemory(from: UnsafeRawBufferPointer(start: address.pointer, count: bytes.count))
    }

    public static func synchronize() {}
}

// MARK: - What kernels see

extension NDArray {
    /// The address of the first element, for the kernels of the array's backend.
    @_spi(Backends) public var pointer: UnsafeMutableRawPointer { address.pointer }

    /// As `pointer`, to elements.
    func pointer<Element>(to type: Element.Type) -> UnsafeMutablePointer<Element> {
        pointer.assumingMemoryBound(to: Element.self)
    }

    /// As `pointer`, to float32 elements.
    var floats: UnsafeMutablePointer<Float> { pointer(to: Float.self) }
}
