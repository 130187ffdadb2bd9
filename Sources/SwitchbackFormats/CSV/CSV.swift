import Switchback

/// A table of numbers with one class per row.
public struct LabeledTable {
    /// [rows, columns], float32.
    public let features: Tensor
    /// The names of the columns of `features`.
    public let featureNames: [String]
    /// [rows], int64: positions in `classNames`; `nil` if no label column was requested.
    public let labels: Tensor?
    /// The distinct labels in order: by value where all are integers, else by the alphabet.
    public let classNames: [String]
}

/// Files of comma-separated values.
public enum CSV {
    /// Which column holds the labels.
    public enum LabelColumn: Sendable, Equatable {
        /// The column named `label`, `target` or `class`, else the last one.
        case automatic
        case named(String)
        case absent
    }

    /// Reads a table of numbers and labels, gzipped or not. A first row that names the columns is recognized by the
    /// name of the label column in it, or by having no number at all. Labels may be text.
    ///
    /// Throws `InputError`, with line and column, where a cell is missing or is not a number.
    public static func load(_ path: String, label: LabelColumn = .automatic) throws -> LabeledTable {
        var reader = try CSVReader(path)
        var row = CSVReader.Row()
        guard try reader.next(into: &row) else { throw InputError(path, "the table is empty") }
        let first = row.cells.map { reader.text($0) }
        let hasHeader = isHeader(first, label, cells: row.cells, reader)
        var builder = TableBuilder(
            path: path, width: first.count, names: hasHeader ? first : nil,
            labelColumn: try labelColumn(label, in: first, hasHeader: hasHeader, path))
        if !hasHeader { try builder.add(row, reader) }
        while try reader.next(into: &row) { try builder.add(row, reader) }
        return try builder.table()
    }

    /// The number of cells in the first row. Throws `InputError` if there is none.
    public static func columnCount(_ path: String) throws -> Int {
        var reader = try CSVReader(path)
        var row = CSVReader.Row()
        guard try reader.next(into: &row) else { throw InputError(path, "the table is empty") }
        return row.cells.count
    }

    private static let labelNames: Set = ["label", "labels", "target", "class"]

    private static func isHeader(
        _ texts: [String], _ label: LabelColumn, cells: [Range<Int>], _ reader: CSVReader
    ) -> Bool {
        if texts.contains(where: { labelNames.contains($0.lowercased()) || label == .named($0) }) { return true }
        return cells.allSatisfy { reader.number($0) == nil }
    }

    private static func labelColumn(
        _ label: LabelColumn, in names: [String], hasHeader: Bool, _ path: String
    ) throws -> Int? {
        switch label {
        case .absent: return nil
        case .automatic:
            let named = hasHeader ? names.firstIndex { labelNames.contains($0.lowercased()) } : nil
            return named ?? names.count - 1
        case .named(let name):
            if hasHeader, let column = names.firstIndex(of: name) { return column }
            let known = hasHeader ? "it has \(names.joined(separator: ", "))" : "its first row names none"
            throw InputError(path, "has no column named \(name): \(known)")
        }
    }
}

/// Gathers the rows of a table.
private struct TableBuilder {
    let path: String
    let width: Int
    /// The names in the first row, if it has names.
    let names: [String]?
    let labelColumn: Int?
    private var values: [Float] = []
    private var rowCount = 0
    /// For each row, the number of its label in the order in which labels first appear.
    private var codes: [Int] = []
    private var codeOfLabel: [String: Int] = [:]

    init(path: String, width: Int, names: [String]?, labelColumn: Int?) {
        self.path = path
        self.width = width
        self.names = names
        self.labelColumn = labelColumn
    }

    private func name(_ column: Int) -> String { names?[column] ?? "\(column + 1)" }

    private func error(_ row: CSVReader.Row, _ column: Int, _ problem: String) -> InputError {
        InputError(path, at: "line \(row.line), column \(name(column))", problem)
    }

    mutating func add(_ row: CSVReader.Row, _ reader: CSVReader) throws {
        guard row.cells.count == width else {
            throw InputError(
                path, at: "line \(row.line)",
                "it has \(row.cells.count.counted("cell")), and the first line has \(width)")
        }
        for (column, cell) in row.cells.enumerated() {
            if column == labelColumn {
                try addLabel(reader.text(cell), row, column)
            } else if let number = reader.number(cell) {
                values.append(number)
            } else if cell.isEmpty {
                throw error(row, column, "the cell is empty, and a number was expected")
            } else {
                throw error(row, column, "'\(reader.text(cell).prefix(40))' is not a finite number")
            }
        }
        rowCount += 1
    }

    private mutating func addLabel(_ text: String, _ row: CSVReader.Row, _ column: Int) throws {
        if text.isEmpty { throw error(row, column, "the cell is empty, and a label was expected") }
        if Int(text) == nil, let number = Double(text), number != number.rounded() {
            throw error(row, column, "the label \(text) is a fraction, and a class was expected")
        }
        let code = codeOfLabel[text] ?? codeOfLabel.count
        codeOfLabel[text] = code
        codes.append(code)
    }

    func table() throws -> LabeledTable {
        guard rowCount > 0 else { throw InputError(path, "the table has no rows below its header") }
        let columns = (0..<width).filter { $0 != labelColumn }
        guard !columns.isEmpty else { throw InputError(path, "the table has no numeric column besides the labels") }
        let classNames = sortedLabels()
        var classOfCode = [Int](repeating: 0, count: classNames.count)
        for (position, label) in classNames.enumerated() { classOfCode[codeOfLabel[label]!] = position }
        return LabeledTable(
            features: Tensor(values, shape: [rowCount, columns.count]), featureNames: columns.map(name),
            labels: labelColumn == nil ? nil : Tensor(codes.map { classOfCode[$0] }, shape: [rowCount]),
            classNames: classNames)
    }

    private func sortedLabels() -> [String] {
        let numbers = codeOfLabel.keys.compactMap { text in Int(text).map { ($0, text) } }
        if numbers.count == codeOfLabel.count { return numbers.sorted { $0 < $1 }.map(\.1) }
        return codeOfLabel.keys.sorted()
    }
}
