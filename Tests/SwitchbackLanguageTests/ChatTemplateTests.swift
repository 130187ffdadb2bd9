import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import TestSupport
import Testing

/// Chat templates are run as Transformers runs them; `make_chat_templates.py` made what they are compared with.
struct ChatTemplateTests {
    private static let path = fixtureFolder.appendingPathComponent("chat_templates.json").path
    /// The fixture, and a file that `make_chat_templates.py` made of other templates, if one is named.
    private static let paths = [path, ProcessInfo.processInfo.environment["SWITCHBACK_CHAT_TEMPLATES"]].compactMap {
        $0
    }

    private static func fixture(_ path: String = path) throws -> ConfigurationFields {
        try ConfigurationFields(file: path)
    }

    private static func objects(_ fields: ConfigurationFields, _ name: String) throws -> [ConfigurationFields] {
        try #require(try fields.array(name)).map { try ConfigurationFields($0, path: fields.path, prefix: "\(name).") }
    }

    /// Every template over every conversation gives the same text, or refuses the same ones.
    @Test(arguments: paths) func templatesAgreeWithTransformers(path: String) throws {
        let fixture = try Self.fixture(path)
        let tokens = try #require(try fixture.object("tokens"))
        let named = Dictionary(uniqueKeysWithValues: try tokens.names.map { ($0, try tokens.string($0)) })
        let conversations = try Self.objects(fixture, "conversations")
        for entry in try Self.objects(fixture, "templates") {
            let name = try entry.string("name")
            let template = try? ChatTemplate(jinja: entry.string("template"), place: name, tokens: named)
            for (number, conversation) in conversations.enumerated() {
                let variables = conversation.names.filter {
                    !["messages", "tools", "add_generation_prompt"].contains($0)
                }
                let context = ChatTemplate.Context(
                    tools: try conversation.array("tools").map { .array($0) },
                    variables: variables.compactMap { name in conversation[name].map { (name, $0) } })
                let text = try? template?.text(
                    of: ChatMessage.list(conversation),
                    awaitingAnswer: conversation.bool("add_generation_prompt", default: false), context)
                var expected: String?
                if case .string(let wanted)? = try #require(try entry.array("rendered"))[number] as JSON? {
                    expected = wanted
                }
                #expect(text == expected, "\(name), conversation \(number)")
            }
        }
    }

    /// The constructs of the language, one by one.
    @Test func languageAgreesWithJinja() throws {
        let fixture = try Self.fixture()
        let variables = try #require(try fixture.object("variables"))
        let values = variables.names.map { name in (name, variables[name] ?? .null) }
        for entry in try Self.objects(fixture, "language") {
            let source = try entry.string("template")
            let text = try entry.string("text")
            do {
                let own = try JinjaTemplate(source, place: "template").text(values)
                #expect(own.isExactly(text), "\(source)\n\(own)\n\(text)")
            } catch {
                Issue.record("\(source): \(error)")
            }
        }
        for text in try #require(try fixture.array("refused")) {
            guard case .string(let source) = text else { continue }
            let error = #expect(throws: InputError.self, "\(source)") {
                try JinjaTemplate(source, place: "template").text(values)
            }
            #expect(error?.place?.contains("chat template") == true)
        }
    }

    @Test func problemsAreNamed() throws {
        for (source, sentence) in [
            ("a\n{% fro x in y %}", "line 2: there is no statement fro; did you mean for?"),
            ("{{ x | uper }}", "there is no filter uper; did you mean upper?"),
            ("{{ x.y.z }}", "y is undefined"),
            ("{{ raise_exception('only one') }}", "does not accept this conversation: only one"),
            (
                "{% for i in range(100000) %}{% for j in range(100000) %}{% set x = j %}{% endfor %}{% endfor %}",
                "more steps"
            ),
            ("{{ 'a' * 100000000 }}", "too often"),
            ("{% macro f(x) %}{{ f(x) }}{% endmacro %}{{ f(1) }}", "too deeply"),
            ("{{ " + String(repeating: "not ", count: 5000) + "x }}", "nested too deeply"),
            ("{{ x" + String(repeating: ".a", count: 100_000) + " }}", "too many operations"),
            ("{{ x" + String(repeating: "[0]", count: 100_000) + " }}", "too many operations"),
            ("{{ x" + String(repeating: "()", count: 100_000) + " }}", "too many operations"),
            ("{{ 1" + String(repeating: " + 1", count: 100_000) + " }}", "too many operations"),
            ("{{ 1" + String(repeating: " ** 1", count: 100_000) + " }}", "too many operations"),
            ("{{ 1" + String(repeating: " or 1", count: 100_000) + " }}", "too many operations"),
            ("{{ 1" + String(repeating: " and 1", count: 100_000) + " }}", "too many operations"),
            ("{{ 1" + String(repeating: " if 1", count: 100_000) + " }}", "too many operations"),
            ("{{ x" + String(repeating: "|trim", count: 100_000) + " }}", "too many operations"),
            ("{{ x" + String(repeating: " is none", count: 100_000) + " }}", "too many operations"),
            ("{% set x = ['a'] %}{% for i in range(60) %}{% set x = x + x %}{% endfor %}", ""),
        ] {
            let values: [(name: String, value: JSON)] = [("x", .object([]))]
            if sentence.isEmpty {
                #expect(try JinjaTemplate(source, place: "t").text(values) == "")
                continue
            }
            let error = #expect(throws: InputError.self) { try JinjaTemplate(source, place: "t").text(values) }
            #expect(error?.description.contains(sentence) == true, "\(error?.description ?? "")")
        }
    }

    // MARK: Tokens

    private static let marks = ["<|im_start|>", "<|im_end|>", "<|user|>", "<|assistant|>", "</s>"]

    /// A byte-level tokenizer with marks, of which `<think>` is part of what a text says.
    private func tokenizer(_ folder: TemporaryFolder) throws -> any Tokenizer {
        let plain = try BytePairTokenizer.train(on: "a small text, a small model", vocabularySize: 260)
        let added = (Self.marks + ["<think>", "</think>"]).enumerated().map { index, mark in
            JSON.object([
                ("id", .integer(plain.vocabularySize + index)), ("content", .string(mark)),
                ("special", .bool(index < Self.marks.count)),
            ])
        }
        guard case .object(let members) = plain.file else { throw InputError("tokenizer", "is not an object") }
        let file = JSON.object(members.map { ($0.name, $0.name == "added_tokens" ? .array(added) : $0.value) })
        return try Tokenizers.load(try folder.write("\(file)", to: "tokenizer.json"))
    }

    private func learned(
        _ template: ChatTemplate, _ messages: [ChatMessage], _ tokenizer: any Tokenizer
    ) throws -> String {
        let encoded = try template.encode(messages, with: tokenizer)
        return tokenizer.decode(zip(encoded.tokens, encoded.isAnswer).filter(\.1).map(\.0))
    }

    /// What is learned: the answers with their ends, in templates of every kind.
    @Test func answersAreMarked() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try tokenizer(folder)
        let messages = [
            ChatMessage(.user, "one <|im_end|>"), ChatMessage(.assistant, "first"), ChatMessage(.user, "two"),
            ChatMessage(.assistant, "<think>\nh\n</think>\n\nsecond"),
        ]
        var expected = [
            "plain": "first\n---\n<think>\nh\n</think>\n\nsecond\n---\n",
            "chatml": "first<|im_end|><think>\nh\n</think>\n\nsecond<|im_end|>",
        ]
        for style in [ChatTemplate.Style.plain, .chatml] {
            #expect(try learned(ChatTemplate(style), messages, tokenizer) == expected[style.rawValue])
        }
        expected = [
            "chatml with a default": "first<|im_end|><think>\nh\n</think>\n\nsecond<|im_end|>",
            "thoughts and tools": "first<|im_end|><think>\nh\n</think>\n\nsecond<|im_end|>",
            "instructions in brackets": "first </s><think>\nh\n</think>\n\nsecond </s>",
            "bars": "first</s><think>\nh\n</think>\n\nsecond</s>",
            "a generation block": "first</s><think>\nh\n</think>\n\nsecond</s>",
        ]
        var seen = 0
        for entry in try Self.objects(Self.fixture(), "templates") {
            guard let wanted = expected[try entry.string("name")] else { continue }
            seen += 1
            let template = try ChatTemplate(
                jinja: entry.string("template"), place: "", tokens: ["eos_token": "</s>", "bos_token": ""])
            let own = try learned(template, messages, tokenizer)
            #expect(own == wanted || own == wanted.replacing("</s>", with: "</s>\n"), "\(own)")
            // The user's mark is characters; the template's are tokens.
            let mark = try #require(tokenizer.specialToken("<|im_end|>"))
            let tokens = try template.encode(messages, with: tokenizer).tokens
            #expect(
                tokens.count { $0 == mark } == (wanted.contains("<|im_end|>") ? 4 : 0)
                    + (try entry.string("name") == "chatml with a default" ? 1 : 0))
        }
        #expect(seen == expected.count)
    }

    /// `"weight": 0` leaves an answer out.
    @Test func weightsLeaveAnswersOut() throws {
        let tokenizer = try tokenizer(try TemporaryFolder())
        var messages = [
            ChatMessage(.user, "one"), ChatMessage(.assistant, "first"), ChatMessage(.user, "two"),
            ChatMessage(.assistant, "second"),
        ]
        messages[1].isLearned = false
        #expect(try learned(ChatTemplate(.chatml), messages, tokenizer) == "second<|im_end|>")
    }

    /// A folder's template ends answers with its own mark, and the tokens that the folder names as ends count, too.
    @Test func endsComeFromTheFolder() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try tokenizer(folder)
        let template = try ChatTemplate(
            jinja: "{% for m in messages %}<|{{ m.role }}|>{{ m.content }}</s>{% endfor %}", place: "")
        var options = GenerationOptions()
        template.addEnds(to: &options, of: tokenizer)
        #expect(options.endTokens == [try #require(tokenizer.specialToken("</s>"))])
        _ = try folder.write(#"{"model_type": "llama", "eos_token_id": 7}"#, to: "config.json")
        #expect(try Checkpoint(folder.url.path).generationOptions().endTokens == [7])
        _ = try folder.write(
            #"{"eos_token_id": [3, 5], "do_sample": true, "temperature": 0.6, "top_k": 20, "top_p": 0.8}"#,
            to: "generation_config.json")
        let own = try Checkpoint(folder.url.path).generationOptions()
        #expect(own.endTokens == [3, 5] && own.sampling.temperature == 0.6)
        #expect(own.sampling.topK == 20 && own.sampling.topP == 0.8)
        _ = try folder.write(#"{"do_sample": false}"#, to: "generation_config.json")
        #expect(try Checkpoint(folder.url.path).generationOptions().sampling.temperature == 0)
        _ = try folder.write(#"{"temperature": -1}"#, to: "generation_config.json")
        let error = #expect(throws: InputError.self) { try Checkpoint(folder.url.path).generationOptions() }
        #expect(error?.place == "field temperature")
    }

    /// Templates in each of the places that a folder can have them, and back.
    @Test func foldersHaveTemplates() throws {
        let folder = try TemporaryFolder()
        let path = folder.url.path
        #expect(try ChatTemplate.load(path)?.jinja == nil)
        let message = [ChatMessage(.user, "hi")]
        _ = try folder.write(
            #"""
            {"bos_token": {"content": "<s>"}, "eos_token": "</s>", "other": 1, "chat_template": [
              {"name": "default", "template": "{{ bos_token }}{{ messages[0].content }}"},
              {"name": "tool_use", "template": "tools{{ eos_token }}"}]}
            """#, to: "tokenizer_config.json")
        let several = try #require(try ChatTemplate.load(path))
        #expect(try several.text(of: message, awaitingAnswer: true) == "<s>hi")
        #expect(try several.text(of: message, awaitingAnswer: true, .init(tools: .array([]))) == "tools</s>")
        _ = try folder.write("{{ bos_token }}!\n", to: "chat_template.jinja")
        #expect(try #require(try ChatTemplate.load(path)).text(of: message, awaitingAnswer: true) == "<s>!")
        _ = try folder.write("{% if %}", to: "chat_template.jinja")
        #expect(throws: InputError.self) { try ChatTemplate.load(path) }
    }
}
