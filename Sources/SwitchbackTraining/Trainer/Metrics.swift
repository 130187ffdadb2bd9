/// Numbers by name, in the order in which they should be shown: `["loss": 0.4, "accuracy": 0.9]`.
public struct Metrics: ExpressibleByDictionaryLiteral, Sequence, Sendable {
    public struct Entry: Codable, Equatable, Sendable {
        public let name: String
        public var value: Double
    }

    public private(set) var entries: [Entry] = []

    public init() {}

    public init(dictionaryLiteral elements: (String, Double)...) {
        for (name, value) in elements { self[name] = value }
    }

    public init(_ pairs: some Sequence<(String, Double)>) {
        for (name, value) in pairs { self[name] = value }
    }

    public var names: [String] { entries.map(\.name) }
    public var isEmpty: Bool { entries.isEmpty }

    /// The number of a name. A new name goes to the end.
    public subscript(name: String) -> Double? {
        get { entries.first { $0.name == name }?.value }
        set {
            if let position = entries.firstIndex(where: { $0.name == name }) {
                if let newValue { entries[position].value = newValue } else { entries.remove(at: position) }
            } else if let newValue {
                entries.append(Entry(name: name, value: newValue))
            }
        }
    }

    public func makeIterator() -> IndexingIterator<[Entry]> { entries.makeIterator() }
}

extension Metrics: Equatable, Codable {
    public init(from decoder: any Decoder) throws {
        entries = try decoder.singleValueContainer().decode([Entry].self)
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(entries)
    }
}

/// Averages of metrics over batches, each weighted by its number of examples.
struct RunningMeans: Codable {
    private var sums = Metrics()
    private(set) var count = 0

    mutating func add(_ values: Metrics, count: Int) {
        for entry in values { sums[entry.name] = (sums[entry.name] ?? 0) + entry.value * Double(count) }
        self.count += count
    }

    var means: Metrics { Metrics(sums.map { ($0.name, $0.value / Double(max(count, 1))) }) }
}
