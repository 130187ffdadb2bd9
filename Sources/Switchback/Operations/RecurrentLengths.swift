// Sequences of different lengths, padded to one: recurrent layers read each to its own end, as PyTorch's do with
// `pack_padded_sequence`.

extension Tensor {
    /// Sequences of different lengths, [Tᵢ, …], one beside the other: [T, N, …], or with the batch first [N, T, …], with
    /// `value` behind the shorter ones. PyTorch's `pad_sequence`.
    public static func padSequence(_ sequences: [Tensor], batchFirst: Bool = false, value: Double = 0) -> Tensor {
        require(!sequences.isEmpty, "padSequence", "there are no sequences")
        let rest = sequences[0].shape.dropFirst()
        require(
            sequences.allSatisfy { $0.rank > 0 && $0.shape.dropFirst().elementsEqual(rest) }, "padSequence",
            "sequences of shapes \(sequences.map(\.shape)) differ in more than their length")
        let longest = sequences.map { $0.shape[0] }.max()!
        let padded = sequences.map { sequence in
            let sides = [Int](repeating: 0, count: 2 * sequence.rank - 1) + [longest - sequence.shape[0]]
            return sequence.pad(sides, mode: .constant(value))
        }
        return stack(padded, dim: batchFirst ? 0 : 1)
    }
}

/// How sequences of different lengths are read: in the order of their lengths, longest first, so that those that a step is
/// for are always the first ones; and in segments, in which their number does not change.
struct SequencePacking {
    private struct Segment {
        let steps: Range<Int>
        /// How many sequences are that long.
        let active: Int
    }

    private let segments: [Segment]
    private let steps, sequences: Int
    private let order, places: [Int]

    /// Stops unless each of `sequences` has a length, from 1 to `steps`.
    init(_ lengths: [Int], steps: Int, sequences: Int, _ operation: String) {
        require(
            lengths.count == sequences && lengths.allSatisfy { 1...Swift.max(steps, 1) ~= $0 }, operation,
            "the lengths \(lengths) are not those of \(sequences.counted("sequence")) of 1 to \(steps) steps")
        self.steps = steps
        self.sequences = sequences
        let order = lengths.indices.sorted { (-lengths[$0], $0) < (-lengths[$1], $1) }
        self.order = order
        places = order.indices.sorted { order[$0] < order[$1] }
        let ends = [0] + Set(lengths).sorted()
        segments = zip(ends, ends.dropFirst()).map { start, end in
            Segment(steps: start..<end, active: lengths.count { $0 >= end })
        }
    }

    /// [X, N, …] with the longest sequence first.
    func sorted(_ tensor: Tensor) -> Tensor { reordered(tensor, order) }

    /// [X, N, …] in the order in which sequences were given.
    func restored(_ tensor: Tensor) -> Tensor { reordered(tensor, places) }

    private func reordered(_ tensor: Tensor, _ order: [Int]) -> Tensor {
        if order == Array(0..<sequences) { return tensor }
        return tensor.indexSelect(dim: 1, index: Tensor(order, shape: [sequences], like: tensor))
    }

    /// Runs a layer in one direction on sorted sequences, [T, N, I], from states of [N, H].
    ///
    /// - Returns: outputs, [T, N, H], 0 behind the end of a sequence; and for each sequence the states at its own end.
    func run(
        _ input: Tensor, _ initial: [Tensor], reverse: Bool,
        _ layer: (_ input: Tensor, _ states: [Tensor]) -> (output: Tensor, states: [Tensor])
    ) -> (output: Tensor, states: [Tensor]) {
        var outputs: [Tensor] = []
        // Forward, the states of sequences that have ended; backward, of those that have begun.
        var (running, ended) = (initial, [[Tensor]](repeating: [], count: initial.count))
        var known = 0
        for index in reverse ? Array(segments.indices.reversed()) : Array(segments.indices) {
            let segment = segments[index]
            let part = input.narrow(dim: 0, start: segment.steps.lowerBound, length: segment.steps.count)
                .narrow(dim: 1, start: 0, length: segment.active)
            let states = running.indices.map { state in
                if !reverse || known == 0 { return rows(running[state], 0, segment.active) }
                return Tensor.cat([running[state], rows(initial[state], known, segment.active)])
            }
            let result = layer(part, states)
            outputs.append(result.output.pad([0, 0, 0, sequences - segment.active]))
            (running, known) = (result.states, segment.active)
            if !reverse {
                let next = index + 1 < segments.count ? segments[index + 1].active : 0
                for state in running.indices { ended[state].insert(rows(running[state], next, known), at: 0) }
            }
        }
        let output = Tensor.cat(reverse ? outputs.reversed() : outputs)
        let padded = output.pad([0, 0, 0, 0, 0, steps - output.shape[0]])
        return (padded, reverse ? running : ended.map { Tensor.cat($0) })
    }

    private func rows(_ states: Tensor, _ start: Int, _ end: Int) -> Tensor {
        states.narrow(dim: 0, start: start, length: end - start).contiguous()
    }
}
