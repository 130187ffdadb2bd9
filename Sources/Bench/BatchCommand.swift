import ArgumentParser
import Foundation
import Switchback

struct BatchCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "batch",
        abstract: "Times a training step for batches from 1 to 256.",
        discussion: """
            Examples:
              switchback-bench batch
              switchback-bench batch cnn_mnist --seconds 1
            """)

    @Argument(help: "The step: \(BatchedWorkload.allCases.map(\.rawValue).joined(separator: ", ")).")
    var workload = BatchedWorkload.resNet18CIFAR

    @Option(help: "The largest batch; smaller ones are its halves.")
    var largest = 256

    @OptionGroup var timing: ShortTimingOptions

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
    }

    /// The median over the steps.
    private func typicalMilliseconds(batch: Int) -> Double {
        manualSeed(0)
        let times = timing.sortedSeconds(of: workload.step(batch: batch))
        return times[times.count / 2] * 1e3
    }
}
