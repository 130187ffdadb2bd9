import Kernels

/// The CPU backend: the C kernels of the `Kernels` target.
public enum CPUBackend: Backend, HostMemory {
    public static let name = "cpu"

    public static func allocate(byteCount: Int) -> Address {
        guard let block = sb_allocate(byteCount) else {
            let bound = Memory.limit.map { "Memory.limit is \($0) bytes" } ?? "the system has no more"
            fail("memory", "there are no \(byteCount) bytes left: \(Memory.live) bytes are in use, and \(bound)")
        }
        return Address(block)
    }

    public static func deallocate(_ address: Address, byteCount: Int) { sb_free(address.pointer, byteCount) }

    public static var statistics: MemoryStatistics {
        MemoryStatistics(live: Memory.live, peak: Memory.peak, cached: Memory.cached)
    }
}

extension Storage {
    /// Memory of the processor that belongs to `owner`, which is kept alive. It must be writable, if only privately.
    public static func borrowing(_ pointer: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject) -> Storage {
        borrowing(Address(pointer), byteCount: byteCount, owner: owner, backend: CPUBackend.self)
    }
}

extension NDArray {
    /// The array as kernels see it. Valid while the storage lives.
    @inline(__always)
    var kernelArray: sb_array {
        sb_array(
            data: pointer, shape: layout.shape.elements, strides: layout.strides.elements, rank: Int32(rank),
            dtype: dtype.code)
    }
}

extension DType {
    @inline(__always)
    fileprivate var code: Int32 {
        let code =
            switch self {
            case .float32: SB_FLOAT32
            case .float64: SB_FLOAT64
            case .float16: SB_FLOAT16
            case .bfloat16: SB_BFLOAT16
            case .int32: SB_INT32
            case .int64: SB_INT64
            case .uint8: SB_UINT8
            case .bool: SB_BOOL
            case .complex64, .complex128: refuseComplex()
            }
        return Int32(bitPattern: code.rawValue)
    }
}
