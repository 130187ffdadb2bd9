import Foundation
import Switchback
import SwitchbackFormats

/// A file of records, each a JSON object: JSON Lines, which may be gzipped and have empty lines; one JSON list (`.json`);
/// or rows of a `.csv` or `.tsv` file, whose columns are the fields.
///
/// JSON Lines and rows are read one at a time whenever the records are gone through, so that a file may be larger than
/// memory.
struct RecordFile: Sendable {
    let path: String
    /// What a record is: `conversation`.
    private let kind: String

    init(_ path: String, kind: String) { (self.path, self.kind) = (path, kind) }

    /// Calls `body` with what reads each record, which throws where it is no JSON object.
    func forEach(_ body: (_ record: () throws -> ConfigurationFields) throws -> Void) throws {
        switch (path as NSString).pathExtension.lowercased() {
        case "csv", "tsv":
            try CSV.forEachRow(of: path) { row, line in
                let members = row.filter { !$0.text.isEmpty }.map { ($0.name, JSON.string($0.text)) }
                try body { try ConfigurationFields(.object(members), path: "\(path), line \(line)") }
            }
        case "json":
            guard case .array(let list) = try JSON(file: path) else {
                throw InputError(
                    path, "it is no list of \(kind)s", remedy: "name it .jsonl if it has one on each line")
            }
            for (index, value) in list.enumerated() {
                try body { try ConfigurationFields(value, path: "\(path), entry \(index + 1)") }
            }
        default:
            try TextFile.forEachLine(of: path) { line, number in
                guard !line.allSatisfy(\.isWhitespace) else { return }
                try body { try RecordFile.fields(of: line, place: "\(path), line \(number)") }
            }
        }
    }

    /// How many records there are, at least one.
    ///
    /// Throws one `InputError` over all records that `check` throws over, which says of each what is wrong.
    func count(_ check: (ConfigurationFields) throws -> Void) throws -> Int {
        var problems: [InputError] = []
        var (count, problemCount) = (0, 0)
        try forEach { record in
            count += 1
            do {
                try check(record())
            } catch let problem as InputError {
                problemCount += 1
                if problems.count < RecordFile.namedRecords { problems.append(problem) }
            }
        }
        if problemCount > 0 { throw refusal(problems, problemCount, of: count) }
        if count == 0 { throw InputError(path, "there are no \(kind)s in it") }
        return count
    }

    private static func fields(of line: String, place: String) throws -> ConfigurationFields {
        do {
            return try ConfigurationFields(JSON(text: line), path: place)
        } catch let problem as JSON.Problem {
            throw InputError(place, at: "byte \(problem.offset)", "it is not valid JSON: \(problem.message)")
        }
    }

    /// How many records are named in one message.
    private static let namedRecords = 20

    private func refusal(_ named: [InputError], _ problemCount: Int, of count: Int) -> InputError {
        if problemCount == 1 { return named[0] }
        let rest = problemCount - named.count
        let list = named.map { "\n  \($0)" }.joined() + (rest > 0 ? "\n  and \(rest) more" : "")
        return InputError(path, "\(problemCount) of \(count) lines cannot be used:\(list)")
    }
}
