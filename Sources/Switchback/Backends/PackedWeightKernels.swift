/// Products with quantized matrices, for inference. A backend without them declines, as the default does.
public protocol PackedWeightKernels {
    /// Rounds a matrix [n, k] of float32, k a multiple of 32, to groups of 8 or 4 bits that lie as
    /// `Kernels/include/quantized.h` describes; `nil` if the backend has no such kernel.
    static func quantize(_ matrix: NDArray, bits: Int) -> QuantizedArray?
    /// The rows of a quantized matrix that int64 `rows` names: [count, k] of float32.
    static func rows(_ rows: NDArray, of matrix: QuantizedArray) -> NDArray
    /// `x · matrixᵀ + bias` for dense rows x [m, k] of float32: [m, n].
    static func linear(_ x: NDArray, _ matrix: QuantizedArray, bias: NDArray?) -> NDArray
    /// `x · weightᵀ + bias` for dense rows x [m, k] of float32 and weight [n, k] of bfloat16; `nil` if the backend has
    /// no such kernel.
    static func linear(_ x: NDArray, bfloatWeight: NDArray, bias: NDArray?) -> NDArray?
}

/// A matrix [n, k] with 8 or 4 bits per element: `numbers` are bytes, `scales` bfloat16, one for each group of 32.
public struct QuantizedArray {
    public let n, k, bits: Int
    public let numbers, scales: NDArray

    /// The same numbers in the memory of a backend.
    func transferred(to backend: any Backend.Type) -> QuantizedArray {
        QuantizedArray(
            n: n, k: k, bits: bits, numbers: numbers.transferred(to: backend), scales: scales.transferred(to: backend))
    }
}

extension PackedWeightKernels where Self: Backend {
    public static func quantize(_ matrix: NDArray, bits: Int) -> QuantizedArray? { nil }

    public static func rows(_ rows: NDArray, of matrix: QuantizedArray) -> NDArray {
        fail("packed weight", "the backend \(name) has no kernels for it")
    }

    public static func linear(_ x: NDArray, _ matrix: QuantizedArray, bias: NDArray?) -> NDArray {
        fail("packed weight", "the backend \(name) has no kernels for it")
    }

    public static func linear(_ x: NDArray, bfloatWeight: NDArray, bias: NDArray?) -> NDArray? { nil }
}
