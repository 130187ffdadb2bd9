import Switchback

extension CSV {
    /// Calls `body` with each row below the header: the texts of its cells by the names of their columns.
    ///
    /// Throws `InputError` where the header names a column twice, and over rows of other lengths.
    package static func forEachRow(
        of path: String, _ body: (_ row: [(name: String, text: String)], _ line: Int) throws -> Void
    ) throws {
        var reader = try CSVReader(path)
        var row = CSVReader.Row()
        guard try reader.next(into: &row) else { throw InputError(path, "the file is empty: a header is needed") }
        let names = row.cells.map { reader.text($0) }
        guard Set(names.map(ExactText.init)).count == names.count else {
            throw InputError(path, at: "line \(row.line)", "the header names a column twice")
        }
        while try reader.next(into: &row) {
            guard row.cells.count == names.count else {
                throw InputError(
                    path, at: "line \(row.line)",
                    "it has \(row.cells.count.counted("cell")), and the header \(names.count)")
            }
            try body(zip(names, row.cells).map { ($0, reader.text($1)) }, row.line)
        }
    }
}
