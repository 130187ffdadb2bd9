import Foundation
import Glibc

/// The largest resident size of this process so far, in MB.
func peakResidentMegabytes() -> Double {
    var usage = rusage()
    getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
    return Double(usage.ru_maxrss) / 1024
}

/// CPU time of the machine since the start, from /proc/stat.
struct MachineLoad {
    /// Percentages of the processors' time.
    struct Shares {
        /// Taken by the hypervisor.
        var stolen: Double
        /// Used by other processes.
        var others: Double
    }

    private struct Clock {
        var total = 0.0
        var stolen = 0.0
        var others = 0.0

        init() {
            guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8),
                let line = text.split(separator: "\n").first
            else { return }
            let ticks = line.split(separator: " ").dropFirst().prefix(8).compactMap { Double($0) }
            guard ticks.count == 8 else { return }
            let perSecond = Double(sysconf(Int32(_SC_CLK_TCK)))
            var times = tms()
            Glibc.times(&times)
            total = ticks.reduce(0, +) / perSecond
            stolen = ticks[7] / perSecond
            let busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6]
            others = (busy - Double(times.tms_utime + times.tms_stime)) / perSecond
        }
    }

    private let start = Clock()

    func sharesSinceStart() -> Shares {
        let end = Clock()
        let total = max(end.total - start.total, 1e-9)
        return Shares(
            stolen: 100 * (end.stolen - start.stolen) / total,
            others: 100 * max(0, end.others - start.others) / total)
    }
}
