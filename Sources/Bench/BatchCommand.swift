import ArgumentParser
import Foundation
import Switchback
import SwitchbackDrawing

struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Time a training step for batch sizes from 1 to 256, and plot the result.",
        discussion: """
            Examples:
              switchback-bench batch
              switchback-bench batch cnn_mnist --seconds 1 --output cnn-batch
            """)

    @Argument(help: "The step: \(BatchedWorkload.allCases.map(\.rawValue).joined(separator: ", ")).")
    var workload = BatchedWorkload.resNet18CIFAR

    @Option(help: "The largest batch size; it is halved down to 1.")
    var largest = 256

    @OptionGroup var timing: ShortTimingOptions

    @Option(help: "Where to save the plots: this path with .png and .svg appended.")
    var output = "batch"

    func validate() throws {
        if !(1...4096).contains(largest) { throw ValidationError("--largest must be from 1 to 4096, not \(largest).") }
    }

    func run() throws {
        timing.apply()
        let sizes = Array(sequence(first: largest) { $0 > 1 ? $0 / 2 : nil }).reversed()
        print("batch     ms/step  ms/example  of the largest batch's")
        let times = sizes.map { size in (size, typicalMilliseconds(batch: size)) }
        guard let (lastSize, lastTime) = times.last else { return }
        for (size, time) in times {
            let each = time / Double(size)
            print(String(format: "%5d %11.3f %11.4f %9.2f", size, time, each, each / (lastTime / Double(lastSize))))
        }
        let fit = LinearFit(times.map { (Double($0.0), $0.1) })
        print(
            String(
                format: "%.1f ms per step and %.3f ms per example, which fits all times to within %.0f %%",
                fit.constant, fit.slope, 100 * fit.largestDeviation))
        let line = times.map { Series.Value(Double($0.0), lastTime / Double(lastSize) * Double($0.0)) }
        let plot = Plot(
            title: "A training step of \(workload.rawValue), \(Processor.threadCount) threads",
            x: Axis("batch size", scale: .logarithmic), y: Axis("ms", scale: .logarithmic),
            [
                Series("measured", times.map { Series.Value(Double($0.0), $0.1) }, style: .linePoints),
                Series("in proportion", line, isDashed: true),
                Series(
                    "fixed cost plus cost per example",
                    times.map { Series.Value(Double($0.0), fit.value(at: Double($0.0))) }, isDashed: true),
            ])
        for path in ["\(output).png", "\(output).svg"] { try plot.write(to: path) }
        print("Plots: \(output).png and \(output).svg")
    }

    /// The median over the steps.
    private func typicalMilliseconds(batch: Int) -> Double {
        manualSeed(0)
        let times = timing.sortedSeconds(of: workload.step(batch: batch))
        return times[times.count / 2] * 1e3
    }
}
