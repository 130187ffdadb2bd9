import Switchback

/// What the attention layers of a transformer remember of previous tokens.
public class AttentionMemory: ReadingMemory {
    /// Where `count` new tokens stand in their texts.
    func positions(of count: Int) -> [Int] { Array(length..<length + count) }

    /// Adds the keys and values of new tokens to a layer's, and lets the tokens attend to themselves and all before
    /// them: query [N, H, T, D], key and value [N, HK, T, D] → [N, H, T, D].
    ///
    /// The tokens count as read only after `advance(by:)`, when every layer has added its own.
    func attend(_ layer: Int, query: Tensor, key: Tensor, value: Tensor) -> Tensor {
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

    override func attend(_ layer: Int, query: Tensor, key: Tensor, value: Tensor) -> Tensor {
        add(key, to: &keys[layer])
        add(value, to: &values[layer])
        let count = length + key.size(2)
        return Tensor.causalAttention(
            query, keys[layer].narrow(dim: 2, start: 0, length: count),
            values[layer].narrow(dim: 2, start: 0, length: count))
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

    override func positions(of count: Int) -> [Int] { parts.flatMap { $0.cache.positions(of: $0.count) } }

    override func attend(_ layer: Int, query: Tensor, key: Tensor, value: Tensor) -> Tensor {
        var start = 0
        let attended = parts.map { cache, count in
            func own(_ x: Tensor) -> Tensor { x.narrow(dim: 2, start: start, length: count) }
            defer { start += count }
            return cache.attend(layer, query: own(query), key: own(key), value: own(value))
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
    static func causalAttention(_ query: Tensor, _ key: Tensor, _ value: Tensor, dropout: Double = 0) -> Tensor {
        let (new, all) = (query.size(2), key.size(2))
        // A single new position sees everything.
        let mask = new == 1 || new == all ? nil : query.newZeros([new, all]).eq(0).tril(all - new)
        return scaledDotProductAttention(
            query, key, value, mask: mask, dropout: dropout, isCausal: new > 1 && new == all, enableGQA: true)
    }

    /// [N, T, heads · D] → [N, heads, T, D], without a copy.
    func heads(_ count: Int) -> Tensor { unflatten(2, [count, size(2) / count]).transpose(1, 2) }

    /// The opposite of `heads`: [N, heads, T, D] → [N, T, heads · D].
    func joiningHeads() -> Tensor { transpose(1, 2).flatten(start: 2) }
}
