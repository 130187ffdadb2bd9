/// The numbers that products compute with.
public enum Precision: String, CaseIterable, Codable, Sendable {
    case float32
    /// Operands of bfloat16, whose products are summed in float32.
    case bfloat16 = "bf16"
}

/// Runs `body` with products in a precision: PyTorch's `torch.autocast("cpu", dtype: torch.bfloat16)`.
///
/// Under `.bfloat16` the operands of `matmul`, `linear`, `linearCrossEntropy`, attention and 1×1 convolutions are rounded
/// to bfloat16, and their products summed in float32. So is what Winograd's algorithm multiplies in 3×3 convolutions, whose
/// results are off by some 1 %. What these operations, batch normalization, ReLU, GELU and SiLU save for the gradient is rounded,
/// too, and takes half the memory. Everything else, results and gradients among it, stays float32. An operation's gradient is computed in the precision
/// of the operation, wherever `backward()` is called. Operands of float64 and float16 are left as they are.
///
/// ```swift
/// let loss = withPrecision(.bfloat16) { model(images).crossEntropy(labels) }
/// loss.backward()
/// optimizer.step()
/// ```
public func withPrecision<Result>(_ precision: Precision, _ body: () throws -> Result) rethrows -> Result {
    let previous = ThreadState.exchangePrecision(precision)
    defer { _ = ThreadState.exchangePrecision(previous) }
    return try body()
}

extension Tensor {
    /// The tensor as a product reads it in the precision of the thread: itself, or rounded to bfloat16.
    final func operand() -> Tensor {
        guard array.isReadRounded else { return self }
        return Tensor.record(.conversion, ThreadState.current.roundedCopies.rounded(array), from: [self]) { [$1] }
    }

    /// What a product keeps of an operand for its gradient: not a second copy of a parameter, which stays in memory
    /// anyway and is rounded again.
    final func kept(as operand: Tensor) -> Tensor { requiresGrad && isLeaf ? self : operand }
}

extension Tensor {
    /// What an operation saves of an operand that it read as it is: what other operations made is rounded in the precision of
    /// the thread, which halves its memory; a leaf stays in memory anyway.
    final func compacted() -> Tensor { isLeaf ? self : operand() }

    /// The same of a result, which nothing but the operation's gradient needs.
    static func compacted(_ result: NDArray) -> Tensor {
        Tensor(result.isReadRounded ? ThreadState.current.roundedCopies.rounded(result) : result)
    }
}

extension NDArray {
    /// Whether products read it, and gradients what was saved of it, rounded in the precision of the thread.
    var isReadRounded: Bool { ThreadState.precision == .bfloat16 && dtype == .float32 }

    /// The type of a product of operands of this type.
    var productType: DType { dtype == .bfloat16 && ThreadState.precision == .bfloat16 ? .float32 : dtype }
}

extension Convolution2D {
    /// Whether products are rounded, in the precision of the thread.
    var isRounded: Bool { ThreadState.precision == .bfloat16 }
}
