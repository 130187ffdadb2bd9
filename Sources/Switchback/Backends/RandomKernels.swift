/// Counter-based random numbers, Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011):
/// element `i`, in row-major order, depends on the seed, the offset and `i` alone, never on threads or memory order.
public protocol RandomKernels {
    /// In [low, high).
    static func randomUniform(_ y: NDArray, seed: UInt64, offset: UInt64, low: Double, high: Double)
    static func randomNormal(_ y: NDArray, seed: UInt64, offset: UInt64, mean: Double, standardDeviation: Double)
    /// Whole numbers in [low, high).
    static func randomIntegers(_ y: NDArray, seed: UInt64, offset: UInt64, low: Int64, high: Int64)
    /// How many counters filling `y` uses: the offset of the next call is this much further.
    static func randomCounters(_ y: NDArray) -> UInt64
}
