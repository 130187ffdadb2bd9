/// Encoder layers one after another. As `torch.nn.TransformerEncoder`. Shape is unchanged.
public final class TransformerEncoder: Module {
    private let layers: [TransformerEncoderLayer]
    private let norm: LayerNorm?

    /// - Parameters:
    ///   - norm: comes last; wanted where the layers normalize first.
    ///   - makeLayer: makes each layer, with weights of its own.
    public init(
        layers count: Int, norm: LayerNorm? = nil, _ makeLayer: () -> TransformerEncoderLayer
    ) {
        layers = (0..<count).map { _ in makeLayer() }
        self.norm = norm
    }

    /// The operands are those of `TransformerEncoderLayer`.
    public func callAsFunction(
        _ input: Tensor, mask: Tensor?, keyPaddingMask: Tensor? = nil, isCausal: Bool = false
    ) -> Tensor {
        running(input) {
            let output = layers.reduce(input) {
                $1($0, mask: mask, keyPaddingMask: keyPaddingMask, isCausal: isCausal)
            }
            return norm?(output) ?? output
        }
    }

    public override func forward(_ input: Tensor) -> Tensor {
        let output = layers.reduce(input) { $1($0) }
        return norm?(output) ?? output
    }
}

/// Decoder layers one after another. As `torch.nn.TransformerDecoder`. Shape is unchanged.
public final class TransformerDecoder: Module {
    private let layers: [TransformerDecoderLayer]
    private let norm: LayerNorm?

    /// The parameters are those of `TransformerEncoder`.
    public init(
        layers count: Int, norm: LayerNorm? = nil, _ makeLayer: () -> TransformerDecoderLayer
    ) {
        layers = (0..<count).map { _ in makeLayer() }
        self.norm = norm
    }

    /// The operands are those of `TransformerDecoderLayer`.
    public func callAsFunction(
        _ input: Tensor, memory: Tensor, mask: Tensor? = nil, memoryMask: Tensor? = nil,
        keyPaddingMask: Tensor? = nil, memoryKeyPaddingMask: Tensor? = nil, isCausal: Bool = false
    ) -> Tensor {
        running(input) {
            let output = layers.reduce(input) {
                $1(
                    $0, memory: memory, mask: mask, memoryMask: memoryMask, keyPaddingMask: keyPaddingMask,
                    memoryKeyPaddingMask: memoryKeyPaddingMask, isCausal: isCausal)
            }
            return norm?(output) ?? output
        }
    }
}

/// An encoder and a decoder that attends to it (Vaswani et al., "Attention is all you need", 2017). As
/// `torch.nn.Transformer`.
public final class Transformer: Module {
    private let encoder: TransformerEncoder
    private let decoder: TransformerDecoder

    public init(
        _ width: Int = 512, heads: Int = 8, encoderLayers: Int = 6, decoderLayers: Int = 6, feedForward: Int = 2048,
        dropout: Double = 0.1, activation: @escaping Activation = { $0.relu() }, eps: Double = 1e-5,
        batchFirst: Bool = false, normFirst: Bool = false, bias: Bool = true, dtype: DType = .float32,
        generator: Generator? = nil
    ) {
        func norm() -> LayerNorm { LayerNorm(width, eps: eps, bias: bias, dtype: dtype) }
        encoder = TransformerEncoder(layers: encoderLayers, norm: norm()) {
            TransformerEncoderLayer(
                width, heads: heads, feedForward: feedForward, dropout: dropout, activation: activation, eps: eps,
                batchFirst: batchFirst, normFirst: normFirst, bias: bias, dtype: dtype)
        }
        decoder = TransformerDecoder(layers: decoderLayers, norm: norm()) {
            TransformerDecoderLayer(
                width, heads: heads, feedForward: feedForward, dropout: dropout, activation: activation, eps: eps,
                batchFirst: batchFirst, normFirst: normFirst, bias: bias, dtype: dtype)
        }
        super.init()
        for parameter in parameters where parameter.rank > 1 {
            parameter.initialize(.xavierUniform(), generator: generator)
        }
    }

    /// The decoder's output for a target, [T, N, width] or [N, T, width], given a source, [S, N, width] or
    /// [N, S, width]. Masks are true where a position must not be seen, or numbers that are added to the scores.
    public func callAsFunction(
        _ source: Tensor, _ target: Tensor, sourceMask: Tensor? = nil, targetMask: Tensor? = nil,
        memoryMask: Tensor? = nil, sourceKeyPaddingMask: Tensor? = nil, targetKeyPaddingMask: Tensor? = nil,
        memoryKeyPaddingMask: Tensor? = nil
    ) -> Tensor {
        running(source) {
            let memory = encoder(source, mask: sourceMask, keyPaddingMask: sourceKeyPaddingMask)
            return decoder(
                target, memory: memory, mask: targetMask, memoryMask: memoryMask,
                keyPaddingMask: targetKeyPaddingMask, memoryKeyPaddingMask: memoryKeyPaddingMask)
        }
    }

    /// [length, length], true above the diagonal: the mask by which no position sees a later one.
    public static func causalMask(_ length: Int) -> Tensor {
        Tensor.ones([length, length], dtype: .bool).triu(1)
    }
}
