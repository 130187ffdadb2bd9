// A profile as text: tables that fit into 100 columns.

extension Profile: CustomStringConvertible {
    /// The operations and the modules that took longest.
    public var description: String { table() }

    /// Two tables, of operations and of modules, sorted by time.
    ///
    /// - Parameter limit: how many rows each has at most.
    public func table(limit: Int = 24) -> String {
        let share = 100 * secondsInOperations / max(seconds, 1e-12)
        let summary =
            "\(seconds.formatted(3)) s recorded, of which \(share.formatted(1)) % in operations and "
            + "\((100 - share).formatted(1)) % between them."
        return [summary, operationTable(limit), moduleTable(limit)].joined(separator: "\n\n")
    }

    private func operationTable(_ limit: Int) -> String {
        let rows = byOperation.map { operation, phase, cost in
            [operation, phase.rawValue, "\(cost.calls)"] + timing(cost) + rates(cost)
        }
        return TextTable(
            columns: [
                .left("operation", 30), .left("phase", 9), .right("calls", 9), .right("ms", 11), .right("share", 7),
                .right("ms/call", 10), .right("GB/s", 7), .right("GFLOP/s", 8),
            ], rows: rows, limit: limit
        ).text
    }

    private func moduleTable(_ limit: Int) -> String {
        let rows = byModule.map { module, forward, backward in
            var both = forward
            both += backward
            return [
                module.isEmpty ? "(outside modules)" : module, "\(forward.calls + backward.calls)",
                milliseconds(forward), milliseconds(backward), share(both),
            ] + rates(both)
        }
        return TextTable(
            columns: [
                .left("module", 36), .right("calls", 9), .right("forward ms", 11), .right("backward ms", 11),
                .right("share", 7), .right("GB/s", 7), .right("GFLOP/s", 8),
            ], rows: rows, limit: limit
        ).text
    }

    private func milliseconds(_ cost: Cost) -> String { (cost.seconds * 1e3).formatted(2) }

    private func share(_ cost: Cost) -> String {
        (100 * cost.seconds / max(seconds, 1e-12)).formatted(1) + " %"
    }

    private func timing(_ cost: Cost) -> [String] {
        [milliseconds(cost), share(cost), (cost.seconds * 1e3 / Double(max(cost.calls, 1))).formatted(4)]
    }

    /// Those that are known; a memory rate above 0.05 GB/s.
    private func rates(_ cost: Cost) -> [String] {
        [
            cost.bandwidth >= 0.05 ? cost.bandwidth.formatted(1) : "–",
            cost.gigaflops?.formatted(1) ?? "–",
        ]
    }
}

/// Rows of text under a header, in columns of given widths.
struct TextTable {
    struct Column {
        let title: String
        let width: Int
        let isRight: Bool

        static func left(_ title: String, _ width: Int) -> Column { Column(title: title, width: width, isRight: false) }
        static func right(_ title: String, _ width: Int) -> Column { Column(title: title, width: width, isRight: true) }
    }

    let columns: [Column]
    let rows: [[String]]
    /// Rows after so many are only counted.
    let limit: Int

    var text: String {
        let rule = String(repeating: "─", count: columns.reduce(columns.count - 1) { $0 + $1.width })
        let rest = rows.count > limit ? ["… and \(rows.count - limit) more"] : []
        return ([line(columns.map(\.title)), rule] + rows.prefix(limit).map(line) + rest).joined(separator: "\n")
    }

    private func line(_ cells: [String]) -> String {
        let padded = zip(cells, columns).map { cell, column in
            // The end of a path tells more than its beginning.
            let cell = cell.count > column.width ? "…" + cell.suffix(column.width - 1) : cell
            let space = String(repeating: " ", count: column.width - cell.count)
            return column.isRight ? space + cell : cell + space
        }
        return padded.joined(separator: " ")
    }
}
