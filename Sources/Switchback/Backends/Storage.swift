/// A block of memory that tensors and their views share.
///
/// Small blocks of memory that the processor can read lie inside the object, behind its header, which is what
/// `ManagedBuffer` is for: a scalar then costs one allocation.
public final class Storage: ManagedBuffer<Storage.Header, UInt64> {
    public struct Header {
        fileprivate let address: Address
        fileprivate let byteCount: Int
        fileprivate let backend: any Backend.Type
        /// The backend's answer, kept because each small result is asked for it.
        fileprivate let isHostReadable: Bool
        fileprivate var version = 0
        fileprivate var lastChange: StaticString = "nothing"
        fileprivate let kind: Kind
    }

    fileprivate enum Kind {
        /// The block is the object's own tail.
        case tail
        /// The backend allocated the block.
        case allocated
        /// The block belongs to another object, which is kept alive: a mapped file.
        case borrowed(AnyObject)
    }

    private static let largestTail = 64

    /// Memory from the backend's allocator; its contents are undefined.
    static func allocate(byteCount: Int, backend: any Backend.Type) -> Storage {
        if let hook = allocationHook { hook(byteCount) }
        let isHostReadable = backend == CPUBackend.self || backend.isHostReadable
        if byteCount > largestTail || !isHostReadable {
            let block = backend.allocate(byteCount: byteCount)
            return make(tailWords: 0) { _ in
                Header(
                    address: block, byteCount: byteCount, backend: backend, isHostReadable: isHostReadable,
                    kind: .allocated)
            }
        }
        return make(tailWords: (byteCount + 7) / 8) { tail in
            Header(
                address: Address(tail), byteCount: byteCount, backend: backend, isHostReadable: true, kind: .tail)
        }
    }

    /// Memory that belongs to `owner`, which is kept alive, for the kernels of `backend`.
    @_spi(Backends) public static func borrowing(
        _ address: Address, byteCount: Int, owner: AnyObject, backend: any Backend.Type
    ) -> Storage {
        make(tailWords: 0) { _ in
            Header(
                address: address, byteCount: byteCount, backend: backend, isHostReadable: backend.isHostReadable,
                kind: .borrowed(owner))
        }
    }

    private static func make(tailWords: Int, _ header: (UnsafeMutableRawPointer) -> Header) -> Storage {
        let buffer = Storage.create(minimumCapacity: tailWords) {
            header($0.withUnsafeMutablePointerToElements { UnsafeMutableRawPointer($0) })
        }
        return unsafeDowncast(buffer, to: Storage.self)
    }

    deinit {
        withUnsafeMutablePointerToHeader {
            if case .allocated = $0.pointee.kind {
                $0.pointee.backend.deallocate($0.pointee.address, byteCount: $0.pointee.byteCount)
            }
        }
    }

    /// Where the memory begins.
    @_spi(Backends) public var address: Address { withUnsafeMutablePointerToHeader { $0.pointee.address } }
    public var byteCount: Int { withUnsafeMutablePointerToHeader { $0.pointee.byteCount } }
    /// The backend whose kernels can read the memory.
    public var backend: any Backend.Type { withUnsafeMutablePointerToHeader { $0.pointee.backend } }
    /// Whether the processor can read the memory in place.
    var isHostReadable: Bool { withUnsafeMutablePointerToHeader { $0.pointee.isHostReadable } }
    /// Counts the changes made in place, so that a value saved for a gradient and changed since is noticed.
    var version: Int { withUnsafeMutablePointerToHeader { $0.pointee.version } }
    /// The operation that last changed the memory in place.
    var lastChange: StaticString { withUnsafeMutablePointerToHeader { $0.pointee.lastChange } }

    func noteChange(by operation: StaticString) {
        withUnsafeMutablePointerToHeader {
            $0.pointee.version += 1
            $0.pointee.lastChange = operation
        }
    }
}
