/// The two forms in which texts are asked for and answered: a conversation's next message, and a text's continuation.
package enum AnswerForm: Sendable {
    case chat, completion

    /// The fields of a request of this form alone.
    var ownFields: [String] {
        switch self {
        case .chat:
            [
                "messages", "max_completion_tokens", "top_logprobs", "chat_template_kwargs", "tools", "tool_choice",
                "parallel_tool_calls",
            ]
        case .completion: ["prompt", "echo", "best_of", "suffix"]
        }
    }

    var idPrefix: String { self == .chat ? "chatcmpl-" : "cmpl-" }
    var object: String { self == .chat ? "chat.completion" : "text_completion" }
    var chunkObject: String { self == .chat ? "chat.completion.chunk" : "text_completion" }
}
