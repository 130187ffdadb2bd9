import Switchback
import SwitchbackFormats

/// A model that reads one sequence and writes another.
///
/// A subclass computes `encode` and `decode`; what is common to all, the output layer and the loss, is here.
open class EncoderDecoder: Module {
    // MARK: What a model defines

    /// The memory for the decoder: int64 [N, S] → [N, S, width].
    ///
    /// - Parameter padding: bool [N, S], true where a token is padding.
    open func encode(_ source: Tensor, padding: Tensor? = nil) -> Tensor {
        fail("\(type(of: self))", "does not define encode(_:padding:)")
    }

    /// A vector for the token that follows each of the target's: int64 [N, T], [N, S, width] → [N, T, width].
    open func decode(_ target: Tensor, _ memory: Tensor, padding: Tensor? = nil) -> Tensor {
        fail("\(type(of: self))", "does not define decode(_:_:padding:)")
    }

    /// The matrix [vocabulary, width] whose product with these vectors gives the logits, and what is added to them.
    open var outputWeight: Parameter { fail("\(type(of: self))", "does not define outputWeight") }
    open var outputBias: Tensor? { nil }

    /// The longest sequence that can be read or written, in tokens; `nil` if any can.
    open var contextLength: Int? { nil }

    /// The contents of `config.json`.
    open var configurationFields: [(name: String, value: JSON)] { [] }

    // MARK: What follows from it

    /// The logits of the token that follows the last one of each target: [N, target vocabulary].
    public final func nextLogits(_ target: Tensor, _ memory: Tensor, padding: Tensor? = nil) -> Tensor {
        running(target) {
            decode(target, memory, padding: padding).select(dim: 1, index: target.size(1) - 1)
                .linear(weight: outputWeight, bias: outputBias)
        }
    }

    /// The mean of −log p of each token of the target after the first, in nats.
    ///
    /// - Parameters:
    ///   - source: int64 [N, S].
    ///   - target: int64 [N, T]; begins with the token by which a target begins, and after its end has −100.
    ///   - padding: bool [N, S], true where a token of the source is padding.
    public final func loss(
        _ source: Tensor, _ target: Tensor, padding: Tensor? = nil, labelSmoothing: Double = 0
    ) -> Tensor {
        running(source) {
            let length = target.size(1) - 1
            let read = target.narrow(dim: 1, start: 0, length: length)
            let features = decode(
                read.maskedFill(read.lt(0), 0), encode(source, padding: padding), padding: padding)
            return features.linearCrossEntropy(
                weight: outputWeight, bias: outputBias, target.narrow(dim: 1, start: 1, length: length),
                labelSmoothing: labelSmoothing)
        }
    }
}

/// The attention of encoder–decoders: softmax(scale · q kᵀ + bias) v over what is seen.
struct CrossAttention {
    /// Queries [N, H, T, D], keys and values [N, H, S, D] → [N, T, H · D].
    ///
    /// - Parameters:
    ///   - bias: added to the products, [1, H, T, S].
    ///   - padding: bool [N, S], true where nothing is to be seen.
    static func mix(
        _ queries: Tensor, _ keys: Tensor, _ values: Tensor, scale: Double, bias: Tensor? = nil,
        padding: Tensor? = nil, isCausal: Bool = false
    ) -> Tensor {
        var scores = (queries * scale).matmul(keys.transpose(2, 3))
        if let bias { scores = scores + bias }
        if let padding { scores = scores.maskedFill(padding.unsqueeze(1).unsqueeze(1), -Double.infinity) }
        if isCausal {
            let unseen = queries.newZeros([queries.size(2), keys.size(2)]).eq(0).tril().logicalNot()
            scores = scores.maskedFill(unseen, -Double.infinity)
        }
        return scores.softmax(dim: -1).matmul(values).joiningHeads()
    }
}
