import Foundation
import Switchback
import SwitchbackFormats

/// The contents of `results.csv`: a row for each validation.
public struct ResultsTable: Sendable, Equatable {
    /// `epoch`, `step`, `seconds`, `train/loss`, …, `val/loss`, …, `lr`, `best`, and `epochs`, how
    /// many were planned by then.
    public let columns: [String]
    /// A number for each column; `nil` if a validation had none.
    public let rows: [[Double?]]

    /// The names of the columns, of which those of metrics depend on the task.
    struct Columns: Equatable {
        private var training: [String] = []
        private var validation: [String] = []

        init() {}

        /// All names, in the order in which they first appear.
        init(of history: [EpochResult]) {
            func names(_ metrics: [Metrics]) -> [String] {
                var seen = Set<String>()
                return metrics.flatMap(\.names).filter { seen.insert($0).inserted }
            }
            (training, validation) = (names(history.map(\.training)), names(history.map(\.validation)))
        }

        var names: [String] {
            ["epoch", "step", "seconds"] + training.map { "train/\($0)" } + validation.map { "val/\($0)" }
                + ["lr", "best", "epochs"]
        }

        /// Whether each of a result's metrics has a column.
        func cover(_ result: EpochResult) -> Bool {
            result.training.names.allSatisfy(training.contains)
                && result.validation.names.allSatisfy(validation.contains)
        }

        func row(of result: EpochResult) -> [Double?] {
            [Double(result.epoch), Double(result.step), (result.seconds * 1000).rounded() / 1000]
                + training.map { result.training[$0] } + validation.map { result.validation[$0] }
                + [result.learningRate, result.isBest ? 1 : 0, Double(result.epochCount)]
        }
    }

    init(_ history: [EpochResult]) {
        let columns = Columns(of: history)
        self.columns = columns.names
        rows = history.map(columns.row)
    }

    /// Reads `results.csv`; a file that is not there has no rows.
    ///
    /// Throws `InputError` with the line, if the file is damaged.
    init(path: String) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            (columns, rows) = ([], [])
            return
        }
        let text = try TextFile.read(path)
        // What has no line's end was being written when the program was ended.
        let whole = text.utf8.lastIndex(of: UInt8(ascii: "\n")).map { text[...$0] } ?? ""
        let lines = whole.lines.map { $0.split(separator: ",", omittingEmptySubsequences: false) }
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
                    throw InputError(path, at: "line \(number + 2)", "'\(cell)' is not a number")
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

    /// The metrics of the best validation; of the last one, if none is marked.
    public var bestMetrics: Metrics {
        guard let row = bestRow.map({ rows[$0] }) ?? rows.last else { return [:] }
        return Metrics(
            zip(columns, row).compactMap { column, value in
                guard column.hasPrefix("val/"), let value else { return nil }
                return (String(column.dropFirst(4)), value)
            })
    }

    /// The results that the rows were made of, the times apart, which are rounded.
    var history: [EpochResult] {
        rows.map { row in
            let values = Dictionary(zip(columns, row)) { first, _ in first }.compactMapValues { $0 }
            func metrics(_ part: String) -> Metrics {
                Metrics(
                    zip(columns, row).compactMap { column, value in
                        guard column.hasPrefix(part), let value else { return nil }
                        return (String(column.dropFirst(part.count)), value)
                    })
            }
            func whole(_ column: String) -> Int { values[column].flatMap { Int(exactly: $0) } ?? 0 }
            return EpochResult(
                epoch: whole("epoch"), epochCount: whole("epochs"), step: whole("step"), training: metrics("train/"),
                validation: metrics("val/"), learningRate: values["lr"] ?? .nan, isBest: values["best"] == 1,
                seconds: values["seconds"] ?? 0)
        }
    }

    /// As the file has it.
    var text: String { columns.joined(separator: ",") + "\n" + rows.map(Self.line).joined() }

    /// A row of the file. Numbers are written so that they are read back to the same bits.
    static func line(_ row: [Double?]) -> String {
        let cells = row.map { value in
            guard let value else { return "" }
            let isWhole = value == value.rounded() && value.magnitude < 1e15 && (value != 0 || value.sign == .plus)
            return isWhole ? "\(Int(value))" : "\(value)"
        }
        return cells.joined(separator: ",") + "\n"
    }
}
