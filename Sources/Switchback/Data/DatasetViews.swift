/// Some of the examples of a dataset, in a given order.
public struct Subset<Base: Dataset>: Dataset {
    public let base: Base
    /// Positions in `base`.
    public let indices: [Int]

    public init(_ base: Base, _ indices: [Int]) {
        self.base = base
        self.indices = indices
    }

    public var count: Int { indices.count }

    public subscript(index: Int) -> Base.Element {
        get throws(Base.Failure) { try base[indices[index]] }
    }

    public func batch(at indices: [Int]) throws(Base.Failure) -> Base.Element? {
        try base.batch(at: indices.map { self.indices[$0] })
    }
}

/// The examples of several datasets, one after another.
public struct ConcatDataset<Base: Dataset>: Dataset {
    public let parts: [Base]
    /// Where each part begins, and at last where all end.
    private let starts: [Int]

    public init(_ parts: [Base]) {
        self.parts = parts
        starts = parts.reduce(into: [0]) { $0.append($0.last! + $1.count) }
    }

    public var count: Int { starts.last! }

    public subscript(index: Int) -> Base.Element {
        get throws(Base.Failure) {
            require(index >= 0 && index < count, "ConcatDataset", "there is no example \(index) among \(count)")
            let part = starts.lastIndex { $0 <= index }!
            return try parts[part][index - starts[part]]
        }
    }
}

/// Distributes the examples of a dataset over parts of the given sizes at random; which go where depends on `seed`
/// alone. Stops unless the sizes sum to the number of examples.
public func randomSplit<Base: Dataset>(_ dataset: Base, _ counts: [Int], seed: UInt64 = 0) -> [Subset<Base>] {
    require(
        counts.allSatisfy { $0 >= 0 } && counts.reduce(0, +) == dataset.count, "randomSplit",
        "the sizes \(counts) do not sum to the \(dataset.count) examples")
    var order = RandomSampler(dataset.count, seed: seed).indices(epoch: 0)[...]
    return counts.map { count in
        defer { order = order.dropFirst(count) }
        return Subset(dataset, Array(order.prefix(count)))
    }
}

/// Distributes the examples of a dataset over parts of the given shares, which sum to 1, at random.
public func randomSplit<Base: Dataset>(_ dataset: Base, shares: [Double], seed: UInt64 = 0) -> [Subset<Base>] {
    require(
        shares.allSatisfy { $0 >= 0 } && abs(shares.reduce(0, +) - 1) < 1e-6, "randomSplit",
        "the shares \(shares) do not sum to 1")
    var counts = shares.map { Int(Double(dataset.count) * $0) }
    // What rounding left over goes to the first parts, one each, as in PyTorch.
    for i in 0..<(dataset.count - counts.reduce(0, +)) { counts[i % counts.count] += 1 }
    return randomSplit(dataset, counts, seed: seed)
}
