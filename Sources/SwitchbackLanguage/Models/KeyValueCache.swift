import Switchback

/// What the attention layers of a transformer remember of previous tokens.
public class AttentionMemory: ReadingMemory {
    /// Where `count` new tokens stand in their texts, by text.
    func positions(of count: Int) -> [[Int]] { [Array(length..<length + count)] }

    /// Adds the keys and values of new tokens to a layer's, and lets the tokens attend to themselves and all before
    /// them: query [N, H, T, D], key and value [N, HK, T, D] → [N, H, T, D].
    ///
    /// The tokens count as read only after `advance(by:)`, when every layer has added its own.
    func attend(
        _ layer: Int, query: Tensor, key: Tensor, value: Tensor, _ rule: AttentionRule = AttentionRule()
    ) -> Tensor {
        fail("\(type(of: self))", "does not define attend")
    }

    func advance(by count: Int) { length += count }
}

/// The keys and values of previous tokens, for each layer of a transformer. Memory grows as needed.
public final class KeyValueCache: AttentionMemory {
    /// By layer: [N, heads, room, head width], of which the first `length` positions are in use.
    private var keys, values: [Tensor]

    public init(layers: Int, batch: Int, heads: Int, capacity: Int, headWidth: Int, dtype: DType = .float32) {
        keys = (0..<layers).map { _ in Tensor.empty([batch, heads, 0, headWidth], dtype: dtype) }
        values = keys
        super.init(capacity: capacity)
    }

    override func attend(
        _ layer: Int, query: Tensor, key: Tensor, value: Tensor, _ rule: AttentionRule = AttentionRule()
    ) -> Tensor {
        add(key, to: &keys[layer])
        add(value, to: &values[layer])
        let count = length + key.size(2)
        return Tensor.causalAttention(
            query, keys[layer].narrow(dim: 2, start: 0, length: count),
            values[layer].narrow(dim: 2, start: 0, length: count), rule)
    }

    private func add(_ new: Tensor, to room: inout Tensor) {
        let count = length + new.size(2)
        if count > capacity {
            fail(
                "KeyValueCache", "there is room for \(capacity) tokens; \(length) are used and \(new.size(2)) more come"
            )
        }
        if count > room.size(2) {
            let larger = new.newEmpty(
                [room.size(0), room.size(1), min(capacity, max(2 * room.size(2), count + 16)), room.size(3)],
                dtype: room.dtype)
            if length > 0 {
                larger.narrow(dim: 2, start: 0, length: length).copy(
                    from: room.narrow(dim: 2, start: 0, length: length))
            }
            room = larger
        }
        room.narrow(dim: 2, start: length, length: new.size(2)).copy(from: new)
    }

    public override func rewind(to count: Int) { length = min(length, count) }

    /// How much memory it takes, in bytes.
    var byteCount: Int { (keys + values).reduce(0) { $0 + $1.count * $1.dtype.byteCount } }

    /// A copy of what is remembered of the first `count` tokens, with no more room than they need.
    func prefix(_ count: Int) -> KeyValueCache {
        let copy = KeyValueCache(layers: 0, batch: 0, heads: 0, capacity: capacity, headWidth: 0)
        let shortened = { (room: Tensor) in room.narrow(dim: 2, start: 0, length: count).clone() }
        (copy.keys, copy.values) = (keys.map(shortened), values.map(shortened))
        copy.length = count
        return copy
    }

    public override func reorder(_ rows: [Int]) {
        let chosen = { (room: Tensor) in
            room.indexSelect(dim: 0, index: Tensor(rows, shape: [rows.count], like: room))
        }
        (keys, values) = (keys.map(chosen), values.map(chosen))
    }
}

/// What was read of several texts, of any lengths, whose new tokens are read together, one text's after the other's, as
/// if they were one: all layers but attention work on them at once.
final class PackedMemory: AttentionMemory {
    private let parts: [(cache: KeyValueCache, count: Int)]

    /// - Parameter parts: the texts' own memories, and how many new tokens each has.
    init(_ parts: [(cache: KeyValueCache, count: Int)]) {
        self.parts = parts
        super.init(capacity: parts.reduce(0) { $0 + $1.count })
    }

    override func positions(of count: Int) -> [[Int]] { parts.flatMap { $0.cache.positions(of: $0.count) } }

    override func attend(
        _ layer: Int, query: Tensor, key: Tensor, value: Tensor, _ rule: AttentionRule = AttentionRule()
    ) -> Tensor {
        var start = 0
        let attended = parts.map { cache, count in
            func own(_ x: Tensor) -> Tensor { x.narrow(dim: 2, start: start, length: count) }
            defer { start += count }
            return cache.attend(layer, query: own(query), key: own(key), value: own(value), rule)
        }
        return attended.count == 1 ? attended[0] : Tensor.cat(attended, dim: 2)
    }

    override func advance(by count: Int) {
        for (cache, count) in parts { cache.advance(by: count) }
    }
}

extension Tensor {
    /// Attention of each position to itself and those before it, where `key` and `value` may begin with positions that
    /// were read earlier: query [N, H, T, D], key and value [N, HK, S, D] with S ≥ T → [N, H, T, D].
    static func causalAttention(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, _ rule: AttentionRule = AttentionRule(), dropout: Double = 0
    ) -> Tensor {
        let (new, all) = (query.size(2), key.size(2))
        if new == 1, let window = rule.window, window < all {
            // A single new position sees all of its window.
            func seen(_ x: Tensor) -> Tensor { x.narrow(dim: 2, start: all - window, length: window) }
            return causalAttention(query, seen(key), seen(value), rule, dropout: dropout)
        }
        let mask = causalMask(like: query, new: new, all: all, window: rule.window)
        if let cap = rule.cap { return cappedAttention(query, key, value, mask, rule.scale, cap: cap) }
        return scaledDotProductAttention(
            query, key, value, mask: mask, dropout: dropout, isCausal: mask == nil && new > 1 && new == all,
            scale: rule.scale, enableGQA: true)
    }

    /// Which of `all` positions each of the last `new` sees, bool [new, all]; `nil` where the kernel knows by itself.
    private static func causalMask(like query: Tensor, new: Int, all: Int, window: Int?) -> Tensor? {
        let isWindowed = window.map { $0 < all } ?? false
        if new == 1 || (new == all && !isWindowed) { return nil }
        let everything = query.newZeros([new, all]).eq(0)
        let past = everything.tril(all - new)
        guard isWindowed, let window else { return past }
        return past.logicalAnd(everything.tril(all - new - window).logicalNot())
    }

    /// softmax(c · tanh(scale · q kᵀ / c)) v over what is seen.
    private static func cappedAttention(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, _ mask: Tensor?, _ scale: Double?, cap: Double
    ) -> Tensor {
        let (new, all) = (query.size(2), key.size(2))
        let shared = query.size(1) / key.size(1)
        func repeated(_ x: Tensor) -> Tensor { shared == 1 ? x : x.repeatInterleave(shared, dim: 1) }
        let scale = scale ?? 1 / Double(query.size(3)).squareRoot()
        var scores = (query * (scale / cap)).matmul(repeated(key).transpose(2, 3)).tanh() * cap
        let seen = mask ?? (new == 1 ? nil : query.newZeros([new, all]).eq(0).tril(all - new))
        if let seen { scores = scores.maskedFill(seen.logicalNot(), -Double.infinity) }
        return scores.softmax(dim: -1).matmul(repeated(value))
    }

    /// Times a factor, if it is one that changes something.
    func scaled(by factor: Double) -> Tensor { factor == 1 ? self : self * factor }

    /// [N, T, heads · D] → [N, heads, T, D], without a copy.
    func heads(_ count: Int) -> Tensor { unflatten(2, [count, size(2) / count]).transpose(1, 2) }

    /// The opposite of `heads`: [N, heads, T, D] → [N, T, heads · D].
    func joiningHeads() -> Tensor { transpose(1, 2).flatten(start: 2) }
}
