import Switchback

/// The sum of a bucket over the processes, under way.
final class SlotExchange {
    private let tree: SlotTree
    private let slots: Slots
    /// The part of the bucket that each process adds up.
    private let parts: [Range<Int>]
    /// Which nodes each process has.
    private let nodes: [[Range<Int>]]
    /// For each of the nodes that a process may have, what has come in.
    private var received: [(transfer: Transfer, parts: Tensor)] = []
    private var gather: (transfer: Transfer, whole: Tensor)?

    /// Sends the nodes of this process.
    init(_ own: PartialSums<Tensor>, count: Int, _ slots: Slots) {
        let size = slots.group.size
        tree = own.tree
        self.slots = slots
        parts = (0..<size).map { count * $0 / size..<count * ($0 + 1) / size }
        nodes = (0..<size).map { [tree] in tree.nodes(in: slots.slots(of: $0)) }
        for round in 0..<(nodes.map(\.count).max() ?? 0) {
            let isSending = round < own.nodes.count
            let exchange = Transfer.exchange(
                isSending ? own.nodes[round].sum : nil, parts: isSending ? parts : parts.map { _ in 0..<0 },
                received: places(round))
            received.append((exchange.0, exchange.received))
        }
    }

    /// Where the parts of a round's nodes lie behind one another: those of processes that have so many.
    private func places(_ round: Int) -> [Range<Int>] {
        let length = parts[slots.group.rank].count
        var end = 0
        return nodes.map { nodes in
            guard round < nodes.count else { return end..<end }
            defer { end += length }
            return end..<end + length
        }
    }

    /// Adds up this process's part when all nodes of it have come, and sends it to the others.
    func beginGather() {
        guard gather == nil else { return }
        for exchange in received { exchange.transfer.wait() }
        var sums = PartialSums<Tensor>(tree)
        let placesOfRounds = received.indices.map(places)
        for process in nodes.indices {
            for (round, node) in nodes[process].enumerated() {
                let place = placesOfRounds[round][process]
                let part = received[round].parts.narrow(dim: 0, start: place.lowerBound, length: place.count)
                sums.append(node, part) { left, right in
                    noGrad { left += right }
                    return left
                }
            }
        }
        received = []
        let gathered = Transfer.gather(sums.nodes[0].sum, ranges: parts)
        gather = (gathered.0, gathered.whole)
    }

    /// Moves the sum on as far as it can be without waiting; whether this process has done its part.
    func advance() -> Bool {
        if gather == nil {
            guard received.allSatisfy({ $0.transfer.poll() }) else { return false }
            beginGather()
        }
        _ = gather?.transfer.poll()
        return true
    }

    /// The whole sum, when it has come.
    var whole: Tensor {
        beginGather()
        gather!.transfer.wait()
        return gather!.whole
    }
}
