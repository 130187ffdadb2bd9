import Switchback

/// Rows in columns that line up, for a terminal.
struct TextTable {
    private let rows: [[String]]

    init(_ header: [String], _ rows: [[String]]) { self.rows = ([header] + rows).map { $0.map { $0.printable() } } }

    /// Columns of numbers are aligned to the right, others to the left.
    var text: String {
        let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        let areNumbers = widths.indices.map { column in
            rows.dropFirst().allSatisfy { $0[column].isEmpty || Double($0[column]) != nil }
        }
        let lines = rows.map { row in
            row.indices.map { column in
                let padding = String(repeating: " ", count: widths[column] - row[column].count)
                return areNumbers[column] ? padding + row[column] : row[column] + padding
            }.joined(separator: "  ")
        }
        return lines.map { String($0.reversed().drop { $0 == " " }.reversed()) }.joined(separator: "\n")
    }
}
