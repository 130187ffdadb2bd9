import ArgumentParser
import Switchback

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Times workloads and prints one JSON line for each.",
        discussion: """
            Examples:
              switchback-bench run layernorm_4096x768 --seconds 3
              switchback-bench run resnet18_cifar_b64 --threads 1
            """)

    @Argument(help: "The workloads to time (`switchback-bench list` names them).")
    var workloads: [String]

    @OptionGroup var options: TimingOptions

    func validate() throws {
        for name in workloads { _ = try Workload.named(name) }
    }

    func run() throws {
        if let threads = options.threads { Processor.threadCount = threads }
        for name in workloads { print(try Measurement(of: Workload.named(name), options).json) }
    }
}

/// How long to measure.
struct TimingOptions: ParsableArguments {
    @Option(help: "The most steps to time.")
    var steps = 1000

    @Option(help: "Seconds to time steps for.")
    var seconds = 12.0

    @Option(help: "Seconds of steps that are not counted, first.")
    var warmup = 2.0

    @Option(help: "Threads (default: SWITCHBACK_THREADS, or every processor).")
    var threads: Int?

    func validate() throws {
        if steps < 1 { throw ValidationError("--steps must be at least 1, not \(steps).") }
        if !(seconds > 0) { throw ValidationError("--seconds must be more than 0, not \(seconds).") }
        if !(warmup >= 0) { throw ValidationError("--warmup must not be negative, and is \(warmup).") }
        if let threads, !(1...256).contains(threads) {
            throw ValidationError("--threads must be from 1 to 256, not \(threads).")
        }
    }
}
