import Switchback

/// A network that sees both sides of each token of a text: makes a vector of each, and may tell words that are hidden.
///
/// A subclass computes `features`, and `words` if it has a head.
open class TextEncoder: Module {
    public final let vocabularySize: Int
    /// The longest text that can be read, in tokens.
    public final let contextLength: Int
    /// How many numbers a vector has.
    public final let width: Int
    /// The token that fills up shorter texts.
    public final let paddingToken: Int?

    public init(vocabularySize: Int, contextLength: Int, width: Int, paddingToken: Int?) {
        (self.vocabularySize, self.contextLength) = (vocabularySize, contextLength)
        (self.width, self.paddingToken) = (width, paddingToken)
    }

    /// A vector for each token: int64 [N, T] → [N, T, width].
    ///
    /// - Parameters:
    ///   - mask: [N, T], not zero for the tokens that count, 0 for padding.
    ///   - segments: int64 [N, T], 0 for the first sentence, 1 for the second; all 0 by default. Not all models tell them
    ///     apart.
    open func features(_ tokens: Tensor, mask: Tensor? = nil, segments: Tensor? = nil) -> Tensor {
        fail("\(type(of: self))", "does not define features(_:mask:segments:)")
    }

    /// The logits of the word that each vector stands for: [N, T, width] → [N, T, vocabulary].
    open func words(_ features: Tensor) -> Tensor {
        fail("\(type(of: self))", "this one makes vectors only: call features(_:mask:segments:)")
    }

    /// The logits of the word at each place: int64 [N, T] → [N, T, vocabulary].
    public final func callAsFunction(_ tokens: Tensor, mask: Tensor? = nil, segments: Tensor? = nil) -> Tensor {
        running(tokens) { words(features(tokens, mask: mask, segments: segments)) }
    }

    /// The vectors of texts of different lengths, [N, longest, width], and which of them count: [N, longest], 1 for tokens
    /// and 0 for the padding behind them.
    final func features(of texts: [[Int]]) -> (features: Tensor, mask: Tensor) {
        let longest = max(1, texts.map(\.count).max() ?? 1)
        let shape: Shape = [texts.count, longest]
        let numbers = texts.flatMap { $0 + Array(repeating: paddingToken ?? 0, count: longest - $0.count) }
        let visible = texts.flatMap { text in (0..<longest).map { Float($0 < text.count ? 1 : 0) } }
        let mask = Tensor(visible, shape: shape)
        return (features(Tensor(numbers, shape: shape), mask: mask), mask)
    }

    public final override func forward(_ tokens: Tensor) -> Tensor { words(features(tokens)) }
}
