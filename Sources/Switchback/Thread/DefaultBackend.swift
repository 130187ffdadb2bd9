extension Tensor {
    /// From now on, new tensors of this thread are allocated by `backend`.
    public static func useBackend(_ backend: any Backend.Type) { ThreadState.current.backend = backend }

    /// Runs `body` with new tensors allocated by `backend`. Operations follow the backend of their operands.
    public static func withBackend<Result, Failure: Error>(
        _ backend: any Backend.Type, _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        let previous = ThreadState.current.backend
        ThreadState.current.backend = backend
        defer { ThreadState.current.backend = previous }
        return try body()
    }
}
