import Foundation
import Switchback
import SwitchbackFormats

/// The contents of `results.csv`: a row for each validation.
public struct ResultsTable: Sendable, Equatable {
    /// `epoch`, `step`, `seconds`, `train/loss`, …, `val/loss`, …, `lr`, `best`, and `epochs`, how
    /// many were planned by then.
    public let columns: [String]
    /// A number for each column; `nil` where a validation had none.
    public let rows: [[Double?]]

    init(_ history: [EpochResult]) {
        let training = ResultsTable.names(history.map(\.training))
        let validation = ResultsTable.names(history.map(\.validation))
        columns =
            ["epoch", "step", "seconds"] + training.map { "train/\($0)" } + validation.map { "val/\($0)" }
            + ["lr", "best", "epochs"]
        rows = history.map { result in
            [Double(result.epoch), Double(result.step), (result.seconds * 1000).rounded() / 1000]
                + training.map { result.training[$0] } + validation.map { result.validation[$0] }
                + [result.learningRate, result.isBest ? 1 : 0, Double(result.epochCount)]
        }
    }

    /// Reads `results.csv`; a file that is not there has no rows.
    ///
    /// Throws `InputError` with the line, where the file is damaged.
    init(path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            (columns, rows) = ([], [])
            return
        }
        let lines = try TextFile.lines(path).map { $0.split(separator: ",", omittingEmptySubsequences: false) }
        let header = lines.first ?? []
        columns = header.map(String.init)
        rows = try lines.dropFirst().enumerated().map { number, cells in
            guard cells.count == header.count else {
                throw InputError(
                    path, at: "line \(number + 2)",
                    "has \(cells.count.counted("cell")), and the header has \(header.count)")
            }
            return try cells.map { cell -> Double? in
                if cell.isEmpty { return nil }
                guard let value = Double(cell) else {
                    throw InputError(path, at: "line \(number + 2)", "'\(cell)' is no number")
                }
                return value
            }
        }
    }

    /// The numbers of a column, one for each row; none if there is no such column.
    public func values(_ column: String) -> [Double?] {
        guard let position = columns.firstIndex(of: column) else { return [] }
        return rows.map { $0[position] }
    }

    /// The position of the row whose validation was best.
    public var bestRow: Int? { values("best").lastIndex(of: 1) }

    /// What the best validation measured; the last one, where none is marked.
    public var bestMetrics: Metrics {
        guard let row = bestRow.map({ rows[$0] }) ?? rows.last else { return [:] }
        return Metrics(
            zip(columns, row).compactMap { column, value in
                guard column.hasPrefix("val/"), let value else { return nil }
                return (String(column.dropFirst(4)), value)
            })
    }

    /// As the file has it. Numbers are written so that they are read back to the same bits.
    var text: String {
        let lines = rows.map { row in
            row.map { value in
                guard let value else { return "" }
                return value == value.rounded() && value.magnitude < 1e15 ? "\(Int(value))" : "\(value)"
            }
        }
        return ([columns] + lines).map { $0.joined(separator: ",") + "\n" }.joined()
    }

    /// All names, in the order in which they first appear.
    private static func names(_ metrics: [Metrics]) -> [String] {
        var seen = Set<String>()
        return metrics.flatMap(\.names).filter { seen.insert($0).inserted }
    }
}
