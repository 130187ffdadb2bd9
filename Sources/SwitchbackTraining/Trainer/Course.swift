/// Progress toward an end that can be moved on the way. The share of the way that is done stays the same then, so
/// whatever follows it, such as a learning rate, continues without a jump.
///
/// ```swift
/// var epochs = Course(to: 100)
/// print(epochs.share(at: 10))  // 0.1
/// epochs.move(end: 28, at: 10)
/// print(epochs.share(at: 10))  // 0.1
/// print(epochs.share(at: 19))  // 0.55, halfway between 0.1 and 1
/// ```
public struct Course: Codable, Equatable, Sendable {
    public let start: Int
    public private(set) var end: Int
    /// Where the end was last moved, and the share that lay behind by then.
    private var turn: Int
    private var shareAtTurn = 0.0

    public init(from start: Int = 0, to end: Int) {
        (self.start, self.end, turn) = (start, end, start)
    }

    /// Whether a course that was read can be one.
    var isPossible: Bool {
        [start, turn, end].allSatisfy(TrainingState.counts.contains) && start <= turn && 0...1 ~= shareAtTurn
            && (turn > start || shareAtTurn == 0)
    }

    /// The share of the way that is done at `place`, from 0 to 1.
    public func share(at place: Int) -> Double {
        if place >= end { return 1 }
        if place <= turn { return shareAtTurn }
        return shareAtTurn + (1 - shareAtTurn) * Double(place - turn) / Double(end - turn)
    }

    /// Moves the end for one who stands at `place`; a place that is not beyond the beginning has nothing behind it yet.
    public mutating func move(end: Int, at place: Int) {
        if place > start { (turn, shareAtTurn) = (place, share(at: place)) }
        self.end = end
    }

    /// The place with the same share behind it on a way whose end has always been where it is now. Before the beginning
    /// it is the place itself.
    func placeOnEvenWay(_ place: Int) -> Double {
        if turn == start || place <= start { return Double(place) }
        return Double(start) + share(at: place) * Double(end - start)
    }
}
