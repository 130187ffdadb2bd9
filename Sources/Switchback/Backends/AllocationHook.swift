extension Storage {
    /// Called for every allocated block, on the allocating thread, while there is an observer.
    ///
    /// Read at every allocation, so it is a plain function pointer: a thread that sees a change late is one that nobody
    /// measures.
    nonisolated(unsafe) static var allocationHook: (@convention(c) (_ byteCount: Int) -> Void)?
}
