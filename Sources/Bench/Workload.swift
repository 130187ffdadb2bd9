import ArgumentParser
import Switchback

/// Something to time: the same work as the peer's workload of that name.
struct Workload: Sendable {
    let name: String
    /// The peer's workload to compare with, if it is called otherwise.
    var peer: String?
    /// Examples or tokens a step works through.
    var items: Int?
    /// Floating-point operations of a step.
    var flops: Double?
    /// How often a step repeats what is to be timed.
    var iterationsPerStep = 1
    /// Prepares a step, and returns it.
    let build: @Sendable () throws -> () -> Void

    var peerName: String { peer ?? name }

    static var all: [Workload] {
        trainingWorkloads + detectionWorkloads + languageWorkloads + operatorWorkloads
    }

    static func named(_ name: String) throws -> Workload {
        if let workload = all.first(where: { $0.name == name }) { return workload }
        throw ValidationError(
            "there is no workload \(name); the workloads are \(all.map(\.name).joined(separator: ", ")).")
    }
}
