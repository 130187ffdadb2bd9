import Foundation
import Switchback
import SwitchbackFormats

/// `results.csv` as it grows: a validation appends its row, which costs the same however many there were before.
struct ResultsFile {
    let path: String
    /// Those of the header; none before there is a file.
    private var columns = ResultsTable.Columns()
    private var hasFile = false

    init(path: String) { self.path = path }

    /// Makes the file that of a training whose validations were these; no file where there was none.
    mutating func begin(_ history: [EpochResult]) throws {
        hasFile = false
        if !history.isEmpty { return try rewrite(history) }
        guard unlink(path) == 0 || errno == ENOENT else { throw InputError(path, cannot: "written", errno) }
    }

    /// Adds the row of the last validation. A metric that none before had makes the file anew, with a column more.
    mutating func append(_ history: [EpochResult]) throws {
        guard let result = history.last else { return }
        guard hasFile, columns.cover(result) else { return try rewrite(history) }
        let descriptor = open(path, O_WRONLY | O_APPEND)
        // Somebody removed it.
        if descriptor < 0 && errno == ENOENT { return try rewrite(history) }
        guard descriptor >= 0 else { throw InputError(path, cannot: "written", errno) }
        defer { close(descriptor) }
        var line = ResultsTable.line(columns.row(of: result))
        try line.withUTF8 { bytes in
            guard write(descriptor, bytes.baseAddress, bytes.count) == bytes.count else {
                throw InputError(path, cannot: "written", errno)
            }
        }
    }

    private mutating func rewrite(_ history: [EpochResult]) throws {
        columns = ResultsTable.Columns(of: history)
        try AtomicFile.write(ResultsTable(history).text, to: path)
        hasFile = true
    }

    /// Has what was appended reach the disk.
    static func makeLasting(_ path: String) throws {
        let descriptor = open(path, O_RDONLY)
        if descriptor < 0 && errno == ENOENT { return }
        guard descriptor >= 0 else { throw InputError(path, cannot: "written", errno) }
        defer { close(descriptor) }
        guard Platform.flush(descriptor) else { throw InputError(path, cannot: "written", errno) }
    }
}
