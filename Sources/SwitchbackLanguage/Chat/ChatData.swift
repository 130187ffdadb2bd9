import Foundation
import Switchback
import SwitchbackFormats

/// Conversations to learn from: a file with one JSON object on each line, `{"messages": [{"role": …, "content": …}, …]}`.
public struct ChatData: Sendable {
    public let path: String
    public let conversations: [[ChatMessage]]

    /// Reads a file, which may be gzipped; empty lines are passed over.
    ///
    /// Throws one `InputError` over all lines that cannot be used, which says of each what is wrong.
    public init(_ path: String) throws {
        self.path = path
        var problems: [InputError] = []
        var conversations: [[ChatMessage]] = []
        let lines = try TextFile.lines(path)
        for (index, line) in lines.enumerated() where !line.allSatisfy(\.isWhitespace) {
            do {
                conversations.append(try ChatData.conversation(line, place: "\(path), line \(index + 1)"))
            } catch let problem as InputError {
                problems.append(problem)
            }
        }
        if !problems.isEmpty { throw ChatData.refusal(problems, of: problems.count + conversations.count, path) }
        if conversations.isEmpty { throw InputError(path, "there are no conversations in it") }
        self.conversations = conversations
    }

    private static func conversation(_ line: Substring, place: String) throws -> [ChatMessage] {
        let value: JSON
        do {
            value = try Array(line.utf8).withUnsafeBytes { try JSON(parsing: $0) }
        } catch let problem as JSON.Problem {
            throw InputError(place, at: "byte \(problem.offset)", "it is not valid JSON: \(problem.message)")
        }
        let messages = try ChatMessage.list(ConfigurationFields(value, path: place))
        guard messages.contains(where: { $0.role == .assistant && !$0.content.isEmpty }) else {
            throw InputError(place, at: "field messages", "nothing is said by the assistant, so nothing can be learned")
        }
        return messages
    }

    /// How many lines are named in one message.
    private static let namedLines = 20

    private static func refusal(_ problems: [InputError], of count: Int, _ path: String) -> InputError {
        if problems.count == 1 { return problems[0] }
        let named = problems.prefix(namedLines).map { "\n  \($0)" }.joined()
        let rest = problems.count - namedLines
        return InputError(
            path, "\(problems.count) of \(count) lines cannot be used:\(named)\(rest > 0 ? "\n  and \(rest) more" : "")"
        )
    }
}
