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
    }

    /// Twice each token, and 1 more where it is an answer's.
    private let marked: TokenSequence
    /// Where the conversations begin, and the end of the last one.
    private let starts: [Int]
    /// How many were longer than the context, and lost their ends.
    let cutCount: Int

    /// - Parameter length: how many tokens of a conversation are read, and one more.
    init(_ data: ChatData, _ tokenizer: any Tokenizer, _ template: ChatTemplate, length: Int) throws {
        var writer = TokenWriter(vocabularySize: 2 * tokenizer.vocabularySize)
        var (starts, cutCount) = ([0], 0)
        try data.forEach { entry in
            do {
                let encoded = try template.encode(entry.messages, with: tokenizer, entry.context)
                let tokens = encoded.tokens.prefix(length + 1)
                try writer.append(zip(tokens, encoded.isAnswer).map { 2 * $0 + ($1 ? 1 : 0) })
                cutCount += encoded.tokens.count > length + 1 ? 1 : 0
                starts.append(starts[starts.count - 1] + tokens.count)
            } catch let error as InputError {
                throw InputError(
                    data.path, at: "conversation \(starts.count)", error.problem, remedy: error.remedy)
            }
        }
        marked = try writer.sequence()
        (self.starts, self.cutCount) = (starts, cutCount)
    }

    var count: Int { starts.count - 1 }

    subscript(number: Int) -> Example {
        let values = marked[starts[number]..<starts[number + 1]]
        return Example(tokens: values.map { $0 >> 1 }, isAnswer: values.map { $0 & 1 == 1 })
    }
}
