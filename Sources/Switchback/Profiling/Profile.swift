/// The result of `Profiler.record`: the time of each operation, by phase and by module.
public struct Profile: Sendable {
    /// The activity of a program.
    public enum Phase: String, Sendable, CaseIterable, Codable {
        case forward, backward
        /// A step of an optimizer.
        case optimizer
        /// Putting a batch together, or waiting for one.
        case data
    }

    /// The cost of the calls of one operation, or in one module, in one phase.
    public struct Cost: Sendable, Codable {
        public internal(set) var calls = 0
        public internal(set) var seconds = 0.0
        /// Read and written: operands, results and what was saved for the gradient, each counted once.
        public internal(set) var bytes = 0
        /// Floating-point operations, a multiplication and an addition counting as two. Known of products,
        /// convolutions and attention; 0 of others.
        public internal(set) var operations = 0.0
        /// The seconds of the calls whose floating-point operations are known.
        var countedSeconds = 0.0

        /// In 10⁹ a second, over the calls of which they are known; `nil` if there are none.
        public var gigaflops: Double? { countedSeconds > 0 ? operations / countedSeconds / 1e9 : nil }

        /// In 10⁹ bytes a second.
        public var bandwidth: Double { seconds > 0 ? Double(bytes) / seconds / 1e9 : 0 }

        static func += (sum: inout Cost, other: Cost) {
            sum.calls += other.calls
            sum.seconds += other.seconds
            sum.bytes += other.bytes
            sum.operations += other.operations
            sum.countedSeconds += other.countedSeconds
        }
    }

    /// All calls of one operation in one phase and module.
    public struct Entry: Sendable {
        /// As messages name it: `conv2d`.
        public let operation: String
        public let phase: Phase
        /// The path of the innermost module that ran it, the type of the model itself, or "" outside of any.
        public let module: String
        public internal(set) var cost: Cost
    }

    /// One stretch of time, for a timeline.
    public struct Event: Sendable {
        public enum Kind: Sendable { case operation, module }

        public let name: String
        public let kind: Kind
        public let phase: Phase
        public let module: String
        /// In seconds from the start of the recording.
        public let start: Double
        public let seconds: Double
        public let bytes: Int
        public let operations: Double
    }

    /// How long `body` ran.
    public let seconds: Double
    /// Every combination of operation, phase and module that occurred, by falling time.
    public let entries: [Entry]
    /// In the order in which they ended; only the first ones of a long recording.
    public let events: [Event]
    /// How many events came after those that are kept.
    public let omittedEvents: Int

    /// The time in operations; the rest passed between them, in the program's own code.
    public var secondsInOperations: Double { entries.reduce(0) { $0 + $1.cost.seconds } }

    /// The time of each operation in each phase, longest first.
    public var byOperation: [(operation: String, phase: Phase, cost: Cost)] {
        sums { OperationKey(operation: $0.operation, phase: $0.phase) }
            .map { ($0.operation, $0.phase, $1) }
    }

    /// What the operations of each module took, without those of modules inside it, forward and backward apart; by
    /// falling time of both.
    public var byModule: [(module: String, forward: Cost, backward: Cost)] {
        let passes = entries.filter { $0.phase == .forward || $0.phase == .backward }
        var found: [String: (forward: Cost, backward: Cost)] = [:]
        for entry in passes {
            if entry.phase == .forward {
                found[entry.module, default: (Cost(), Cost())].forward += entry.cost
            } else {
                found[entry.module, default: (Cost(), Cost())].backward += entry.cost
            }
        }
        return found.map { ($0, $1.forward, $1.backward) }.sorted {
            ($1.1.seconds + $1.2.seconds, $0.0) < ($0.1.seconds + $0.2.seconds, $1.0)
        }
    }

    private struct OperationKey: Hashable {
        let operation: String
        let phase: Phase
    }

    /// The costs of entries that have the same key, by falling time.
    private func sums<Key: Hashable>(by key: (Entry) -> Key) -> [(key: Key, cost: Cost)] {
        var found: [Key: Cost] = [:]
        for entry in entries { found[key(entry), default: Cost()] += entry.cost }
        return found.map { ($0, $1) }.sorted { $0.1.seconds > $1.1.seconds }
    }
}
