/// The wall between tensors and kernels: memory, and some dozens of raw kernels that know nothing of gradients.
///
/// Each family of kernels is a protocol of its own. A kernel writes into an array that the caller allocated, of the
/// right shape and type. Fused kernels are the exception: they may decline, and do so by default; the operation is then
/// composed of primitive ones, so that a new backend starts small and gains speed later.
public protocol Backend: AnyObject, Sendable, ElementwiseKernels, ReductionKernels, ArrangementKernels,
    IndexingKernels, RandomKernels, MatmulKernels, OptimizerKernels, ConvolutionKernels,
    PoolingKernels, NormalizationKernels, SoftmaxKernels, LossKernels,
    ResamplingKernels, AttentionKernels, RecurrentKernels
{
    /// A short name such as `cpu`.
    var name: String { get }
    /// Memory whose contents are undefined.
    func allocate(byteCount: Int) -> UnsafeMutableRawPointer
    func deallocate(_ pointer: UnsafeMutableRawPointer, byteCount: Int)
}

extension Tensor {
    /// Runs `body` with new tensors allocated by `backend`. Operations follow the backend of their operands.
    public static func withBackend<Result>(_ backend: any Backend, _ body: () throws -> Result) rethrows -> Result {
        let previous = ThreadState.current.backend
        ThreadState.current.backend = backend
        defer { ThreadState.current.backend = previous }
        return try body()
    }
}
