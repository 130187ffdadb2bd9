import ArgumentParser
import Switchback

struct RunCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "run", abstract: "Time workloads, and print one JSON line for each.",
        discussion: """
            Examples:
              switchback-bench run layernorm_4096x768 --seconds 3
              switchback-bench run resnet18_cifar_b64 --threads 1
              switchback-bench run gpt_small_train --precision bf16
            """)

    @Argument(help: "The workloads to time; `switchback-bench list` lists them.")
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
    @Option(help: "The maximum number of steps to time.")
    var steps = 1000

    @Option(help: "How long to time steps, in seconds.")
    var seconds = 12.0

    @Option(help: "How long to warm up, in seconds.")
    var warmup = 2.0

    @Option(
        help: "The precision of Switchback's products: float32 or bf16.",
        transform: {
            guard let precision = Precision(rawValue: $0) else { throw ValidationError("take float32 or bf16") }
            return precision
        })
    var precision = Precision.float32

    @OptionGroup private var threadOptions: ThreadOptions

    var threads: Int? { threadOptions.threads }

    func validate() throws {
        if steps < 1 { throw ValidationError("--steps must be at least 1, not \(steps).") }
        if !(seconds > 0) { throw ValidationError("--seconds must be more than 0, not \(seconds).") }
        if !(warmup >= 0) { throw ValidationError("--warmup must not be negative, but is \(warmup).") }
    }
}

/// How many threads compute.
struct ThreadOptions: ParsableArguments {
    @Option(help: "The number of threads. (default: SWITCHBACK_THREADS, or every CPU)")
    var threads: Int?

    func validate() throws {
        if let threads, !(1...256).contains(threads) {
            throw ValidationError("--threads must be from 1 to 256, not \(threads).")
        }
    }
}

/// How long to measure each of many things.
struct ShortTimingOptions: ParsableArguments {
    @Option(help: "How long to time each, in seconds.")
    var seconds = 0.5

    @OptionGroup private var threadOptions: ThreadOptions

    func validate() throws {
        if !(seconds > 0) { throw ValidationError("--seconds must be more than 0, not \(seconds).") }
    }

    /// Sets the number of threads that was requested.
    func apply() {
        if let threads = threadOptions.threads { Processor.threadCount = threads }
    }

    /// The seconds of the runs that fit into the time, at least three, from the shortest to the longest; two more come
    /// first and are not counted.
    func sortedSeconds(of run: () -> Void) -> [Double] {
        for _ in 0..<2 { run() }
        var times: [Double] = []
        let end = now() + seconds
        while times.count < 3 || now() < end { times.append(Bench.seconds(of: run)) }
        return times.sorted()
    }
}
