import Switchback

/// The beginning of a text as a model has read it, for other texts that begin alike.
public struct ReadPrefix {
    let tokens: [Int]
    let memory: KeyValueCache

    /// How many tokens of a prompt need not be read where another text begins with `tokens`. Two are left to read: one
    /// alone would be computed in another way, with other last bits.
    static func sharedCount(of tokens: some Sequence<Int>, with prompt: [Int]) -> Int {
        zip(tokens, prompt.dropLast(2)).prefix { $0 == $1 }.count
    }
}

extension Continuation {
    /// What others can take over: of the prompt, as what was written was read one token at a time.
    private var shareable: ArraySlice<Int> { canBeShared ? tokens.prefix(min(unread, promptTokens)) : [] }

    /// With how many tokens a prompt begins as this one's does, as far as the model has read it.
    func sharedCount(with prompt: [Int]) -> Int { ReadPrefix.sharedCount(of: shareable, with: prompt) }

    /// The same once the model has read the whole prompt.
    func sharedPromptCount(with prompt: [Int]) -> Int {
        memory is KeyValueCache ? ReadPrefix.sharedCount(of: tokens.prefix(promptTokens), with: prompt) : 0
    }

    /// A copy of the first tokens that the model has read of the prompt; all of them, if `nil`. There is none where its
    /// memory cannot be shared.
    func prefix(_ count: Int? = nil) -> ReadPrefix? {
        let tokens = count.map { shareable.prefix($0) } ?? shareable
        guard !tokens.isEmpty, let memory = memory as? KeyValueCache else { return nil }
        return ReadPrefix(tokens: Array(tokens), memory: memory.prefix(tokens.count))
    }

    /// A recurrent memory has no places; and one that began anew in the midst of a text has other ones.
    private var canBeShared: Bool { memory is KeyValueCache && memory.length == unread }
}

/// What a model has read of texts that are over, so that others that begin alike, with the same instructions or the
/// conversation so far, need not read it again. They get the same text to the bit.
public final class PrefixCache {
    /// The one that was used last at the end.
    private var entries: [ReadPrefix] = []
    private let limit: Int
    private static let mostEntries = 64
    /// Shorter ones are read as fast as they are copied.
    public static let shortest = 8

    /// - Parameter limit: how much memory the entries may take together, in bytes.
    public init(limit: Int) { self.limit = limit }

    /// How much memory the entries take, in bytes.
    public var byteCount: Int { entries.reduce(0) { $0 + $1.memory.byteCount } }

    /// What can be taken over for a prompt: of texts that are over, and of those that are being written.
    public func best(for prompt: [Int], among active: [Continuation]) -> ReadPrefix? {
        let counts = entries.map { ReadPrefix.sharedCount(of: $0.tokens, with: prompt) }
        let kept = counts.indices.max { counts[$0] < counts[$1] }
        let shared = active.map { $0.sharedCount(with: prompt) }
        let other = shared.indices.max { shared[$0] < shared[$1] }
        if let other, shared[other] >= PrefixCache.shortest, shared[other] > kept.map({ counts[$0] }) ?? 0 {
            return active[other].prefix(shared[other])
        }
        guard let kept, counts[kept] >= PrefixCache.shortest else { return nil }
        let entry = entries.remove(at: kept)
        entries.append(entry)
        return ReadPrefix(
            tokens: Array(entry.tokens.prefix(counts[kept])), memory: entry.memory.prefix(counts[kept]))
    }

    /// Keeps what was read of a text that is over; older ones make room.
    public func keep(_ text: Continuation) {
        guard limit > 0, let entry = text.prefix(), entry.memory.byteCount <= limit else { return }
        entries.removeAll { entry.tokens.starts(with: $0.tokens) }
        entries.append(entry)
        while byteCount > limit || entries.count > PrefixCache.mostEntries { entries.removeFirst() }
    }

    /// Whether a text that is being written is about to read what a prompt begins with, so that waiting for it saves
    /// reading it twice.
    public static func isWorthWaiting(_ prompt: [Int], for active: [Continuation]) -> Bool {
        active.contains { text in
            text.readCount < text.promptTokens
                && text.sharedPromptCount(with: prompt) - text.readCount >= shortest
        }
    }
}
