extension Tensor {
    /// Runs `body` with new tensors allocated by `backend`. Operations follow the backend of their operands.
    public static func withBackend<Result>(_ backend: any Backend.Type, _ body: () throws -> Result) rethrows -> Result
    {
        let previous = ThreadState.current.backend
        ThreadState.current.backend = backend
        defer { ThreadState.current.backend = previous }
        return try body()
    }
}
