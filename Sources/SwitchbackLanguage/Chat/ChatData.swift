import Foundation
import Switchback
import SwitchbackFormats

/// Conversations for training: a JSON Lines file, `{"messages": [{"role": …, "content": …}, …]}`, where `"weight": 0`
/// leaves a message out of what is learned, and `"tools"` are the functions that the assistant can call.
///
/// The file is read a line at a time whenever the conversations are gone through, so that it may be larger than memory.
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
    /// Throws one `InputError` over all lines that cannot be used, which says of each what is wrong.
    public init(_ path: String) throws {
        self.path = path
        var problems: [InputError] = []
        var (count, problemCount) = (0, 0)
        try ChatData.forEachLine(of: path) { line, place in
            do {
                _ = try ChatData.conversation(line, place: place)
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
        try ChatData.forEachLine(of: path) { line, place in
            try body(try ChatData.conversation(line, place: place))
        }
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

    /// Calls `body` with each line that is not empty, and its place.
    private static func forEachLine(of path: String, _ body: (_ line: String, _ place: String) throws -> Void) throws {
        try TextFile.forEachLine(of: path) { line, number in
            if !line.allSatisfy(\.isWhitespace) { try body(line, "\(path), line \(number)") }
        }
    }

    private static func conversation(_ line: String, place: String) throws -> Entry {
        let value: JSON
        do {
            value = try Array(line.utf8).withUnsafeBytes { try JSON(parsing: $0) }
        } catch let problem as JSON.Problem {
            throw InputError(place, at: "byte \(problem.offset)", "it is not valid JSON: \(problem.message)")
        }
        let fields = try ConfigurationFields(value, path: place)
        let messages = try ChatMessage.list(fields)
        guard messages.contains(where: { $0.role == .assistant && $0.isLearned && $0.hasContent }) else {
            throw InputError(place, at: "field messages", "it has no assistant message, so there is nothing to learn")
        }
        return Entry(
            messages: messages, context: ChatTemplate.Context(tools: try fields.array("tools").map { .array($0) }))
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
