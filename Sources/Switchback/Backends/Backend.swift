/// The boundary between tensors and kernels: memory, and a few dozen raw kernels that know nothing about gradients.
///
/// Each family of kernels is a protocol of its own. A kernel writes into an array that the caller allocated, of the
/// right shape and type. Fused kernels are the exception: they may decline, and do so by default; the operation is then
/// composed of primitive ones, so that a new backend starts small and gains speed later.
///
/// A backend is a type, and its kernels are static: there is never more than one of each, and a reference to a type is
/// passed on without counting.
public protocol Backend: Sendable, DeviceMemory, ElementwiseKernels, ReductionKernels, ArrangementKernels,
    IndexingKernels, RandomKernels, MatmulKernels, OptimizerKernels, ConvolutionKernels,
    PoolingKernels, NormalizationKernels, SoftmaxKernels, LossKernels, AssignmentKernels,
    ResamplingKernels, AttentionKernels, RecurrentKernels, PackedWeightKernels
{
    /// A short name such as `cpu`.
    static var name: String { get }
}
