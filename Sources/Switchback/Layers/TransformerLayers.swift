// The layers that transformers repeat, with PyTorch's parameter names.

/// The part of a transformer's layer that looks at each position by itself.
public typealias Activation = (Tensor) -> Tensor

/// Self-attention and a two-layer network, each with a shortcut around it and a normalization (Vaswani et al., 2017,
/// section 3.1). As `torch.nn.TransformerEncoderLayer`. Shape is unchanged.
public final class TransformerEncoderLayer: Module {
    private let selfAttn: MultiHeadAttention
    private let linear1, linear2: Linear
    private let norm1, norm2: LayerNorm
    private let dropout, dropout1, dropout2: Dropout
    private let activation: Activation
    private let normFirst: Bool

    /// - Parameters:
    ///   - width: the size of each position's vector.
    ///   - feedForward: the size of the layer between the two linear ones.
    ///   - normFirst: whether normalizations stand before attention and network instead of after their shortcuts.
    ///   - batchFirst: whether inputs are [N, L, width] instead of [L, N, width].
    public init(
        _ width: Int, heads: Int, feedForward: Int = 2048, dropout: Double = 0.1,
        activation: @escaping Activation = { $0.relu() }, eps: Double = 1e-5, batchFirst: Bool = false,
        normFirst: Bool = false, bias: Bool = true, dtype: DType = .float32, generator: Generator? = nil
    ) {
        selfAttn = MultiHeadAttention(
            width, heads: heads, dropout: dropout, bias: bias, batchFirst: batchFirst, dtype: dtype,
            generator: generator)
        linear1 = Linear(width, feedForward, bias: bias, dtype: dtype, generator: generator)
        linear2 = Linear(feedForward, width, bias: bias, dtype: dtype, generator: generator)
        norm1 = LayerNorm(width, eps: eps, bias: bias, dtype: dtype)
        norm2 = LayerNorm(width, eps: eps, bias: bias, dtype: dtype)
        self.dropout = Dropout(p: dropout)
        dropout1 = Dropout(p: dropout)
        dropout2 = Dropout(p: dropout)
        self.activation = activation
        self.normFirst = normFirst
    }

    /// - Parameters:
    ///   - mask: [L, L], true where a position must not see another, or numbers that are added to the scores.
    ///   - keyPaddingMask: [N, L], true where a position is padding.
    ///   - isCausal: whether each position sees only itself and those before.
    public func callAsFunction(
        _ input: Tensor, mask: Tensor?, keyPaddingMask: Tensor? = nil, isCausal: Bool = false
    ) -> Tensor {
        running(input) { layer(input, mask, keyPaddingMask, isCausal) }
    }

    public override func forward(_ input: Tensor) -> Tensor { layer(input, nil, nil, false) }

    private func layer(_ input: Tensor, _ mask: Tensor?, _ padding: Tensor?, _ isCausal: Bool) -> Tensor {
        let attended = input.withShortcut(norm1, first: normFirst) { x in
            dropout1(selfAttn(x, x, x, keyPaddingMask: padding, mask: mask, isCausal: isCausal))
        }
        return attended.withShortcut(norm2, first: normFirst) { x in
            dropout2(linear2(dropout(activation(linear1(x)))))
        }
    }
}

/// As an encoder's layer, with attention to the encoder's output, the memory, between. As
/// `torch.nn.TransformerDecoderLayer`. Shape is unchanged.
public final class TransformerDecoderLayer: Module {
    private let selfAttn, multiheadAttn: MultiHeadAttention
    private let linear1, linear2: Linear
    private let norm1, norm2, norm3: LayerNorm
    private let dropout, dropout1, dropout2, dropout3: Dropout
    private let activation: Activation
    private let normFirst: Bool

    /// The parameters are those of `TransformerEncoderLayer`.
    public init(
        _ width: Int, heads: Int, feedForward: Int = 2048, dropout: Double = 0.1,
        activation: @escaping Activation = { $0.relu() }, eps: Double = 1e-5, batchFirst: Bool = false,
        normFirst: Bool = false, bias: Bool = true, dtype: DType = .float32, generator: Generator? = nil
    ) {
        func attention() -> MultiHeadAttention {
            MultiHeadAttention(
                width, heads: heads, dropout: dropout, bias: bias, batchFirst: batchFirst, dtype: dtype,
                generator: generator)
        }
        selfAttn = attention()
        multiheadAttn = attention()
        linear1 = Linear(width, feedForward, bias: bias, dtype: dtype, generator: generator)
        linear2 = Linear(feedForward, width, bias: bias, dtype: dtype, generator: generator)
        norm1 = LayerNorm(width, eps: eps, bias: bias, dtype: dtype)
        norm2 = LayerNorm(width, eps: eps, bias: bias, dtype: dtype)
        norm3 = LayerNorm(width, eps: eps, bias: bias, dtype: dtype)
        self.dropout = Dropout(p: dropout)
        dropout1 = Dropout(p: dropout)
        dropout2 = Dropout(p: dropout)
        dropout3 = Dropout(p: dropout)
        self.activation = activation
        self.normFirst = normFirst
    }

    /// - Parameters:
    ///   - input: the target, [T, N, width] or [N, T, width].
    ///   - memory: the encoder's output, [S, N, width] or [N, S, width].
    ///   - mask: [T, T], true where a position of the target must not see another.
    ///   - memoryMask: [T, S], true where a position must not see one of the memory.
    ///   - keyPaddingMask, memoryKeyPaddingMask: [N, T] and [N, S], true where a position is padding.
    ///   - isCausal: whether each position of the target sees only itself and those before.
    public func callAsFunction(
        _ input: Tensor, memory: Tensor, mask: Tensor? = nil, memoryMask: Tensor? = nil,
        keyPaddingMask: Tensor? = nil, memoryKeyPaddingMask: Tensor? = nil, isCausal: Bool = false
    ) -> Tensor {
        running(input) {
            let attended = input.withShortcut(norm1, first: normFirst) { x in
                dropout1(selfAttn(x, x, x, keyPaddingMask: keyPaddingMask, mask: mask, isCausal: isCausal))
            }
            let informed = attended.withShortcut(norm2, first: normFirst) { x in
                dropout2(multiheadAttn(x, memory, memory, keyPaddingMask: memoryKeyPaddingMask, mask: memoryMask))
            }
            return informed.withShortcut(norm3, first: normFirst) { x in
                dropout3(linear2(dropout(activation(linear1(x)))))
            }
        }
    }
}

extension Tensor {
    /// `x + body(norm(x))`, or with the normalization last `norm(x + body(x))`.
    fileprivate final func withShortcut(_ norm: LayerNorm, first: Bool, _ body: (Tensor) -> Tensor) -> Tensor {
        first ? self + body(norm(self)) : norm(self + body(self))
    }
}
