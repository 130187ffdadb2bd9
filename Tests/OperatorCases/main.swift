// Runs the cases that Scripts/operator_cases.py made from the samples by which PyTorch tests its operators, and prints
// how many pass, differ, are missing and stop:
//
//     operator-cases .build/operator-cases           the table, by operator; the cases that do not pass on the standard
//     error operator-cases .build/operator-cases --from 7  the outcomes from a case on, a line each; stops with the
//     first that stops
//
// A case that stops takes its process along, so that cases run in a child, which begins anew behind it.

import Foundation
import TestSupport

let arguments = CommandLine.arguments
guard arguments.count == 2 || arguments.count == 4 else {
    print("usage: operator-cases FOLDER")
    exit(2)
}
let base = URL(fileURLWithPath: arguments[1]).appendingPathComponent("cases")
if arguments.count == 4 {
    try runCases(base, from: Int(arguments[3])!)
} else {
    try printTable(base, folder: arguments[1])
}

/// Runs the cases from one on, and prints a line for each.
func runCases(_ base: URL, from first: Int) throws {
    for testCase in try OperatorCase.load(base).dropFirst(first) {
        let outcome =
            switch testCase.run() {
            case .passed: "pass"
            case .differs(let how): "differs \(how)"
            case .missing(let what): "missing \(what)"
            }
        // Past print's buffer, which would be lost with the process.
        FileHandle.standardOutput.write(Data("\(testCase.number) \(outcome)\n".utf8))
    }
}

/// Runs all cases in children, and prints what came of them.
func printTable(_ base: URL, folder: String) throws {
    let cases = try OperatorCase.load(base)
    var outcomes: [String] = []
    while outcomes.count < cases.count {
        let (lines, complaint) = try runChild(folder, from: outcomes.count)
        outcomes += lines
        if outcomes.count < cases.count { outcomes.append("stops \(complaint)") }
    }
    var table: [String: [String: Int]] = [:]
    for (testCase, outcome) in zip(cases, outcomes) {
        let kind = String(outcome.prefix { $0 != " " })
        table[testCase.op, default: [:]][kind, default: 0] += 1
        if kind != "pass" && outcome != "missing" {
            FileHandle.standardError.write(Data("\(testCase): \(outcome)\n".utf8))
        }
    }
    printRows(table)
}

func printRows(_ table: [String: [String: Int]]) {
    let kinds = ["pass", "differs", "stops", "missing"]
    print("| operator | pass | differ | stop | missing |\n|---|---|---|---|---|")
    for (op, counts) in table.sorted(by: { $0.key < $1.key }) where counts.contains(where: { $0.key != "missing" }) {
        print("| \(op) | " + kinds.map { "\(counts[$0] ?? 0)" }.joined(separator: " | ") + " |")
    }
    let present = table.values.filter { $0.contains { $0.key != "missing" } }
    let sums = kinds.map { kind in present.reduce(0) { $0 + ($1[kind] ?? 0) } }
    print("| **all** | " + sums.map(String.init).joined(separator: " | ") + " |")
    print("\n\(present.count) operators are here, \(table.count - present.count) are not.")
}

/// The lines of a child's outcomes, without the case's number, and the last thing it said if it stopped.
func runChild(_ folder: String, from first: Int) throws -> (lines: [String], complaint: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: CommandLine.arguments[0])
    process.arguments = [folder, "--from", "\(first)"]
    process.environment = ProcessInfo.processInfo.environment.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
    let (output, errors) = (
        Pipe(), FileManager.default.temporaryDirectory.appendingPathComponent("operator-cases-errors")
    )
    try Data().write(to: errors)
    process.standardOutput = output
    process.standardError = try FileHandle(forWritingTo: errors)
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    let complaint = try String(contentsOf: errors, encoding: .utf8).split(separator: "\n").last.map(String.init) ?? ""
    let lines = text.split(separator: "\n").map { $0.drop { $0 != " " }.dropFirst() }
    return (lines.map(String.init), complaint)
}
