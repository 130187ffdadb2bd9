import Foundation
import Switchback

/// A memory-mapped file, read from disk page by page as it is accessed.
///
/// The mapping is private and writable, so that a tensor on it can be changed in place: the change stays in memory.
package final class MappedFile {
    package let path: String
    package let bytes: UnsafeMutableRawBufferPointer

    package init(_ path: String) throws {
        self.path = path
        switch FileKind(path) {
        case .missing: throw InputError(path, "there is no such file")
        case .folder: throw InputError(path, "is a folder, not a file")
        case .special: throw InputError(path, "is not a regular file")
        case .file: break
        }
        let descriptor = open(path, O_RDONLY)
        guard descriptor >= 0 else { throw InputError(path, cannot: "read", errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw InputError(path, cannot: "read", errno) }
        let count = Int(status.st_size)
        guard count > 0 else { throw InputError(path, "the file is empty") }
        let mapping = mmap(nil, count, PROT_READ | PROT_WRITE, MAP_PRIVATE, descriptor, 0)
        guard let mapping, mapping != MAP_FAILED else { throw InputError(path, cannot: "read", errno) }
        bytes = UnsafeMutableRawBufferPointer(start: mapping, count: count)
    }

    /// Lets the system have the memory of a range of the file, which comes from the disk again if it is needed. Only for a
    /// mapping that nobody has changed.
    package func forget(_ range: Range<Int>) {
        let page = Int(getpagesize())
        let (start, end) = (range.lowerBound / page * page, range.upperBound / page * page)
        if start < end { Platform.forgetFilePages(.init(rebasing: bytes[start..<end])) }
    }

    deinit { munmap(bytes.baseAddress, bytes.count) }

    package var count: Int { bytes.count }

    /// A tensor of elements that lie at `offset`; in place where alignment permits, else copied. The range must be
    /// within the file.
    func tensor(at offset: Int, shape: Shape, dtype: DType) -> Tensor {
        let byteCount = shape.elementCount * dtype.byteCount
        let start = bytes.baseAddress! + offset
        if Int(bitPattern: start) % dtype.byteCount == 0 {
            let storage = Storage.borrowing(start, byteCount: byteCount, owner: self)
            return Tensor(
                NDArray(storage: storage, shape: shape, strides: shape.contiguousStrides, dtype: dtype))
        }
        let source = UnsafeRawBufferPointer(start: start, count: byteCount)
        return Tensor(NDArray(shape: shape, dtype: dtype) { $0.copyMemory(from: source) })
    }
}
