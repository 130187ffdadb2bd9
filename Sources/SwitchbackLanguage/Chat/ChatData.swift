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
    private let records: RecordFile

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
        records = RecordFile(path, kind: "conversation")
        count = try records.count { _ = try ChatData.conversation($0) }
    }

    /// Calls `body` with each conversation, in order. Throws what it throws.
    public func forEach(_ body: (Entry) throws -> Void) throws {
        try records.forEach { try body(try ChatData.conversation($0())) }
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

    private static func conversation(_ fields: ConfigurationFields) throws -> Entry {
        let record = try ChatRecord(fields)
        guard record.messages.contains(where: { $0.role == .assistant && $0.isLearned && $0.hasContent }) else {
            throw InputError(
                fields.path, at: "field messages", "it has no assistant message, so there is nothing to learn")
        }
        return Entry(messages: record.messages, context: ChatTemplate.Context(tools: record.tools))
    }
}
