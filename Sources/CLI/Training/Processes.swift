import ArgumentParser
import Foundation
import Switchback
import SwitchbackTraining

/// The processes that `mpirun` or `srun` started this command in. The first one speaks for all of them.
enum Processes {
    // Set once, before work begins.
    nonisolated(unsafe) private(set) static var group = ProcessGroup.alone

    /// Connects the command with those that were started with it. Without a launcher nothing happens.
    static func connect(_ common: CommonOptions) throws {
        guard group.size == 1, let connected = try ProcessGroup.connected() else { return }
        group = connected
        let isSet = common.threads != nil || ProcessInfo.processInfo.environment["SWITCHBACK_THREADS"] != nil
        if !isSet { Processor.threadCount = group.threadShare }
        try checkInstructionSets()
        if group.isRoot { return }
        Diagnostics.handler = { _ in }
        let nowhere = open("/dev/null", O_WRONLY)
        dup2(nowhere, STDOUT_FILENO)
        close(nowhere)
    }

    /// Throws where the processes would compute the same with other bits.
    private static func checkInstructionSets() throws {
        guard group.instructionSets.count > 1 else { return }
        let common = ["baseline", "avx2"].first(where: group.instructionSets.contains) ?? "baseline"
        let names = group.instructionSets.sorted().joined(separator: " and ")
        throw InputError(
            "processes", "they compute with \(names), which round otherwise",
            remedy: "set SWITCHBACK_ISA=\(common) on all machines")
    }

    /// Ends the command with all its processes where the user wishes it.
    static func endIfInterrupted() throws {
        guard Interruption.isRequested else { return }
        if group.size > 1 { group.abort(code: Interruption.exitCode) }
        throw ExitCode(Interruption.exitCode)
    }

    /// Disconnects at the end. Others may still be saving after a signal, which this process then waits for.
    static func finish() { Interruption.finishing { group.finish() } }

    /// How long a process that fails waits to see whether the others fail too.
    private static let patience = 1.0

    /// Disconnects after an error.
    ///
    /// An error that all processes meet is reported by the first one. Where one fails alone, it reports its error itself,
    /// and ends the others.
    ///
    /// - Parameter report: prints the error; returns the exit code.
    static func end(after error: any Error, report: (any Error) -> Int32) -> Int32 {
        if group.size == 1 {
            let isSaidByFirst = !(error is InputError || error is ShapeError)
            return isSaidByFirst && ProcessGroup.launchedRank > 0 ? 1 : report(error)
        }
        if error is ExitCode {
            finish()
            return report(error)
        }
        let code = group.isRoot ? report(error) : 1
        if group.allFail(within: patience) {
            finish()
            return code
        }
        if !group.isRoot && !(error is FailedElsewhere) { _ = report(LocatedError(error: error, place: group.place)) }
        group.abort(code: code)
    }
}

/// An error that one of several processes met.
struct LocatedError: Error, CustomStringConvertible {
    let error: any Error
    /// The process.
    let place: String

    var description: String { "\(place): \(error)" }
}
