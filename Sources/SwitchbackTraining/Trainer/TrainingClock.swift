/// Where a trainer reads the time.
package struct TrainingClock: Sendable {
    /// Seconds since some moment.
    package let seconds: @Sendable () -> Double

    package init(seconds: @escaping @Sendable () -> Double) { self.seconds = seconds }

    /// The machine's clock, which continues evenly.
    package static let machine: TrainingClock = {
        let start = ContinuousClock.now
        return TrainingClock { start.duration(to: .now) / .seconds(1) }
    }()
}
