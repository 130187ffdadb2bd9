import Foundation
import Switchback
import SwitchbackFormats

/// Conversations for training: a JSON Lines file, `{"messages": [{"role": …, "content": …}, …]}`, where `"weight": 0`
/// leaves a message out of what is learned, and `"tools"` are the functions that the assistant can call. ShareGPT's and
/// Alpaca's forms are read as well, also as one JSON list (`.json`), and columns of a `.csv` file: see `ChatRecord`.
///
/// JSON Lines are read one at a time whenever the conversations are gone through, so that a file may be larger than
/// memory.
public struct ChatData: Sendable {
    public let path: String
    /// How many conversations there are.
    public let count: Int

    /// A conversation and the functions that its assistant can call.
    public struct Entry: Sendable {
        public let messages: [ChatMessage]
        public let context: ChatTemplate.Context
    }

    /// Reads a file, which may be gzipped; empty lines are passed over.
    ///
    /// Throws one `InputError` over all conversations that cannot be used, which says of each what is wrong.
    public init(_ path: String) throws {
        self.path = path
        var problems: [InputError] = []
        var (count, problemCount) = (0, 0)
        try ChatData.forEachRecord(of: path) { record in
            do {
                _ = try ChatData.conversation(record())
                count += 1
            } catch let problem as InputError {
                problemCount += 1
                if problems.count < ChatData.namedLines { problems.append(problem) }
            }
        }
        if problemCount > 0 { throw ChatData.refusal(problems, problemCount, of: problemCount + count, path) }
        if count == 0 { throw InputError(path, "there are no conversations in it") }
        self.count = count
    }

    /// Calls `body` with each conversation, in order. Throws what it throws.
    public func forEach(_ body: (Entry) throws -> Void) throws {
        try ChatData.forEachRecord(of: path) { try body(try ChatData.conversation($0())) }
    }

    /// The conversation of a number, counted from 0.
    public func conversation(_ number: Int) throws -> Entry {
        var found: Entry?
        var next = 0
        try forEach { entry in
            if next == number { found = entry }
            next += 1
        }
        guard let found else { throw InputError(path, "there is no conversation \(number + 1) in it any more") }
        return found
    }

    /// Calls `body` with each record of a file: with what reads it, which throws where it is no JSON object.
    private static func forEachRecord(
        of path: String, _ body: (_ record: () throws -> ConfigurationFields) throws -> Void
    ) throws {
        switch (path as NSString).pathExtension.lowercased() {
        case "csv", "tsv":
            try CSV.forEachRow(of: path) { row, line in
                let members = row.filter { !$0.text.isEmpty }.map { ($0.name, JSON.string($0.text)) }
                try body { try ConfigurationFields(.object(members), path: "\(path), line \(line)") }
            }
        case "json":
            guard case .array(let list) = try JSON(file: path) else {
                throw InputError(
                    path, "it is no list of conversations", remedy: "name it .jsonl if it has one on each line")
            }
            for (index, value) in list.enumerated() {
                try body { try ConfigurationFields(value, path: "\(path), entry \(index + 1)") }
            }
        default:
            try TextFile.forEachLine(of: path) { line, number in
                guard !line.allSatisfy(\.isWhitespace) else { return }
                try body { try fields(of: line, place: "\(path), line \(number)") }
            }
        }
    }

    private static func fields(of line: String, place: String) throws -> ConfigurationFields {
        do {
            return try ConfigurationFields(JSON(text: line), path: place)
        } catch let problem as JSON.Problem {
            throw InputError(place, at: "byte \(problem.offset)", "it is not valid JSON: \(problem.message)")
        }
    }

    private static func conversation(_ fields: ConfigurationFields) throws -> Entry {
        let record = try ChatRecord(fields)
        guard record.messages.contains(where: { $0.role == .assistant && $0.isLearned && $0.hasContent }) else {
            throw InputError(
                fields.path, at: "field messages", "it has no assistant message, so there is nothing to learn")
        }
        return Entry(messages: record.messages, context: ChatTemplate.Context(tools: record.tools))
    }

    /// How many lines are named in one message.
    private static let namedLines = 20

    private static func refusal(
        _ named: [InputError], _ problemCount: Int, of count: Int, _ path: String
    ) -> InputError {
        if problemCount == 1 { return named[0] }
        let rest = problemCount - named.count
        let list = named.map { "\n  \($0)" }.joined() + (rest > 0 ? "\n  and \(rest) more" : "")
        return InputError(path, "\(problemCount) of \(count) lines cannot be used:\(list)")
    }
}
