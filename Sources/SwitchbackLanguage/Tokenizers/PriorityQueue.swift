/// A binary heap, the smallest element on top.
struct PriorityQueue<Element: Comparable> {
    private var heap: [Element] = []

    mutating func insert(_ value: Element) {
        heap.append(value)
        var child = heap.count - 1
        while child > 0, heap[child] < heap[(child - 1) / 2] {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func removeSmallest() -> Element? {
        guard let smallest = heap.first, let last = heap.popLast() else { return nil }
        if heap.isEmpty { return smallest }
        heap[0] = last
        var parent = 0
        while true {
            var child = 2 * parent + 1
            if child >= heap.count { break }
            if child + 1 < heap.count && heap[child + 1] < heap[child] { child += 1 }
            if heap[parent] <= heap[child] { break }
            heap.swapAt(parent, child)
            parent = child
        }
        return smallest
    }
}
