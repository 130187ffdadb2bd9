/// In which order what the slots of a batch have computed is summed: along a binary tree over the slots, whatever process
/// computed each. Floating-point sums depend on their order; this one depends on the number of slots alone.
///
/// A node is the range of its slots; the first half of them, rounded down, and the others are its two children.
package struct SlotTree {
    package let count: Int

    package init(count: Int) { self.count = count }

    /// The largest nodes whose slots all lie in `range`, in order: what a process that has these slots can sum by itself.
    package func nodes(in range: Range<Int>) -> [Range<Int>] { nodes(in: range, below: 0..<count) }

    private func nodes(in range: Range<Int>, below node: Range<Int>) -> [Range<Int>] {
        let common = node.clamped(to: range)
        if common.isEmpty { return [] }
        if common == node { return [node] }
        let middle = middle(of: node)
        return nodes(in: range, below: node.lowerBound..<middle) + nodes(in: range, below: middle..<node.upperBound)
    }

    /// Whether two nodes are the two children of one.
    package func areChildrenOfOne(_ left: Range<Int>, _ right: Range<Int>) -> Bool {
        guard left.upperBound == right.lowerBound else { return false }
        let parent = left.lowerBound..<right.upperBound
        var node = 0..<count
        while node.count > parent.count {
            let middle = middle(of: node)
            node = parent.lowerBound < middle ? node.lowerBound..<middle : middle..<node.upperBound
        }
        return node == parent && middle(of: node) == left.upperBound
    }

    private func middle(of node: Range<Int>) -> Int { node.lowerBound + node.count / 2 }
}

/// Nodes of the tree that are summed as far as their children are known.
package struct PartialSums<Sum> {
    package let tree: SlotTree
    /// In the order of the slots.
    package private(set) var nodes: [(slots: Range<Int>, sum: Sum)] = []

    package init(_ tree: SlotTree) { self.tree = tree }

    /// Whether the sum of the last node is the other addend of the slot that comes next, and of nothing else before.
    func endsWithSibling(of slot: Int) -> Bool {
        nodes.last.map { tree.areChildrenOfOne($0.slots, slot..<slot + 1) } ?? false
    }

    /// Appends the node that follows those that are known, and sums all whose children are complete.
    ///
    /// - Parameter add: gives the sum of two.
    package mutating func append(_ slots: Range<Int>, _ sum: Sum, add: (Sum, Sum) -> Sum) {
        nodes.append((slots, sum))
        sumChildren(add: add)
    }

    /// The slot that follows was added to the last node's sum.
    mutating func extendLast(by slot: Int, add: (Sum, Sum) -> Sum) {
        let last = nodes.removeLast()
        append(last.slots.lowerBound..<slot + 1, last.sum, add: add)
    }

    private mutating func sumChildren(add: (Sum, Sum) -> Sum) {
        while nodes.count > 1, let right = nodes.last {
            let left = nodes[nodes.count - 2]
            guard tree.areChildrenOfOne(left.slots, right.slots) else { return }
            nodes.removeLast(2)
            nodes.append((left.slots.lowerBound..<right.slots.upperBound, add(left.sum, right.sum)))
        }
    }
}
