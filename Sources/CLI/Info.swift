import ArgumentParser
import Foundation
import Switchback
import SwitchbackTraining

/// `switchback info`.
struct Info: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "info",
        abstract: "Show the version, processor, threads and memory.",
        discussion: """
            EXAMPLES
              switchback info
              switchback info --json
              SWITCHBACK_ISA=avx2 switchback info
            """)

    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        let version: String
        let processor: String
        let instructionSet: String
        /// Whether `--precision bf16` is faster than float32.
        let fastBfloat16: Bool
        let threads: Int
        /// What `--device` can be.
        let devices: [String]
        /// In bytes.
        let memory: UInt64
        let memoryAvailable: UInt64?
    }

    func run() throws {
        common.apply()
        let report = Report(
            version: Version.current, processor: Platform.processorName ?? "unknown",
            instructionSet: Processor.instructionSet,
            fastBfloat16: Processor.hasBFloat16Products, threads: Processor.threadCount, devices: Device.names,
            memory: ProcessInfo.processInfo.physicalMemory,
            memoryAvailable: AvailableMemory.bytes.map(UInt64.init))
        if common.json { return try Terminal.printJSON(report) }
        try Terminal.print("switchback       \(report.version)")
        try Terminal.print("processor        \(report.processor)")
        try Terminal.print("instruction set  \(report.instructionSet)")
        let bfloat16 = report.fastBfloat16 ? "an instruction (AVX512_BF16)" : "no faster than float32"
        try Terminal.print("bf16 products    \(bfloat16)")
        try Terminal.print("threads          \(report.threads)")
        try Terminal.print("devices          \(report.devices.joined(separator: ", "))")
        let available = report.memoryAvailable.map { ", \(gigabytes($0)) available" } ?? ""
        try Terminal.print("memory           \(gigabytes(report.memory))\(available)")
    }

    private func gigabytes(_ bytes: UInt64) -> String { (Double(bytes) / 0x1p30).formatted(1) + " GiB" }
}
