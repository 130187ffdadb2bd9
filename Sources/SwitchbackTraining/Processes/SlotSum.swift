import Switchback

/// Sums tensors over the slots of a batch and over all processes, in the order of `SlotTree`: the result has the same bits
/// wherever the slots were computed.
///
/// The tensors lie behind one another in buckets. Those of the last slot of a process travel while the rest of it is still
/// being computed: each process sends every other one a part of its nodes, adds up the parts that it gets, and sends the
/// sum of its part to all.
final class SlotSum {
    /// 4 MB: large enough for a network's full speed, small enough that the last one, which nothing hides, has left soon.
    private static let bucketSize = 1 << 20

    private let slots: Slots
    private let clock: SumClock
    private let shapes: [Shape]
    /// The last tensors first, as the backward pass completes them.
    private var buckets: [SlotBucket] = []
    /// Where each tensor lies.
    private var places: [(bucket: Int, start: Int)] = []

    private var slot = 0
    private var isLastSlot = false
    /// Which tensors the slot has given.
    private var hasArrived: [Bool] = []
    /// How many buckets have all tensors of the slot.
    private var closedCount = 0
    private var exchanges: [SlotExchange] = []
    /// Whether buckets leave as soon as they have all their tensors, once a slot has shown that each comes once.
    private let streams: Bool
    private var hasSeenSlot = false
    private var comesTwice = false

    /// - Parameter streams: whether buckets are sent while the rest of the last slot is still being computed. One sum of a
    ///   process at a time can do so.
    init(_ shapes: [Shape], _ slots: Slots, _ clock: SumClock, streams: Bool) {
        self.slots = slots
        self.clock = clock
        self.shapes = shapes
        self.streams = streams
        places = shapes.map { _ in (0, 0) }
        for tensor in shapes.indices.reversed() {
            if buckets.isEmpty || buckets[buckets.count - 1].count >= Self.bucketSize { buckets.append(SlotBucket()) }
            places[tensor] = (buckets.count - 1, buckets[buckets.count - 1].count)
            buckets[buckets.count - 1].append(tensor, count: shapes[tensor].elementCount)
        }
    }

    /// Begins the sum of a batch, of whose slots so many have examples.
    func begin(slots count: Int) {
        for number in buckets.indices { buckets[number].sums = PartialSums(SlotTree(count: count)) }
        exchanges = []
    }

    /// Begins the process's next slot.
    ///
    /// - Parameter isLast: whether it is the process's last one in the batch.
    func beginSlot(_ slot: Int, isLast: Bool) {
        (self.slot, isLastSlot, closedCount) = (slot, isLast, 0)
        hasArrived = shapes.map { _ in false }
        for number in buckets.indices { buckets[number].open(slot) }
    }

    /// Adds a tensor of the slot, or a part of it.
    func add(_ tensor: Tensor, at number: Int) {
        let place = places[number]
        require(
            place.bucket >= closedCount, "SlotGradient",
            "a parameter of shape \(shapes[number]) got a second gradient in a backward pass where it had one before")
        clock.measure(\.copying) { noGrad { take(tensor, at: number, in: buckets[place.bucket]) } }
        if hasArrived[number] {
            comesTwice = true
        } else {
            hasArrived[number] = true
            buckets[place.bucket].missingCount -= 1
        }
        guard isLastSlot && streams && hasSeenSlot && !comesTwice else { return }
        clock.measure(\.moving) {
            while closedCount < buckets.count && buckets[closedCount].missingCount == 0 { close() }
            advance()
        }
    }

    private func take(_ tensor: Tensor, at number: Int, in bucket: SlotBucket) {
        let view = view(of: number, in: bucket.target)
        let tensor = tensor.to(CPUBackend.self)
        if hasArrived[number] || bucket.addsToTarget {
            view += tensor.to(.float32)
        } else {
            view.copy(from: tensor)
        }
    }

    /// Completes the slot: what was not added is zero.
    func endSlot() {
        clock.measure(\.moving) {
            while closedCount < buckets.count { close() }
        }
        hasSeenSlot = true
    }

    /// Takes the next bucket as it is into the sums; sends it where it is the last of the process.
    private func close() {
        noGrad {
            let bucket = buckets[closedCount]
            if bucket.missingCount > 0 && !bucket.addsToTarget {
                for number in bucket.tensors where !hasArrived[number] { view(of: number, in: bucket.target).zero() }
            }
            buckets[closedCount].close(slot)
        }
        closedCount += 1
        if isLastSlot && slots.group.size > 1 { send() }
    }

    /// Sends what was not sent yet: for a process without a slot in the batch, that it has nothing.
    func sendRest() {
        while exchanges.count < buckets.count && slots.group.size > 1 { send() }
    }

    private func send() {
        let bucket = buckets[exchanges.count]
        exchanges.append(SlotExchange(bucket.sums, count: bucket.count, slots))
    }

    /// Moves on what is under way.
    private func advance() {
        for exchange in exchanges where !exchange.advance() { return }
    }

    /// The sum of all slots, in the tensors' shapes: in the memory of the processor. All was sent before.
    func finish() -> [Tensor] {
        let isAlone = slots.group.size == 1
        let wholes = isAlone ? buckets.map { $0.sums.nodes[0].sum } : clock.measure(\.waiting) { received() }
        for number in buckets.indices { buckets[number].forget() }
        return shapes.indices.map { view(of: $0, in: wholes[places[$0].bucket]) }
    }

    private func received() -> [Tensor] {
        for exchange in exchanges { exchange.beginGather() }
        defer { exchanges = [] }
        return exchanges.map(\.whole)
    }

    private func view(of number: Int, in bucket: Tensor) -> Tensor {
        let shape = shapes[number]
        return bucket.narrow(dim: 0, start: places[number].start, length: shape.elementCount).reshape(shape)
    }
}

/// Some of the tensors that are summed, in one piece of memory.
private struct SlotBucket {
    private(set) var tensors: [Int] = []
    /// How many elements they have.
    private(set) var count = 0
    var sums = PartialSums<Tensor>(SlotTree(count: 0))
    /// Where the tensors of the slot go: to new memory, or to those of the slots before it, which they are added to.
    private(set) var target = Tensor(NDArray(shape: [0], dtype: .float32) { _ in })
    private(set) var addsToTarget = false
    /// How many tensors of the slot are not there yet.
    var missingCount = 0

    mutating func append(_ tensor: Int, count: Int) {
        tensors.append(tensor)
        self.count += count
    }

    mutating func open(_ slot: Int) {
        missingCount = tensors.count
        addsToTarget = sums.endsWithSibling(of: slot)
        if addsToTarget, let last = sums.nodes.last {
            target = last.sum
        } else {
            target = Tensor(NDArray(shape: [count], dtype: .float32) { _ in })
        }
    }

    mutating func close(_ slot: Int) {
        func add(_ left: Tensor, _ right: Tensor) -> Tensor {
            left += right
            return left
        }
        if addsToTarget {
            sums.extendLast(by: slot, add: add)
        } else {
            sums.append(slot..<slot + 1, target, add: add)
        }
    }

    /// Lets go of the memory.
    mutating func forget() { self = SlotBucket(tensors: tensors, count: count) }

    init() {}

    private init(tensors: [Int], count: Int) { (self.tensors, self.count) = (tensors, count) }
}
