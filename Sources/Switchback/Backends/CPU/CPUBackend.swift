import Kernels

/// The processor: the C kernels of the `Kernels` target.
public final class CPUBackend: Backend {
    public static let shared = CPUBackend()

    public let name = "cpu"

    private init() {}

    public func allocate(byteCount: Int) -> UnsafeMutableRawPointer {
        guard let block = sb_allocate(byteCount) else {
            fail("memory", "the system has no \(byteCount) bytes left (\(Memory.live) bytes are in use)")
        }
        return block
    }

    public func deallocate(_ pointer: UnsafeMutableRawPointer, byteCount: Int) {
        sb_free(pointer, byteCount)
    }
}

extension NDArray {
    /// The array as kernels see it. Valid while the storage lives.
    @inline(__always)
    var kernelArray: sb_array {
        sb_array(
            data: pointer, shape: shape.elements, strides: strides.elements, rank: Int32(rank), dtype: dtype.rawValue)
    }
}
