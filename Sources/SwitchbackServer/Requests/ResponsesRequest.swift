import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// A request to `/v1/responses`, OpenAI's newer interface, said in the words of `/v1/chat/completions`.
struct ResponsesRequest: Sendable {
    /// The members of the request for a chat completion.
    let chat: JSON
    /// What the answer repeats of the request, in its own words.
    let repeated: [(name: String, value: JSON)]

    /// Fields that have the same name and meaning in both interfaces, or that both pass over.
    private static let shared = [
        "model", "temperature", "top_p", "stream", "parallel_tool_calls", "top_k", "min_p", "repetition_penalty",
        "seed",
        "chat_template_kwargs", "user", "metadata", "store", "service_tier", "safety_identifier", "prompt_cache_key",
        "prompt_cache_retention",
    ]
    private static let own = [
        "input", "instructions", "max_output_tokens", "tools", "tool_choice", "text", "reasoning", "truncation",
        "include",
        "stream_options", "max_tool_calls",
    ]
    /// Fields of what is not there, with the values that ask for nothing.
    private static let refused: [(name: String, isHarmless: @Sendable (JSON) -> Bool, problem: String)] = [
        ("previous_response_id", { _ in false }, "answers are not kept here: send the whole conversation as input"),
        ("conversation", { _ in false }, "conversations are not kept here: send the whole conversation as input"),
        ("background", { $0.isFalse }, "answers are not kept here, so that they have to be waited for"),
        ("prompt", { _ in false }, "there are no stored prompts: send instructions and input"),
        ("top_logprobs", { $0.wholeNumber == 0 }, "here there are none: /v1/chat/completions has them"),
    ]
    /// What can be included beside the text; where there is nothing of the kind, nothing is.
    private static let included = [
        "reasoning.encrypted_content", "file_search_call.results", "web_search_call.results",
        "web_search_call.action.sources", "code_interpreter_call.outputs", "computer_call_output.output.image_url",
        "message.input_image.image_url",
    ]

    /// Throws `InputError` over a request that makes no sense or asks for what is not there.
    init(_ fields: ConfigurationFields) throws {
        try fields.checkNames(
            known: ResponsesRequest.shared + ResponsesRequest.own + ResponsesRequest.refused.map(\.name))
        for (name, isHarmless, problem) in ResponsesRequest.refused {
            try fields.refuse(name, unless: isHarmless, problem)
        }
        try fields.refuse("truncation", unless: { $0.isText("disabled") }, "inputs are not cut: shorten it")
        for value in try fields.array("include") ?? [] {
            guard case .string(let name) = value, ResponsesRequest.included.contains(name) else {
                throw fields.problem("include", "\(value) is not there")
            }
        }
        let reasoning = try fields.object("reasoning")
        try reasoning?.checkNames(known: ["effort", "summary", "generate_summary"])
        try reasoning?.refuse(
            "effort", unless: { _ in false }, "what a template has for it goes into chat_template_kwargs")
        for name in ["summary", "generate_summary"] {
            // Of what is not there, a summary is made automatically: none.
            try reasoning?.refuse(name, unless: { $0.isText("auto") }, "thoughts are not summarized")
        }
        _ = try fields.streamOptions(known: [])
        var members = ResponsesRequest.shared.compactMap { name in fields[name].map { (name: name, value: $0) } }
        members.append(("messages", .array(try fields.instructions() + fields.inputMessages())))
        if let count = fields["max_output_tokens"] {
            _ = try fields.integer("max_output_tokens")
            members.append(("max_tokens", count))
        }
        if let tools = try fields.functionTools() { members.append(("tools", tools)) }
        if let choice = try fields.functionChoice() { members.append(("tool_choice", choice)) }
        let text = try fields.object("text")
        try text?.checkNames(known: ["format", "verbosity"])
        try text?.refuse("verbosity", unless: { _ in false }, "there is none")
        if let format = try text?.object("format") { members.append(("response_format", try format.responseFormat())) }
        chat = .object(members)
        repeated = [
            ("instructions", fields["instructions"] ?? .null),
            ("max_output_tokens", fields["max_output_tokens"] ?? .null),
            ("metadata", fields["metadata"] ?? .object([])),
            ("parallel_tool_calls", fields["parallel_tool_calls"] ?? .bool(true)),
            ("temperature", fields["temperature"] ?? .null), ("top_p", fields["top_p"] ?? .null),
            ("text", .object([("format", text?["format"] ?? .object([("type", .string("text"))]))])),
            ("tool_choice", fields["tool_choice"] ?? .string("auto")), ("tools", fields["tools"] ?? .array([])),
            ("user", fields["user"] ?? .null),
        ]
    }
}

extension ConfigurationFields {
    /// The system message that instructions are.
    fileprivate func instructions() throws -> [JSON] {
        self["instructions"] == nil ? [] : [.message("system", .string(try string("instructions")))]
    }

    /// A text, or items: messages, calls of functions and what they gave.
    fileprivate func inputMessages() throws -> [JSON] {
        switch self["input"] {
        case .string(let text): return [.message("user", .string(text))]
        case .array(let items) where !items.isEmpty:
            var messages: [JSON] = []
            for (index, item) in items.enumerated() {
                try element(item, "input[\(index)]").addItem(to: &messages)
            }
            return messages
        case nil: throw problem("input", "it is missing", remedy: "give a text or a list of items")
        default: throw problem("input", "a text or a list of items is needed")
        }
    }

    private func addItem(to messages: inout [JSON]) throws {
        switch try string("type", default: "message") {
        case "message": messages.append(.message(try string("role"), try messageContent()))
        case "function_call":
            let call = JSON.object([
                ("id", .string(try string("call_id"))), ("type", .string("function")),
                (
                    "function",
                    .object([("name", .string(try string("name"))), ("arguments", .string(try string("arguments")))])
                ),
            ])
            // Calls belong to the message before them, if the assistant said something.
            if let last = messages.last, let joined = last.addingCall(call) {
                messages[messages.count - 1] = joined
            } else {
                messages.append(JSON.message("assistant", .null).addingCall(call) ?? .null)
            }
        case "function_call_output":
            guard case .object(let members) = JSON.message("tool", try outputContent()) else { return }
            messages.append(.object(members + [("tool_call_id", .string(try string("call_id")))]))
        // What a model thought before is not told to it again.
        case "reasoning": break
        case let kind:
            throw problem(
                "type", "it is \(kind); supported are message, function_call, function_call_output and reasoning")
        }
    }

    private func messageContent() throws -> JSON {
        guard case .array = self["content"] else { return .string(try string("content")) }
        return .array(try parts("content"))
    }

    private func outputContent() throws -> JSON {
        guard case .array = self["output"] else { return .string(try string("output")) }
        return .array(try parts("output"))
    }

    /// Parts of a message, of which each is text.
    private func parts(_ name: String) throws -> [JSON] {
        try entries(name).map { part in
            let kind = try part.string("type")
            switch kind {
            case "input_text", "output_text", "text":
                return .object([("type", .string("text")), ("text", .string(try part.string("text")))])
            case "refusal":
                return .object([("type", .string("text")), ("text", .string(try part.string("refusal")))])
            default: throw part.problem("type", "it is \(kind), and only text is read")
            }
        }
    }

    /// The functions, which have no level of their own in this interface.
    fileprivate func functionTools() throws -> JSON? {
        guard self["tools"] != nil else { return nil }
        return .array(
            try entries("tools").map { tool in
                let kind = try tool.string("type")
                guard kind == "function" else {
                    throw tool.problem("type", "it is \(kind), and only tools of the type function can be called")
                }
                _ = try tool.string("name")
                let names = ["name", "description", "parameters", "strict"]
                return .object([
                    ("type", .string("function")),
                    ("function", .object(names.compactMap { name in tool[name].map { (name, $0) } })),
                ])
            })
    }

    fileprivate func functionChoice() throws -> JSON? {
        guard case .object = self["tool_choice"], let choice = try object("tool_choice") else {
            return self["tool_choice"]
        }
        guard try choice.string("type", default: "function").isExactly("allowed_tools") else {
            return try choice.chosenFunction()
        }
        let some: [(name: String, value: JSON)] = [
            ("mode", choice["mode"] ?? .string("auto")),
            ("tools", .array(try choice.entries("tools").map { try $0.chosenFunction() })),
        ]
        return .object([("type", .string("allowed_tools")), ("allowed_tools", .object(some))])
    }

    private func chosenFunction() throws -> JSON {
        guard try string("type", default: "function").isExactly("function") else {
            throw problem("type", "only a function can be chosen")
        }
        return .object([
            ("type", .string("function")), ("function", .object([("name", .string(try string("name")))])),
        ])
    }

    /// `text.format` as `response_format`, where the schema has a level of its own.
    fileprivate func responseFormat() throws -> JSON {
        guard try string("type") == "json_schema" else { return json }
        guard let schema = self["schema"] else { throw problem("schema", "it is missing") }
        return .object([
            ("type", .string("json_schema")), ("json_schema", .object([("schema", schema)])),
        ])
    }
}

extension JSON {
    fileprivate static func message(_ role: String, _ content: JSON) -> JSON {
        .object([("role", .string(role)), ("content", content)])
    }

    /// A message of the assistant with one more call; `nil` if it is another's.
    fileprivate func addingCall(_ call: JSON) -> JSON? {
        guard case .object(var members) = self,
            members.contains(where: { $0.name == "role" && $0.value.isText("assistant") })
        else { return nil }
        if let place = members.firstIndex(where: { $0.name == "tool_calls" }),
            case .array(let calls) = members[place].value
        {
            members[place].value = .array(calls + [call])
        } else {
            members.append(("tool_calls", .array([call])))
        }
        return .object(members)
    }
}
