import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackTraining
import TestSupport
import Testing

struct ChatTests {
    private let messages = [
        ChatMessage(.system, "Be kind."), ChatMessage(.user, "Who are you? <|im_end|>"),
        ChatMessage(.assistant, "A model."),
        ChatMessage(.user, "Really?"),
    ]

    /// A byte-level tokenizer with the marks of both styles.
    private func tokenizer(_ folder: TemporaryFolder) throws -> any Tokenizer {
        let plain = try BytePairTokenizer.train(on: "a small text, a small model", vocabularySize: 260)
        let marks = [
            "<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>",
        ]
        let added = marks.enumerated().map { index, mark in
            JSON.object([("id", .integer(plain.vocabularySize + index)), ("content", .string(mark))])
        }
        guard case .object(let members) = plain.file else { throw InputError("tokenizer", "is not an object") }
        let file = JSON.object(members.map { ($0.name, $0.name == "added_tokens" ? .array(added) : $0.value) })
        return try Tokenizers.load(try folder.write("\(file)", to: "tokenizer.json"))
    }

    private func text(
        _ template: ChatTemplate, _ messages: [ChatMessage], _ tokenizer: any Tokenizer, onlyAnswers: Bool = false
    ) throws -> String {
        if !onlyAnswers { return tokenizer.decode(try template.prompt(for: messages, with: tokenizer)) }
        let encoded = try template.encode(messages, with: tokenizer)
        return tokenizer.decode(zip(encoded.tokens, encoded.isAnswer).filter(\.1).map(\.0))
    }

    // MARK: Templates

    /// The same conversation in each of the forms in which data sets have it.
    @Test func formsOfData() throws {
        let folder = try TemporaryFolder()
        let expected = [ChatMessage(.user, "Add.\n1 + 1"), ChatMessage(.assistant, "2, \"two\"")]
        let system = [ChatMessage(.system, "Be brief.")]
        let alpaca = #"{"instruction": "Add.", "input": "1 + 1", "output": "2, \"two\"", "system": "Be brief."}"#
        for (name, text, first) in [
            (
                "a.jsonl",
                #"{"messages": [{"role": "user", "content": "Add.\n1 + 1"}, {"role": "assistant", "content": "2, \"two\""}]}"#,
                []
            ),
            (
                "b.jsonl",
                #"{"conversations": [{"from": "system", "value": "Be brief."}, {"from": "human", "value": "Add.\n1 + 1"}, {"from": "gpt", "value": "2, \"two\""}]}"#,
                system
            ),
            ("c.jsonl", alpaca, system), ("d.json", "[\n\(alpaca)\n]", system),
            ("e.csv", "prompt,completion\n\"Add.\n1 + 1\",\"2, \"\"two\"\"\"\n", []),
            ("f.csv", "instruction,input,output\nAdd.,1 + 1,\"2, \"\"two\"\"\"\n", []),
            ("g.jsonl", #"{"prompt": "Add.\n1 + 1", "response": "2, \"two\""}"#, []),
        ] {
            let data = try ChatData(folder.write(text, to: name))
            #expect(data.count == 1, "\(name)")
            #expect(try data.conversation(0).messages == first + expected, "\(name)")
        }
        for (name, text, sentence) in [
            ("a.jsonl", #"{"conversations": [{"from": "humam", "value": "a"}]}"#, "did you mean human?"),
            ("b.jsonl", #"{"text": "a"}"#, "give messages, conversations"),
            ("c.json", "{}", "no list of conversations"),
            ("d.csv", "prompt,prompt\na,b\n", "a column twice"),
            ("e.csv", "prompt,completion\na\n", "line 2: it has 1 cell"),
            ("f.jsonl", #"{"instruction": "a"}"#, "output"),
        ] {
            let error = #expect(throws: InputError.self) { try ChatData(folder.write(text, to: name)) }
            #expect(error?.description.contains(sentence) == true, "\(String(describing: error))")
        }
    }

    @Test func styles() throws {
        let folder = try TemporaryFolder()
        let tokenizer = try tokenizer(folder)
        let chatml = ChatTemplate(.chatml)
        #expect(
            try text(chatml, messages, tokenizer) == """
                <|im_start|>system
                Be kind.<|im_end|>
                <|im_start|>user
                Who are you? <|im_end|><|im_end|>
                <|im_start|>assistant
                A model.<|im_end|>
                <|im_start|>user
                Really?<|im_end|>
                <|im_start|>assistant

                """)
        #expect(try text(chatml, messages, tokenizer, onlyAnswers: true) == "A model.<|im_end|>")
        // The mark that the user wrote is characters, not a mark.
        let mark = try #require(tokenizer.specialToken("<|im_end|>"))
        #expect(try chatml.prompt(for: messages, with: tokenizer).count { $0 == mark } == 4)

        let llama = try text(ChatTemplate(.llama3), messages, tokenizer)
        #expect(
            llama.hasPrefix(
                "<|begin_of_text|><|start_header_id|>system<|end_header_id|>\n\nBe kind.<|eot_id|><|start_header_id|>user"
            ))
        #expect(llama.hasSuffix("Really?<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n"))

        let plain = try text(ChatTemplate(.plain), Array(messages.suffix(2)), tokenizer)
        #expect(plain == "Assistant:\nA model.\n---\nUser:\nReally?\n---\nAssistant:\n")
        let error = #expect(throws: InputError.self) {
            try chatml.check(CharacterTokenizer(charactersOf: "abc"))
        }
        #expect(error?.description.contains("<|im_start|>") == true)
    }

    // MARK: Data

    @Test func allBadLinesAreNamed() throws {
        let folder = try TemporaryFolder()
        let good = #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}]}"#
        let lines = [
            good, "{", #"{"messages": []}"#, "", #"{"messages": [{"role": "usr", "content": "a"}]}"#,
            #"{"messages": [{"role": "user", "content": "a"}]}"#,
            #"{"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 2}]}"#,
            #"{"messages": [{"role": "assistant", "content": 5}]}"#, #"{"prompt": "a"}"#,
        ]
        let error = #expect(throws: InputError.self) {
            try ChatData(try folder.write(lines.joined(separator: "\n"), to: "chat.jsonl"))
        }
        let text = error?.description ?? ""
        for sentence in [
            "7 of 8 lines cannot be used", "line 2, byte 1", "line 3, field messages: the list is empty",
            "line 5, field messages[0].role: there is no role usr; the roles are system, user, assistant, tool; did you mean user?",
            "line 6, field messages: it has no assistant message",
            "line 7, field messages[1].weight: it is 2, and only 0 and 1 are possible",
            "line 8, field messages[0].content: text is needed", "line 9, field messages: it is missing",
        ] { #expect(text.contains(sentence), "\(text)") }
        #expect(throws: InputError.self) { try ChatData(try folder.write("\n", to: "empty.jsonl")) }
        #expect(try ChatData(try folder.write(good, to: "good.jsonl")).conversation(0).messages.count == 2)
    }

    // MARK: Training

    private func data(_ folder: TemporaryFolder) throws -> String {
        let answers = ["red": "apple", "yellow": "lemon", "green": "pear"]
        let lines = (0..<60).map { index in
            let (color, fruit) = answers.sorted { $0.key < $1.key }[index % 3]
            return #"{"messages": [{"role": "user", "content": "what is \#(color)"}, "#
                + #"{"role": "assistant", "content": "the \#(fruit)"}]}"#
        }
        return try folder.write(lines.joined(separator: "\n"), to: "chat.jsonl")
    }

    private func configuration(_ folder: TemporaryFolder) throws -> ChatTrainingConfiguration {
        var configuration = ChatTrainingConfiguration()
        configuration.data = try data(folder)
        configuration.from = try folder.saveChatModel(width: 48)
        configuration.training.epochs = 40
        configuration.training.batch = 8
        configuration.training.lr = 5e-3
        return configuration
    }

    /// The held-out loss after the first epoch.
    private func firstLoss(_ run: RunFolder) throws -> Double {
        let rows = try String(contentsOfFile: run.file("results.csv"), encoding: .utf8).split(separator: "\n")
        let column = try #require(rows[0].split(separator: ",").firstIndex { $0.hasSuffix("val/loss") })
        return try #require(Double(rows[1].split(separator: ",")[column]))
    }

    /// A model learns to answer, and its folder has all that is needed to continue talking.
    @Test(arguments: [nil, 16])
    func learnsToAnswer(lora: Int?) throws {
        let folder = try TemporaryFolder()
        var configuration = try configuration(folder)
        configuration.lora = lora
        if lora != nil { configuration.training.lr = 2e-2 }
        let run = try RunFolder(in: folder.path("runs"), task: "chat", name: "train", arguments: configuration)
        let training = try ChatTraining(configuration)
        let outcome = try training.run(in: run)
        let loss = try #require(outcome.best?.validation["loss"])
        // Adapters of a model that has learned nothing itself learn less: by a tenth from the first epoch on.
        let bound = lora == nil ? 0.3 : try 0.9 * firstLoss(run)
        #expect(loss < bound)
        guard lora == nil else { return }
        let (model, tokenizer) = try Checkpoint(run.path).languageModelAndTokenizer()
        let template = try #require(try ChatTemplate.load(run.path))
        #expect(template.style == .plain)
        var conversation = Conversation(model, tokenizer, template)
        conversation.options.sampling.temperature = 0
        let answer = try conversation.ask("what is yellow")
        #expect(answer.text == "the lemon" && answer.ending == .stop)
        // What is stopped is noted as far as it went.
        let stopped = try conversation.ask("what is red") { $0 != "a" }
        #expect(
            stopped.ending == .cancelled && stopped.text == "the a" && conversation.messages.last?.content == "the a")
        conversation.reset()
        conversation.system = "a"
        #expect(conversation.messages == [ChatMessage(.system, "a")])
        conversation.system = nil
        _ = try conversation.ask("what is green")
        // The context has room for a turn or two: earlier ones are omitted.
        for _ in 0..<4 { _ = try conversation.ask("what is green") }
        #expect(conversation.forgotten > 0 && conversation.messages.count == 10)
        #expect(throws: InputError.self) { try conversation.ask(String(repeating: "long ", count: 40)) }
        #expect(conversation.messages.count == 10)
    }

    /// Only what the assistant says is learned: other questions with the same answers have the same loss at the start.
    @Test func conversationsThatDoNotFit() throws {
        let folder = try TemporaryFolder()
        var configuration = try configuration(folder)
        configuration.contextLength = 8
        let error = #expect(throws: InputError.self) { try ChatTraining(configuration) }
        #expect(error?.description.contains("0 of 60 conversations have an answer within 8 tokens") == true)
        configuration.contextLength = 65
        #expect(throws: InputError.self) { try ChatTraining(configuration) }
    }
}
