import ArgumentParser
import Switchback

/// Something to time: the same work as the peer's workload of that name.
struct Workload: Sendable {
    let name: String
    /// The peer's workload to compare with, if it is called otherwise.
    var peer: String?
    /// The numbers it computes with, where `--precision` does not say it.
    var numbers: Numbers?
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

/// What a side computes with; the fewer bits the later.
enum Numbers: String, CaseIterable, Comparable {
    case float32, bf16, int8

    init(_ precision: Precision) { self = precision == .bfloat16 ? .bf16 : .float32 }

    /// What a peer's variant computes with: its name says it where that is not float32.
    init(ofVariant variant: String) {
        self = Self.allCases.first { variant.hasSuffix("-\($0.rawValue)") } ?? .float32
    }

    static func < (a: Numbers, b: Numbers) -> Bool { allCases.firstIndex(of: a)! < allCases.firstIndex(of: b)! }
}
