// Runs the cases that Scripts/operator_cases.py made from the samples by which PyTorch tests its operators, and prints
// how many pass, differ, are missing and stop:
//
//     operator-cases .build/operator-cases    the table, by operator; the cases that do not pass on the standard error

import Foundation
import TestSupport

let arguments = CommandLine.arguments
guard arguments.count == 2 else {
    print("usage: operator-cases FOLDER")
    exit(2)
}
let cases = try OperatorCase.load(URL(fileURLWithPath: arguments[1]).appendingPathComponent("cases"))
var (byOperator, byLayout): (Table, Table) = ([:], [:])
for testCase in cases {
    let outcome = testCase.run()
    byOperator[testCase.op, default: [:]][outcome.kind, default: 0] += 1
    if outcome == .missing("") { continue }
    byLayout[testCase.layout, default: [:]][outcome.kind, default: 0] += 1
    if outcome != .passed {
        // Not through print's buffer, which a crash would take along.
        FileHandle.standardError.write(Data("\(testCase): \(outcome)\n".utf8))
    }
}
printRows("cases", byLayout)
printRows("operator", byOperator.filter { $0.value.contains { $0.key != .missing } })
let present = byOperator.values.filter { $0.contains { $0.key != .missing } }.count
print("\n\(present) operators are here, \(byOperator.count - present) are not.")

typealias Table = [String: [OperatorCase.Outcome.Kind: Int]]

func printRows(_ title: String, _ table: Table) {
    print("| \(title) | pass | differ | stop | missing |\n|---|---|---|---|---|")
    for (name, counts) in table.sorted(by: { $0.key < $1.key }) {
        let columns = OperatorCase.Outcome.Kind.allCases.map { "\(counts[$0] ?? 0)" }
        print("| \(name) | " + columns.joined(separator: " | ") + " |")
    }
}
