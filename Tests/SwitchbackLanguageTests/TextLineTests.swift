import Switchback
import SwitchbackLanguage
import TestSupport
import Testing

/// Data sets in text files with the ends of lines of every system.
@Suite struct TextLineTests {
    private let folder = try! TemporaryFolder()

    /// A text whose lines end so, with a byte order mark.
    private func write(_ lines: [String], ending end: String, to name: String) throws -> String {
        try folder.write("\u{FEFF}" + lines.map { $0 + end }.joined(), to: name)
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func conversations(_ end: String) throws {
        let lines = ["Hi\u{2028}there", "Bye"].map {
            #"{"messages": [{"role": "user", "content": "\#($0)"}, {"role": "assistant", "content": "Yes"}]}"#
        }
        let data = try ChatData(write([lines[0], "", lines[1]], ending: end, to: "chat.jsonl"))
        #expect(
            try (0..<data.count).map { try data.conversation($0).messages[0].content } == ["Hi\u{2028}there", "Bye"])
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func labeledSentences(_ end: String) throws {
        let data = try LabeledSentences(write(["So good\tgood", "", "So bad\tbad"], ending: end, to: "s.tsv"))
        #expect(data.sentences == ["So good", "So bad"] && data.labels == ["good", "bad"])
        let path = try write(["So good\tgood", "", "So bad"], ending: end, to: "bad.tsv")
        let problem = #expect(throws: InputError.self) { try LabeledSentences(path) }
        #expect(problem?.place == "line 3")
    }

    /// The names of GLUE's columns are no class.
    @Test func headersOfSentences() throws {
        let data = try LabeledSentences(folder.write("sentence\tlabel\nSo good\t1\n", to: "glue.tsv"))
        #expect(data.sentences == ["So good"] && data.labels == ["1"])
        let own = try LabeledSentences(folder.write("So good\tlabel\nsentence\tlabel\n", to: "own.tsv"))
        #expect(own.labels == ["label", "label"])
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func parallelText(_ end: String) throws {
        _ = try write(["One", "Two\u{85}and more"], ending: end, to: "train.en")
        _ = try write(["Eins", "Zwei"], ending: end, to: "train.de")
        let text = try ParallelText(folder.url.path, "train", from: "en", to: "de")
        #expect(text.sources == ["One", "Two\u{85}and more"] && text.targets == ["Eins", "Zwei"])
    }
}
