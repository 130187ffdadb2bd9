import ArgumentParser
import Foundation
import Switchback
import SwitchbackTraining

/// `switchback runs`.
struct Runs: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs",
        abstract: "List, show, compare and clean up training runs.",
        discussion: """
            EXAMPLES
              switchback runs list
              switchback runs show runs/classify/train
              switchback runs compare runs/classify/train runs/classify/train-2 \\
                --plot comparison.png
              switchback runs clean
            """,
        subcommands: [RunsList.self, RunsShow.self, RunsCompare.self, RunsClean.self])
}

/// `switchback runs list`.
struct RunsList: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "List runs, newest first.",
        discussion: """
            EXAMPLES
              switchback runs list
              switchback runs list --task classify --json
            """)

    @Option(help: ArgumentHelp("Only runs of this task.", valueName: "task"))
    var task: String?

    @Option(help: ArgumentHelp("The folder that runs are saved in.", valueName: "path"))
    var output = "runs"

    @OptionGroup var common: CommonOptions

    private struct Row: Encodable {
        let path, task, progress: String
        let best: [String: Double]
        let modified: Date
    }

    func run() throws {
        let runs = try RunCatalog.runs(in: output, task: task)
        if common.json {
            return try Terminal.printJSON(
                runs.map { run in
                    let best = run.results.bestMetrics.map { ($0.name, $0.value) }
                    return Row(
                        path: run.path, task: run.task, progress: run.progress,
                        best: Dictionary(uniqueKeysWithValues: best), modified: run.modified)
                })
        }
        guard !runs.isEmpty else { return try Terminal.print("There are no runs in \(output).") }
        let table = TextTable(
            ["run", "progress", "best", "written"],
            runs.map { [$0.path, $0.progress, $0.results.bestMetrics.summary, $0.modified.formatted] })
        try Terminal.print(table.text)
    }
}

/// `switchback runs show`.
struct RunsShow: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the options and results of a run.",
        discussion: """
            EXAMPLES
              switchback runs show runs/classify/train
              switchback runs show train --json
            """)

    @Argument(help: ArgumentHelp("A run's folder or name.", valueName: "run"))
    var folder: String

    @Option(help: ArgumentHelp("The folder that runs are saved in.", valueName: "path"))
    var output = "runs"

    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        let path, task, progress: String
        let arguments: [String: String?]
        let columns: [String]
        let rows: [[Double?]]
    }

    func run() throws {
        let record = try RunRecord(RunCatalog.path(of: folder, in: output))
        if common.json {
            return try Terminal.printJSON(
                Report(
                    path: record.path, task: record.task, progress: record.progress,
                    arguments: Dictionary(record.arguments.map { ($0.key, record.argument($0.key)) }) { $1 },
                    columns: record.results.columns, rows: record.results.rows))
        }
        try Terminal.print("\(record.path): \(record.task), \(record.progress)\n")
        for (key, value) in record.arguments where value != "null" { try Terminal.print("  \(key): \(value)") }
        guard !record.results.rows.isEmpty else { return try Terminal.print("\nNo validation was made yet.") }
        let best = record.results.bestRow
        let shown = record.results.columns.filter { $0 != "best" }
        let cells = record.results.rows.enumerated().map { number, row in
            zip(record.results.columns, row).filter { $0.0 != "best" }.map { $1?.brief ?? "" } + [
                number == best ? "best" : ""
            ]
        }
        try Terminal.print("\n" + TextTable(shown + [""], cells).text)
    }
}

/// `switchback runs compare`.
struct RunsCompare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "compare",
        abstract: "Compare the options and curves of several runs.",
        discussion: """
            EXAMPLES
              switchback runs compare runs/classify/train runs/classify/train-2
              switchback runs compare runs/classify/* --plot comparison.png
            """)

    @Argument(help: ArgumentHelp("The folders or names of runs.", valueName: "run"))
    var runs: [String]

    @Option(help: ArgumentHelp("The folder that runs are saved in.", valueName: "path"))
    var output = "runs"

    @Option(help: ArgumentHelp("Where to plot the curves.", valueName: "file"))
    var plot: String?

    @OptionGroup var common: CommonOptions

    private struct Row: Encodable {
        let path: String
        let options: [String: String?]
        let best: [String: Double]
    }

    func run() throws {
        let records = try runs.map { try RunRecord(RunCatalog.path(of: $0, in: output)) }
        if let plot { try RunCurves(records).write(to: plot) }
        let keys = differingKeys(records)
        if common.json {
            return try Terminal.printJSON(
                records.map { record in
                    Row(
                        path: record.path,
                        options: Dictionary(uniqueKeysWithValues: keys.map { ($0, record.argument($0)) }),
                        best: Dictionary(uniqueKeysWithValues: record.results.bestMetrics.map { ($0.name, $0.value) }))
                })
        }
        let metrics = records.flatMap { $0.results.bestMetrics.names }.reduce(into: [String]()) { names, name in
            if !names.contains(name) { names.append(name) }
        }
        let rows = records.map { record in
            [record.path, record.progress] + keys.map { record.argument($0) ?? "-" }
                + metrics.map { record.results.bestMetrics[$0]?.brief ?? "" }
        }
        try Terminal.print(TextTable(["run", "progress"] + keys + metrics, rows).text)
        if let plot { try Terminal.print("The curves are in \(plot).") }
    }

    /// The options whose values are not the same in all runs.
    private func differingKeys(_ records: [RunRecord]) -> [String] {
        let keys = records.flatMap { $0.arguments.map(\.key) }.reduce(into: [String]()) { keys, key in
            if !keys.contains(key) { keys.append(key) }
        }
        return keys.filter { key in Set(records.map { $0.argument(key) }).count > 1 }
    }
}

/// `switchback runs clean`.
struct RunsClean: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean",
        abstract: "Remove checkpoints of finished runs, and runs without results.",
        discussion: """
            Weights, results and images stay. Without --yes it only lists what it would remove. A finished run whose \
            checkpoints are gone cannot be given more epochs; its weights can still be started from.

            EXAMPLES
              switchback runs clean
              switchback runs clean --yes
            """)

    @Option(help: ArgumentHelp("The folder that runs are saved in.", valueName: "path"))
    var output = "runs"

    @Flag(help: "Remove the listed files.")
    var yes = false

    @OptionGroup var common: CommonOptions

    private struct Report: Encodable {
        let removed: Bool
        let paths: [String]
        let bytes: Int
    }

    func run() throws {
        let remains = try RunCatalog.remains(in: output)
        if yes { try remains.forEach { try $0.remove() } }
        let bytes = remains.reduce(0) { $0 + $1.byteCount }
        if common.json {
            return try Terminal.printJSON(Report(removed: yes, paths: remains.map(\.path), bytes: bytes))
        }
        guard !remains.isEmpty else { return try Terminal.print("There is nothing to clean up in \(output).") }
        let rows = remains.map { [$0.path, $0.reason, "\((Double($0.byteCount) / 1e6).formatted(1)) MB"] }
        try Terminal.print(TextTable(["path", "why", "size"], rows).text)
        let total = "\((Double(bytes) / 1e6).formatted(1)) MB"
        try Terminal.print(yes ? "Removed: \(total)." : "\(total) in total; --yes removes them.")
    }
}

extension Date {
    /// To the minute, in the local time.
    fileprivate var formatted: String {
        let formatter = DateFormatter()
        formatter.dateFormat = "yyyy-MM-dd HH:mm"
        return formatter.string(from: self)
    }
}

extension Double {
    /// With as many digits as a table needs.
    fileprivate var brief: String {
        self == rounded() && magnitude < 1e9 ? "\(Int(self))" : general(5)
    }
}
