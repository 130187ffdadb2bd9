import Switchback

/// CPU time of the machine since the start; nothing where the system does not tell.
struct MachineLoad {
    /// Percentages of the processors' time.
    struct Shares {
        /// Taken by the hypervisor.
        var stolen: Double
        /// Used by other processes.
        var others: Double
    }

    private struct Clock {
        let machine = Platform.machineSeconds ?? Platform.MachineSeconds()
        let others: Double

        init() { others = machine.used - Platform.processSeconds }
    }

    private let start = Clock()

    func sharesSinceStart() -> Shares {
        let end = Clock()
        let total = max(end.machine.total - start.machine.total, 1e-9)
        return Shares(
            stolen: 100 * (end.machine.stolen - start.machine.stolen) / total,
            others: 100 * max(0, end.others - start.others) / total)
    }
}
