import Foundation
import TestSupport
import Testing

/// The tutorials of the language module, command by command, on little data and with few steps.
@Suite struct LanguageTutorialTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private func commands(_ page: String) throws -> [String] {
        try Tutorial(page, of: "SwitchbackLanguage").commands.filter { $0.hasPrefix("switchback ") }
    }

    /// Runs the commands, each with the options that the first matching entry adds to make it short.
    private func run(
        _ page: String, _ shortened: KeyValuePairs<String, String>, sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> [String: String] {
        var outputs: [String: String] = [:]
        let commands = try commands(page)
        #expect(!commands.isEmpty, sourceLocation: sourceLocation)
        for command in commands {
            let options = shortened.first { command.hasPrefix("switchback \($0.key)") }
            let line = "$switchback \(command.dropFirst("switchback ".count)) \(options?.value ?? "")"
            let run = try program.shell(line)
            #expect(run.code == 0, "\(line): \(run.errors)", sourceLocation: sourceLocation)
            outputs[command] = run.output
        }
        return outputs
    }

    private func makeFolder(_ name: String) throws {
        try FileManager.default.createDirectory(
            atPath: program.folder.path(name), withIntermediateDirectories: true)
    }

    private let play = String(
        repeating: "ROMEO:\nWho goes there? A friend, my lord.\n\nJULIET:\nWhat news? None, my lord; be brief.\n\n",
        count: 120)

    @Test func aGPTInTenMinutes() throws {
        for name in ["shakespeare.txt", "sonnets.txt"] { _ = try program.folder.write(play, to: name) }
        try makeFolder("books")
        _ = try program.folder.write(play, to: "books/one.txt")
        let outputs = try run(
            "AGPTInTenMinutes",
            [
                "text train --data shakespeare": "--steps 30 --quiet",
                "text train --data prepared": "--model gpt-mini --context 32 --steps 3 --quiet --name prepared",
                "text generate": "--tokens 20", "text prepare": "--vocabulary 300",
                "text finetune": "--steps 3 --quiet --name finetune",
            ])
        #expect(outputs.contains { $0.key.contains("generate") && $0.value.contains("ROMEO:") })
    }

    @Test func isThisReviewKind() throws {
        try makeFolder("sst2")
        let lines = (0..<60).map {
            $0 % 2 == 0 ? "what a lovely and fine film \($0)\tgood" : "a dull and boring film \($0)\tbad"
        }
        for name in ["train", "dev"] {
            _ = try program.folder.write(lines.joined(separator: "\n"), to: "sst2/\(name).tsv")
        }
        let outputs = try run(
            "IsThisReviewKind",
            ["sentiment train": "--epochs 8 --batch 8 --quiet"])
        #expect(outputs.contains { $0.key.contains("predict") && $0.value.contains("good") }, "\(outputs)")
    }

    @Test func teachItGerman() throws {
        try makeFolder("multi30k")
        let (english, german) = (
            ["A man rides", "Two dogs see", "A child has"], ["Ein Mann reitet", "Zwei Hunde sehen", "Ein Kind hat"]
        )
        let things = [
            ("a horse", "ein Pferd"), ("a ball", "einen Ball"), ("a house", "ein Haus"), ("a tree", "einen Baum"),
        ]
        let pairs = zip(english, german).flatMap { start in
            things.map { ("\(start.0) \($0.0).", "\(start.1) \($0.1).") }
        }
        for part in ["train", "val", "test2016"] {
            _ = try program.folder.write(pairs.map { $0.0 + "\n" }.joined(), to: "multi30k/\(part).en")
            _ = try program.folder.write(pairs.map { $0.1 + "\n" }.joined(), to: "multi30k/\(part).de")
        }
        let outputs = try run(
            "TeachItGerman",
            ["translate train": "--layers 1 --width 32 --vocabulary 300 --epochs 2 --batch 4 --quiet"])
        #expect(outputs.contains { $0.key.contains("translate val") && $0.value.contains("BLEU") }, "\(outputs)")
    }

    @Test func fineTuneThenServe() throws {
        _ = try program.folder.write(play + "User:Assistant:System:---\n", to: "shakespeare.txt")
        let answers = ["Who goes there?": "A friend.", "What news?": "None, my lord."]
        let lines = (0..<40).map { index in
            let (question, answer) = answers.sorted { $0.key < $1.key }[index % 2]
            return
                #"{"messages": [{"role": "user", "content": "\#(question)"}, {"role": "assistant", "content": "\#(answer)"}]}"#
        }
        _ = try program.folder.write(lines.joined(separator: "\n"), to: "conversations.jsonl")
        // What waits for a person or for clients is run below, for itself.
        let commands = try commands("FineTuneThenServe")
        for command in commands where command.contains(" train ") {
            let short =
                command.hasPrefix("switchback text")
                ? "--model gpt-mini --steps 20 --context 128" : "--epochs 12 --lr 3e-3"
            let run = try program.shell("$switchback \(command.dropFirst("switchback ".count)) \(short) --quiet")
            #expect(run.code == 0, "\(command): \(run.errors)")
        }
        let talk = try #require(commands.first { $0.hasPrefix("switchback chat runs") })
        let run = try program.shell(
            "echo 'Who goes there?' | $switchback \(talk.dropFirst("switchback ".count)) --temperature 0")
        #expect(run.code == 0 && run.output.contains("A friend."), "\(run.output)\(run.errors)")
        #expect(commands.contains("switchback serve runs/chat/train --port 8080"))
        let server = try RunningServer(program, ["runs/chat/train"])
        let answer = try program.shell(
            """
            curl -s \(server.address)/v1/chat/completions -H 'Content-Type: application/json' \
            -d '{"messages": [{"role": "user", "content": "What news?"}], "temperature": 0}'
            """)
        #expect(answer.output.contains("None, my lord."), "\(answer.output)")
        #expect(server.stop() == 0)
    }
}
