import Switchback
import SwitchbackLanguage
import Testing

extension ToolCallForm {
    /// What an answer says, and the functions that it calls.
    func parse(_ answer: String, functions: [String]) -> (content: String, calls: [ToolCall]) {
        var reader = ToolCallReader(self, functions: functions)
        let parts = reader.append(answer) + reader.finish()
        return parts.answer
    }
}

extension [ToolCallReader.Part] {
    /// What they say together, and the functions that they call.
    fileprivate var answer: (content: String, calls: [ToolCall]) {
        var content = ""
        var calls: [ToolCall] = []
        for part in self {
            switch part {
            case .text(let text): content += text
            case .call(let name): calls.append(ToolCall(name: name, arguments: ""))
            case .arguments(let more):
                let last = calls.removeLast()
                calls.append(ToolCall(name: last.name, arguments: last.arguments + more))
            }
        }
        return (content, calls)
    }
}

/// Functions that a model calls, in each of the forms in which models write them.
struct ToolCallTests {
    private func parse(_ form: ToolCallForm, _ text: String) -> (content: String, calls: [ToolCall]) {
        form.parse(text, functions: ["f", "g"])
    }

    @Test func calls() throws {
        let tagged = parse(
            .tagged,
            """
            Let me see.
            <tool_call>
            {"name": "f", "arguments": {"a": [1, "é}"]}}
            </tool_call>
            <tool_call>
            {"name": "g", "arguments": "{}"}
            """)
        let first = ToolCall(name: "f", arguments: #"{"a": [1, "é}"]}"#)
        #expect(tagged.content == "Let me see." && tagged.calls == [first, ToolCall(name: "g", arguments: "{}")])
        #expect(
            parse(.tagged, #"<tool_call>{"name": "g"}</tool_call> then"#).calls == [
                ToolCall(name: "g", arguments: "{}")
            ])
        #expect(parse(.tagged, #"<tool_call>{"name": "g"}</tool_call> then"#).content == "then")
        let object = parse(.object, " {\"type\": \"function\", \"name\": \"f\", \"parameters\": {\"a\": \"\\\"}\"}}\n")
        #expect(object.calls == [ToolCall(name: "f", arguments: #"{"a": "\"}"}"#)] && object.content == "")
        for mark in ["", "[TOOL_CALLS] "] {
            let list = parse(
                .list,
                mark + #"[{"name": "f", "arguments": {"a": [1, "é}"]}, "id": "x"}, {"arguments": {}, "name": "g"}]"#)
            #expect(list.calls == [first, ToolCall(name: "g", arguments: "{}")] && list.content == "")
        }
    }

    /// What calls nothing that was offered is text, also where it looks like a call.
    @Test(arguments: [ToolCallForm.tagged, .object, .list])
    func textStaysText(_ form: ToolCallForm) {
        for text in [
            "plain", " plain\n", "", "\n", "<tool_call>{", #"{"names": 1}"#, "<tool_call>[]</tool_call> more", "<tool",
            "[", "[1]",
            #"{"name": "Ann", "parameters": {}}"#, #"[{"name": "Ann", "arguments": {}}]"#, #"{"name": "f"}"#,
            #"[{"name": "f"}]"#,
            #"{"name": "f", "age": 3, "parameters": {}}"#, #"<tool_call>{"name": "Ann", "arguments": {}}</tool_call>"#,
            #"{"arguments": {}, "name": "#, #"{"name": 5, "arguments": {}}"#,
        ] { #expect(parse(form, text).content == text && parse(form, text).calls.isEmpty, "\(form): \(text)") }
    }

    /// Pieces as they come: text at once, a call as soon as it is one, and together what the whole answer says.
    @Test func pieces() {
        let answers: [(ToolCallForm, String)] = [
            (.tagged, #"a < b, so: <tool_call>\#n{"name": "f", "arguments": {"x": {"y": "}"}}}\#n</tool_call>\n and"#),
            (.tagged, #"<tool_call>{"name": "h", "arguments": {}}</tool_call><tool_call>{"name": "g"}</tool_call>"#),
            (.object, #"{"name": "f", "parameters": {"x": [1, 2]}}"#), (.object, #"{"name": "Ann", "age": 3}"#),
            (.list, #"[{"name": "f", "arguments": {"x": 1}}, {"name": "g", "arguments": {}}]"#), (.list, "[1, 2]"),
        ]
        for (form, answer) in answers {
            let whole = parse(form, answer)
            var reader = ToolCallReader(form, functions: ["f", "g"])
            let parts = answer.flatMap { reader.append(String($0)) } + reader.finish()
            let (content, calls) = parts.answer
            #expect(content == whole.content && calls == whole.calls, "\(answer)")
        }
        var reader = ToolCallReader(.tagged, functions: ["f"])
        #expect(reader.append("Let me") == [.text("Let me")] && reader.append(" see <to") == [.text(" see")])
        #expect(reader.append("ols>. ") == [.text(" <tools>.")] && reader.append(#"<tool_call>{"name": "f", "#).isEmpty)
        #expect(reader.append(#""arguments": {"a"#) == [.call("f"), .arguments(#"{"a"#)])
        #expect(reader.append(#"": 1}}</tool_call>"#) == [.arguments(#"": 1}"#)] && reader.finish().isEmpty)
    }

    /// An answer that is cut off in a call has begun it; where only one call is wanted, others are left out.
    @Test func cutAndSingleCalls() {
        var reader = ToolCallReader(.object, functions: ["f"])
        #expect(reader.append(#"{"name": "f", "parameters": {"a": "b"#) == [.call("f"), .arguments(#"{"a": "b"#)])
        #expect(reader.finish().isEmpty && reader.append("c") == [.arguments("c")], "it is in the arguments still")
        var single = ToolCallReader(.list, functions: ["f", "g"], allowsSeveral: false)
        let parts = single.append(#"[{"name": "f", "arguments": {}}, {"name": "g", "arguments": {"a": 1}}]"#)
        #expect(parts == [.call("f"), .arguments("{}")] && single.finish().isEmpty)
    }

    @Test func formsOfTemplates() throws {
        #expect(ChatTemplate(.chatml).toolCallForm == nil)
    }
}
