import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats

struct CompareCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare", abstract: "Time workloads in turn with their peers, and print the ratios.",
        discussion: """
            Each pair runs both sides in processes of their own, one after the other, so that a machine whose speed \
            drifts slows both. The ratio is the peer's time divided by Switchback's: more than 1 means that Switchback \
            is faster. The fastest variant of a pair counts: PyTorch's, and those of ONNX Runtime, OpenVINO and \
            CTranslate2 that are installed, in float32; with --precision bf16 those in bfloat16 too, and beside a \
            workload in int8 all.

            Examples:
              switchback-bench compare cnn_mnist_b64 mlp_mnist_b64 --pairs 5
              switchback-bench compare matmul_1024 --variants torch-eager --seconds 3
              switchback-bench compare resnet18_cifar_b64 --isa avx2
              switchback-bench compare resnet18_cifar_b64 --scaling
              switchback-bench compare gpt_small_train --precision bf16
              switchback-bench compare yolo11n_infer_640_b1_int8
              switchback-bench compare                        (the workloads of `make bench`)
            """)

    /// The workloads compared when none is named.
    private static let standard = [
        "scalar_chain", "mlp_mnist_b64", "cnn_mnist_b64", "matmul_1024", "layernorm_4096x768", "softmax_4096x1024",
        "adamw_update_25m", "lstm_2x256_b64_t24",
    ]

    @Argument(help: "The workloads to compare.")
    var workloads: [String] = CompareCommand.standard

    @Option(help: "The number of pairs per workload.")
    var pairs = 3

    @Option(help: "Comma-separated variants of the peers. (default: all that the scripts list for the workload)")
    var variants: String?

    @Option(name: .customLong("script"), help: "A peer's script; may be repeated.")
    var scripts = ["Benchmarks/torch_bench.py", "Benchmarks/deploy_bench.py"]

    @Option(help: "The Python interpreter for the scripts.")
    var python = "python3"

    @Option(help: "Limit both sides to an instruction set: \(InstructionSet.names). (default: the processor's best)")
    var isa: InstructionSet?

    @Flag(help: "Run with 1 thread too, and print the speedup of each side.")
    var scaling = false

    @OptionGroup var options: TimingOptions

    func validate() throws {
        for name in workloads { _ = try Workload.named(name) }
        if pairs < 1 { throw ValidationError("--pairs must be at least 1, not \(pairs).") }
        if scaling && (options.threads ?? Processor.threadCount) < 2 {
            throw ValidationError("--scaling compares 1 thread with more; there is only 1.")
        }
    }

    func run() throws {
        let peers = try scripts.map { try Peer(python: python, script: $0) }
        printNow(Comparison.header)
        for name in workloads {
            let candidates = candidates(try Workload.named(name), peers)
            if candidates.isEmpty {
                printNow("\(name.padded(25)) the peers have no such workload, or no such variant")
                continue
            }
            let comparison = try compare(name, candidates, threads: options.threads)
            printNow(comparison.line)
            if scaling {
                let alone = try compare(name, candidates, threads: 1)
                printNow(alone.line)
                printNow(comparison.scaling(from: alone))
            }
        }
    }

    /// The variants named; else those that compute with as many bits or more.
    private func candidates(_ workload: Workload, _ peers: [Peer]) -> [Candidate] {
        let listed = peers.flatMap { peer in
            (peer.variants[workload.peerName] ?? []).map { Candidate(peer: peer, variant: $0) }
        }
        if let names = variants?.split(separator: ",").map(String.init) {
            return listed.filter { names.contains($0.variant) }
        }
        let numbers = workload.numbers ?? Numbers(options.precision)
        return listed.filter { Numbers(ofVariant: $0.variant) <= numbers }
    }

    private func compare(_ name: String, _ candidates: [Candidate], threads: Int?) throws -> Comparison {
        let label = threads.map { "\(name) (\($0))" } ?? name
        return Comparison(name: label, pairs: try (0..<pairs).map { _ in try pair(name, candidates, threads: threads) })
    }

    private func pair(
        _ name: String, _ candidates: [Candidate], threads: Int?
    ) throws -> Comparison.Pair {
        let timing = [
            "--seconds", "\(options.seconds)", "--steps", "\(options.steps)", "--warmup", "\(options.warmup)",
        ]
        let own =
            timing + ["--precision", options.precision.rawValue] + (threads.map { ["--threads", "\($0)"] } ?? [])
        let ours = try Row(
            runProcess(CommandLine.arguments[0], ["run", name] + own, isa?.environment ?? [:]))
        let peerName = try Workload.named(name).peerName
        let theirs = try candidates.map { candidate in
            (
                candidate.variant,
                try candidate.peer.run(peerName, variant: candidate.variant, timing, threads: threads, isa: isa)
            )
        }
        let best = theirs.min { $0.1.medianMilliseconds < $1.1.medianMilliseconds }!
        return Comparison.Pair(ours: ours, theirs: best.1, variant: best.0)
    }
}

/// An instruction set that both sides can be limited to.
enum InstructionSet: String, CaseIterable, ExpressibleByArgument {
    case avx512, avx2

    static var names: String { allCases.map(\.rawValue).joined(separator: ", ") }

    /// The variables that limit Switchback, PyTorch's own kernels, and those of oneDNN and MKL inside it.
    var environment: [String: String] {
        switch self {
        case .avx512:
            [
                "SWITCHBACK_ISA": "avx512", "ATEN_CPU_CAPABILITY": "avx512", "ONEDNN_MAX_CPU_ISA": "AVX512_CORE",
                "MKL_ENABLE_INSTRUCTIONS": "AVX512",
            ]
        case .avx2:
            [
                "SWITCHBACK_ISA": "avx2", "ATEN_CPU_CAPABILITY": "avx2", "ONEDNN_MAX_CPU_ISA": "AVX2",
                "MKL_ENABLE_INSTRUCTIONS": "AVX2",
            ]
        }
    }
}

/// One line of a benchmark's output, from either side.
struct Row: Decodable {
    let medianMilliseconds: Double
    let peakMegabytes: Double

    private enum CodingKeys: String, CodingKey {
        case medianMilliseconds = "median_ms"
        case peakMegabytes = "peak_rss_mb"
    }

    init(_ output: String) throws {
        let line = output.split(separator: "\n").last.map(String.init) ?? ""
        self = try JSON.decode(Row.self, Data(line.utf8))
    }
}

/// A script with the same workloads, for one library or several.
private struct Peer {
    let python: String
    let script: String
    /// The variants of each workload.
    let variants: [String: [String]]

    init(python: String, script: String) throws {
        (self.python, self.script) = (python, script)
        let lines = try runProcess(python, [script, "list"]).split(separator: "\n")
        variants = Dictionary(
            uniqueKeysWithValues: lines.map { line in
                let words = line.split(separator: " ").map(String.init)
                return (words[0], Array(words.dropFirst()))
            })
    }

    func run(
        _ name: String, variant: String, _ timing: [String], threads: Int?, isa: InstructionSet?
    ) throws -> Row {
        var environment = isa?.environment ?? [:]
        if let threads {
            environment["OMP_NUM_THREADS"] = "\(threads)"
            environment["MKL_NUM_THREADS"] = "\(threads)"
        }
        if variant.contains("malloc") {
            // glibc is told never to give memory back, as the script does for these variants.
            environment["MALLOC_MMAP_THRESHOLD_"] = "4294967296"
            environment["MALLOC_TRIM_THRESHOLD_"] = "8589934592"
            environment["MALLOC_TOP_PAD_"] = "67108864"
        }
        return try Row(runProcess(python, [script, "run", name, "--impl", variant] + timing, environment))
    }
}

/// A variant of a workload, and whose it is.
private struct Candidate {
    let peer: Peer
    let variant: String
}

/// The pairs of one workload.
private struct Comparison {
    struct Pair {
        let ours: Row
        let theirs: Row
        let variant: String
        var ratio: Double { theirs.medianMilliseconds / ours.medianMilliseconds }
    }

    let name: String
    let pairs: [Pair]

    static let header =
        "workload                  switchback ms      peer ms  ratio (min…max)      memory ratio  variant"

    /// How much faster each side is than with one thread.
    func scaling(from alone: Comparison) -> String {
        func speedup(_ side: (Pair) -> Row) -> Double {
            median(alone.pairs.map { side($0).medianMilliseconds })
                / median(pairs.map { side($0).medianMilliseconds })
        }
        return "  more threads: "
            + String(
                format: "Switchback %.2f times as fast as with 1, the peer %.2f times", speedup(\.ours),
                speedup(\.theirs))
    }

    /// The table's row: medians over the pairs, and the least and largest ratio.
    var line: String {
        let ratios = pairs.map(\.ratio).sorted()
        let memory = median(pairs.map { $0.ours.peakMegabytes / $0.theirs.peakMegabytes })
        let middle = pairs.sorted { $0.ratio < $1.ratio }[pairs.count / 2]
        return name.padded(25)
            + String(
                format: " %13.4f %12.4f  %5.2f (%.2f…%.2f)   %12.2f  ",
                median(pairs.map(\.ours.medianMilliseconds)), median(pairs.map(\.theirs.medianMilliseconds)),
                median(ratios), ratios.first!, ratios.last!, memory) + middle.variant
    }

    /// The middle value, or the mean of the two in the middle.
    private func median(_ values: [Double]) -> Double {
        let sorted = values.sorted()
        return (sorted[(values.count - 1) / 2] + sorted[values.count / 2]) / 2
    }
}

extension String {
    func padded(_ width: Int) -> String {
        padding(toLength: Swift.max(width, count), withPad: " ", startingAt: 0)
    }
}

/// Prints a line that is seen at once, also where the output is a file or a pipe.
private func printNow(_ line: String) {
    print(line)
    fflush(nil)
}

/// The standard output of a command; stops with an error message if it fails.
private func runProcess(
    _ command: String, _ arguments: [String], _ environment: [String: String] = [:]
) throws -> String {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [command] + arguments
    process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    if process.terminationStatus != 0 {
        throw ValidationError(
            "`\(command) \(arguments.joined(separator: " "))` failed with exit code \(process.terminationStatus); "
                + "the peers' side needs Python with torch installed.")
    }
    return text
}
