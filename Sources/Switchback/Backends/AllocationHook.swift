extension Storage {
    /// Is told of every block that is allocated, on the thread that allocates it, while somebody wants to know.
    ///
    /// Read at every allocation, so it is a plain function pointer: a thread that sees a change late is one that nobody
    /// measures.
    nonisolated(unsafe) static var allocationHook: (@convention(c) (_ byteCount: Int) -> Void)?
}
