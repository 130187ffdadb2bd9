import Switchback
import SwitchbackFormats

/// A network that predicts, at each position of a text, the probabilities of the next token.
///
/// A subclass computes `features`; what is common to all, the output layer, the loss and reading on from where it
/// stopped, is here.
open class LanguageModel: Module {
    /// How many tokens there are.
    public final let vocabularySize: Int
    /// The longest text that the model can read at once, in tokens.
    public final let contextLength: Int

    public init(vocabularySize: Int, contextLength: Int) {
        self.vocabularySize = vocabularySize
        self.contextLength = contextLength
    }

    /// Whether only what goes into each block is kept for the gradients, and the rest is computed again on the way
    /// back: less memory for a second forward pass. Of models that have blocks; see `hasBlocks`.
    public final var recomputesBlocks = false

    // MARK: What a model defines

    /// The vectors from which the next tokens are told: int64 [N, T] → [N, T, width].
    ///
    /// - Parameter memory: what was read before; the new tokens are added to it. From `makeMemory`.
    open func features(_ tokens: Tensor, memory: ReadingMemory? = nil) -> Tensor {
        fail("\(type(of: self))", "does not define features(_:memory:)")
    }

    /// The matrix [vocabularySize, width] whose product with the features gives the logits.
    open var outputWeight: Parameter { fail("\(type(of: self))", "does not define outputWeight") }

    /// What is added to the logits, [vocabularySize], if anything.
    open var outputBias: Parameter? { nil }

    /// Whether what is computed depends on the tokens, as where experts are chosen for each.
    open var choosesParts: Bool { false }

    /// Whether a training's loss has a part that keeps the choice of experts even; see `takeRoutingLoss`.
    open var hasRoutingLoss: Bool { false }

    /// That part, of what the layers chose since it was last taken; `nil` where none recorded gradients.
    open func takeRoutingLoss() -> Tensor? { nil }

    /// The bound c of c · tanh(x / c) over the logits, if there is one.
    open var logitCap: Double? { nil }

    /// Empty, with room for `capacity` tokens of each of `batch` texts.
    open func makeMemory(batch: Int, capacity: Int) -> ReadingMemory {
        fail("\(type(of: self))", "does not define makeMemory(batch:capacity:)")
    }

    /// The contents of `config.json`.
    open var configurationFields: [(name: String, value: JSON)] { [] }

    /// Whether the model is made of blocks that can be computed again.
    open var hasBlocks: Bool { false }

    /// Runs a block, if asked for in a way that needs less memory.
    final func recomputing(_ x: Tensor, _ block: @escaping (Tensor) -> Tensor) -> Tensor {
        recomputesBlocks ? checkpoint([x]) { block($0[0]) } : block(x)
    }

    /// Makes blocks be computed again, where requested. Throws if there are none.
    final func recompute(_ isWanted: Bool) throws {
        guard hasBlocks || !isWanted else {
            throw InputError(
                "option recompute", "the model has no blocks to compute again", remedy: "take a GPT or a Llama")
        }
        guard !hasRoutingLoss || !isWanted else {
            throw InputError(
                "option recompute", "the loss for uneven routing needs what blocks chose, which is not kept with it",
                remedy: "set output_router_logits in config.json to false")
        }
        recomputesBlocks = isWanted
    }

    // MARK: What follows from it

    /// The logits of the token that follows each position: int64 [N, T] → [N, T, vocabularySize].
    public final override func forward(_ tokens: Tensor) -> Tensor { logits(features(tokens)) }

    private func logits(_ features: Tensor) -> Tensor {
        let logits = features.linear(weight: outputWeight, bias: outputBias)
        return logitCap.map { (logits * (1 / $0)).tanh() * $0 } ?? logits
    }

    /// The mean of −log p(next token), in nats, over all positions whose target is not `ignoreIndex`; while gradients are
    /// recorded, with the loss for uneven routing where a model has one.
    ///
    /// - Parameters:
    ///   - tokens: int64 [N, T].
    ///   - targets: the tokens that follow, int64 [N, T].
    public final func loss(_ tokens: Tensor, targets: Tensor, ignoreIndex: Int = -100) -> Tensor {
        running(tokens) {
            let features = features(tokens)
            let loss =
                logitCap == nil
                ? features.linearCrossEntropy(
                    weight: outputWeight, bias: outputBias, targets, ignoreIndex: ignoreIndex)
                : logits(features).flatten(end: 1).crossEntropy(targets.flatten(), ignoreIndex: ignoreIndex)
            return takeRoutingLoss().map { loss + $0 } ?? loss
        }
    }

    /// The sum of log p(token), in nats, over certain tokens of each text: [N].
    ///
    /// Logits are made where such tokens follow alone, and only so many at a time as fit into 64 MiB; more than those are
    /// made once more on the way back.
    ///
    /// - Parameters:
    ///   - targets: the tokens, int64 [count].
    ///   - places: what they follow: positions in all texts one after the other, ascending, int64 [count].
    ///   - tokens: the texts, int64 [N, T].
    public final func logProbabilities(of targets: Tensor, at places: Tensor, in tokens: Tensor) -> Tensor {
        running(tokens) {
            let rows = features(tokens).flatten(end: 1).indexSelect(dim: 0, index: places)
            let rowsAtATime = max(1, (16 << 20) / vocabularySize)
            let pieces = zip(rows.split(rowsAtATime), targets.split(rowsAtATime)).map { rows, targets in
                let losses = { (rows: Tensor) in self.logits(rows).crossEntropy(targets, reduction: .none) }
                return places.count > rowsAtATime ? checkpoint([rows]) { losses($0[0]) } : losses(rows)
            }
            // Back to their places, so that each text's sum is made by itself.
            let losses = outputWeight.newZeros([tokens.count], dtype: .float32)
                .indexCopy(dim: 0, index: places, source: Tensor.cat(pieces, dim: 0))
            return -losses.reshape(tokens.shape).sum(dim: 1)
        }
    }

    /// The logits of the token after the last one, [N, vocabularySize], reading on from `memory`.
    public final func nextLogits(_ tokens: Tensor, memory: ReadingMemory) -> Tensor {
        let length = tokens.size(1)
        return running(tokens) {
            logits(features(tokens, memory: memory).select(dim: 1, index: length - 1))
        }
    }

    /// Reads on in several texts at once, each with its own memory for one text: the logits of the token after each
    /// text, [texts, vocabularySize].
    ///
    /// The weights are read from memory once for all texts, which is what takes the time where each has one new token.
    public final func nextLogits(_ texts: [(tokens: [Int], memory: ReadingMemory)]) -> Tensor {
        let caches = texts.compactMap { text in (text.memory as? KeyValueCache).map { ($0, text.tokens.count) } }
        guard caches.count == texts.count else {
            return Tensor.cat(texts.map { nextLogits(row($0.tokens), memory: $0.memory) }, dim: 0)
        }
        let tokens = row(texts.flatMap(\.tokens))
        var end = 0
        let last = texts.map { text in
            end += text.tokens.count
            return end - 1
        }
        return running(tokens) {
            logits(
                features(tokens, memory: PackedMemory(caches)).squeeze(0)
                    .indexSelect(dim: 0, index: row(last).squeeze(0)))
        }
    }

    /// Integers as [1, count], where the model lies.
    private func row(_ numbers: [Int]) -> Tensor { Tensor(numbers, shape: [1, numbers.count], like: outputWeight) }
}

/// What a model remembers of previous tokens, so that new ones cost only their own work.
open class ReadingMemory {
    /// How many tokens were read.
    public final internal(set) var length = 0
    /// How many it can hold.
    public final let capacity: Int

    public init(capacity: Int) { self.capacity = capacity }

    /// Drops all tokens but the first `count`. Traps if a memory cannot do that.
    open func rewind(to count: Int) { fail("\(type(of: self))", "cannot forget single tokens") }

    /// Continues with other texts of the batch: text i becomes what text `rows[i]` was. Beam search does that.
    open func reorder(_ rows: [Int]) {}
}
