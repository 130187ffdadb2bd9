import Switchback

/// Conversations as tokens, of which each is marked where it is learned: in memory while they are few, else in a mapped
/// file.
struct EncodedConversations {
    /// A conversation as tokens, and for each whether it is an answer's.
    struct Example {
        let tokens: [Int]
        let isAnswer: [Bool]

        /// How many tokens are learned: all of answers but the first of the text, which nothing foretells.
        var learned: Int { isAnswer.dropFirst().count { $0 } }

        /// Conversations side by side, padded at their ends: the tokens that are read and those that follow them, int64
        /// [N, T] each; the latter are −100 where nothing is learned.
        static func batch(_ examples: [Example]) -> (tokens: Tensor, targets: Tensor) {
            let length = (examples.map(\.tokens.count).max() ?? 1) - 1
            var (tokens, targets): ([Int], [Int]) = ([], [])
            for example in examples {
                let count = example.tokens.count - 1
                let padding = length - count
                // What is after the end is seen by nothing that is learned.
                tokens += example.tokens.prefix(count) + Array(repeating: 0, count: padding)
                targets += (0..<count).map { example.isAnswer[$0 + 1] ? example.tokens[$0 + 1] : -100 }
                targets += Array(repeating: -100, count: padding)
            }
            let shape: Shape = [examples.count, length]
            return (Tensor(tokens, shape: shape), Tensor(targets, shape: shape))
        }
    }

    /// Twice each token, and 1 more where it is an answer's.
    private let marked: TokenSequence
    /// Where the conversations begin, and the end of the last one.
    private let starts: [Int]
    /// How many were longer than the context, and lost their ends.
    let cutCount: Int

    /// - Parameters:
    ///   - length: how many tokens of a conversation are read, and one more.
    ///   - path: the file that they are from, for messages.
    ///   - name: what the conversation of a number, counted from 0, is called in messages.
    ///   - forEach: calls what it is given with each conversation.
    init(
        _ tokenizer: any Tokenizer, _ template: ChatTemplate, length: Int, path: String,
        name: @escaping (_ number: Int) -> String = { "conversation \($0 + 1)" },
        forEach: ((ChatData.Entry) throws -> Void) throws -> Void
    ) throws {
        var writer = TokenWriter(vocabularySize: 2 * tokenizer.vocabularySize)
        var (starts, cutCount) = ([0], 0)
        try forEach { entry in
            do {
                let encoded = try template.encode(entry.messages, with: tokenizer, entry.context)
                let tokens = encoded.tokens.prefix(length + 1)
                try writer.append(zip(tokens, encoded.isAnswer).map { 2 * $0 + ($1 ? 1 : 0) })
                cutCount += encoded.tokens.count > length + 1 ? 1 : 0
                starts.append(starts[starts.count - 1] + tokens.count)
            } catch let error as InputError {
                throw InputError(path, at: name(starts.count - 1), error.problem, remedy: error.remedy)
            }
        }
        marked = try writer.sequence()
        (self.starts, self.cutCount) = (starts, cutCount)
    }

    var count: Int { starts.count - 1 }

    /// Numbers at random order, of which the first ones, a part, are held out: at least one of either.
    ///
    /// - Parameter usable: at least two.
    static func split(_ usable: [Int], heldOut: Double, seed: UInt64) -> (validation: [Int], training: [Int]) {
        let order = Tensor.randperm(usable.count, generator: Generator(seed: seed)).toArray(as: Int.self)
        let kept = min(max(1, Int(Double(usable.count) * heldOut)), usable.count - 1)
        return (order.prefix(kept).map { usable[$0] }, order.dropFirst(kept).map { usable[$0] })
    }

    subscript(number: Int) -> Example {
        let values = marked[starts[number]..<starts[number + 1]]
        return Example(tokens: values.map { $0 >> 1 }, isAnswer: values.map { $0 & 1 == 1 })
    }
}
