import Switchback

/// The keys and values of the tokens that a transformer has read, for each of its layers.
public final class KeyValueCache: ReadingMemory {
    /// By layer: [N, heads, capacity, head width].
    private var keys, values: [Tensor]

    public init(layers: Int, batch: Int, heads: Int, capacity: Int, headWidth: Int, dtype: DType = .float32) {
        func rooms() -> [Tensor] {
            (0..<layers).map { _ in Tensor.zeros([batch, heads, capacity, headWidth], dtype: dtype) }
        }
        keys = rooms()
        values = rooms()
        super.init(capacity: capacity)
    }

    /// Adds the keys and values of new tokens, [N, heads, T, head width], to a layer's; returns all of them. The tokens
    /// count as read only after `advance(by:)`, when every layer has added its own.
    func append(_ layer: Int, keys newKeys: Tensor, values newValues: Tensor) -> (keys: Tensor, values: Tensor) {
        let count = newKeys.size(2)
        if length + count > capacity {
            fail("KeyValueCache", "there is room for \(capacity) tokens; \(length) were read and \(count) come")
        }
        func add(_ new: Tensor, to room: Tensor) -> Tensor {
            room.narrow(dim: 2, start: length, length: count).copy(from: new)
            return room.narrow(dim: 2, start: 0, length: length + count)
        }
        return (add(newKeys, to: keys[layer]), add(newValues, to: values[layer]))
    }

    func advance(by count: Int) { length += count }

    public override func rewind(to count: Int) { length = min(length, count) }

    public override func reorder(_ rows: [Int]) {
        let index = Tensor(rows)
        keys = keys.map { $0.indexSelect(dim: 0, index: index) }
        values = values.map { $0.indexSelect(dim: 0, index: index) }
    }
}

extension Tensor {
    /// Attention of each position to itself and those before it, where `key` and `value` may begin with positions that
    /// were read earlier: query [N, H, T, D], key and value [N, HK, S, D] with S ≥ T → [N, H, T, D].
    static func causalAttention(_ query: Tensor, _ key: Tensor, _ value: Tensor, dropout: Double = 0) -> Tensor {
        let (new, all) = (query.size(2), key.size(2))
        // A single new position sees everything.
        let mask = new == 1 || new == all ? nil : Tensor.ones([new, all], dtype: .bool).tril(all - new)
        return scaledDotProductAttention(
            query, key, value, mask: mask, dropout: dropout, isCausal: new > 1 && new == all, enableGQA: true)
    }

    /// [N, T, heads · D] → [N, heads, T, D], without a copy.
    func heads(_ count: Int) -> Tensor { unflatten(2, [count, size(2) / count]).transpose(1, 2) }

    /// The opposite of `heads`: [N, heads, T, D] → [N, T, heads · D].
    func joiningHeads() -> Tensor { transpose(1, 2).flatten(start: 2) }
}
