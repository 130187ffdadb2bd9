/// Measures where the time goes that sums over processes take.
package final class SumClock {
    /// Seconds of this process.
    package struct Seconds {
        /// Taking gradients into the memory that is sent.
        package var copying = 0.0
        /// Sending, receiving and adding while the backward pass is still at work.
        package var moving = 0.0
        /// Until all have computed their slots.
        package var meeting = 0.0
        /// Until what was not summed beside the backward pass is.
        package var waiting = 0.0

        package init() {}
    }

    package private(set) var seconds = Seconds()

    func measure<Result>(_ part: WritableKeyPath<Seconds, Double>, _ body: () throws -> Result) rethrows -> Result {
        let start = TrainingClock.machine.seconds()
        defer { seconds[keyPath: part] += TrainingClock.machine.seconds() - start }
        return try body()
    }
}
