import Switchback
import SwitchbackTraining

/// How long a network takes for a batch, and how much memory.
public struct RunTimes: Sendable {
    /// The medians over the runs, in seconds: of the network, and of what makes results of its output.
    public let inference, postprocess: Double
    public let runs: Int
    /// The most memory that tensors took up, in bytes, the weights aside.
    public let peakBytes: Int

    /// Runs a network once before it counts, and then again and again for some seconds, at least once.
    init<Output>(seconds: Double, compute: () throws -> Output, select: (Output) -> Void) rethrows {
        _ = try compute()
        Memory.resetPeak()
        let before = Memory.live
        var (inference, postprocess): ([Double], [Double]) = ([], [])
        let start = ContinuousClock.now
        repeat {
            let lap = ContinuousClock.now
            let output = try compute()
            let middle = ContinuousClock.now
            select(output)
            inference.append(lap.duration(to: middle) / .seconds(1))
            postprocess.append(middle.duration(to: .now) / .seconds(1))
        } while start.duration(to: .now) < .seconds(seconds)
        peakBytes = Memory.peak - before
        (self.inference, self.postprocess, runs) = (inference.median, postprocess.median, inference.count)
    }
}
