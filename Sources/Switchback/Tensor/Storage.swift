/// A block of memory that tensors and their views share.
public final class Storage {
    let pointer: UnsafeMutableRawPointer
    public let byteCount: Int
    /// The backend whose kernels can read the memory.
    public let backend: any Backend
    /// Counts the changes made in place, so that a value saved for a gradient and changed since is noticed.
    private(set) var version = 0
    /// The operation that last changed the memory in place.
    private(set) var lastChange: StaticString = "nothing"
    /// Keeps foreign memory (a mapped file) alive; `nil` when the backend allocated the block.
    private let owner: AnyObject?

    /// Memory from the backend's allocator; its contents are undefined.
    init(byteCount: Int, backend: any Backend) {
        self.byteCount = byteCount
        self.backend = backend
        pointer = backend.allocate(byteCount: byteCount)
        owner = nil
    }

    /// Memory that belongs to `owner` and must not be written to.
    public init(borrowing pointer: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject) {
        self.pointer = pointer
        self.byteCount = byteCount
        backend = CPUBackend.shared
        self.owner = owner
    }

    func noteChange(by operation: StaticString) {
        version += 1
        lastChange = operation
    }

    deinit {
        if owner == nil { backend.deallocate(pointer, byteCount: byteCount) }
    }
}
