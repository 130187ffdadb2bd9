import Foundation
import Switchback

private var peakResidentMegabytes: Double { Double(Platform.peakResidentMemory) / 0x1p20 }

/// The times of a workload's steps, and how disturbed the machine was meanwhile.
struct Measurement {
    private let workload: Workload
    private let residentAtStart: Double
    private let firstStep: Double
    private let sortedMilliseconds: [Double]
    private let load: MachineLoad.Shares
    private let precision: Precision

    init(of workload: Workload, _ options: TimingOptions) throws {
        self.workload = workload
        precision = options.precision
        residentAtStart = peakResidentMegabytes
        manualSeed(0)
        let work = try workload.build()
        let step = { withPrecision(options.precision, work) }
        let meter = MachineLoad()
        firstStep = seconds(of: step)
        let times = Self.times(of: step, options)
        load = meter.sharesSinceStart()
        sortedMilliseconds = times.map { $0 * 1e3 / Double(workload.iterationsPerStep) }.sorted()
    }

    /// At least 7 steps where they fit in three times the seconds asked for, as the peer's script measures.
    private static func times(of step: () -> Void, _ options: TimingOptions) -> [Double] {
        let warm = now() + options.warmup
        while now() < warm { step() }
        var times: [Double] = []
        let end = now() + options.seconds
        while times.count < options.steps
            && (now() < end || (times.count < 7 && now() < end + 2 * options.seconds))
        {
            times.append(seconds(of: step))
        }
        return times
    }

    private var median: Double {
        let middle = sortedMilliseconds.count / 2
        return sortedMilliseconds.count % 2 == 1
            ? sortedMilliseconds[middle] : (sortedMilliseconds[middle - 1] + sortedMilliseconds[middle]) / 2
    }

    private func quantile(_ share: Double) -> Double {
        sortedMilliseconds[min(sortedMilliseconds.count - 1, Int(share * Double(sortedMilliseconds.count)))]
    }

    /// One JSON object on one line, with the keys of the peer's script.
    var json: String {
        var fields: [(String, String)] = [
            ("workload", "\"\(workload.name)\""), ("impl", "\"switchback\""),
            ("precision", "\"\((workload.numbers ?? Numbers(precision)).rawValue)\""),
            ("median_ms", rounded(median, 6)), ("p10", rounded(quantile(0.1), 6)), ("p90", rounded(quantile(0.9), 6)),
            ("min_ms", rounded(sortedMilliseconds[0], 6)), ("n", "\(sortedMilliseconds.count)"),
            ("peak_rss_mb", rounded(peakResidentMegabytes, 1)),
            ("rss_after_import_mb", rounded(residentAtStart, 1)), ("threads", "\(Processor.threadCount)"),
            ("first_step_s", rounded(firstStep, 2)), ("steal_pct", rounded(load.stolen, 1)),
            ("other_cpu_pct", rounded(load.others, 1)), ("probe_gflops", rounded(probe(), 1)),
        ]
        if let items = workload.items { fields.append(("items_per_s", rounded(Double(items) / median * 1e3, 1))) }
        if let flops = workload.flops { fields.append(("gflops", rounded(flops / median / 1e6, 1))) }
        return "{" + fields.map { "\"\($0)\": \($1)" }.joined(separator: ", ") + "}"
    }
}

/// The best rate of a 1024³ product within 0.4 s, in GFLOP/s: tells a slow program from a slow moment of the machine.
private func probe() -> Double {
    let a = Tensor.ones([1024, 1024])
    let end = now() + 0.5
    var best = Double.infinity
    while now() < end { best = min(best, seconds { _ = a.matmul(a) }) }
    return 2 * 1024 * 1024 * 1024 / best / 1e9
}

private func rounded(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

/// Seconds on a clock that only moves forward.
func now() -> Double { Double(DispatchTime.now().uptimeNanoseconds) / 1e9 }

func seconds(of body: () -> Void) -> Double {
    let start = now()
    body()
    return now() - start
}
