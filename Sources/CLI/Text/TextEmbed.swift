import ArgumentParser
import Switchback
import SwitchbackFormats
import SwitchbackLanguage

/// `switchback text embed`.
struct TextEmbed: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "embed",
        abstract: "Turn sentences into vectors.",
        discussion: """
            EXAMPLES
              switchback text embed --model path/to/minilm "A cat sits." "A dog runs."
              switchback text embed --model path/to/bge --file sentences.txt --json

            The model is an encoder: BERT, RoBERTa, DistilBERT or ModernBERT, with the pooling that its folder asks for. Each line of \
            the output is the vector of a sentence.
            """)

    @Option(help: ArgumentHelp("A folder with an encoder in Hugging Face's format.", valueName: "folder"))
    var model: String

    @Option(help: ArgumentHelp("A file with one sentence per line.", valueName: "file"))
    var file: String?

    @Argument(help: ArgumentHelp("Sentences.", valueName: "sentence"))
    var sentences: [String] = []

    @OptionGroup var common: CommonOptions

    /// Sentences that are read at once.
    private static let batch = 32

    private struct Result: Encodable {
        let task = "text"
        let mode = "embed"
        let width: Int
        let embeddings: [[Float]]
    }

    func validate() throws {
        if sentences.isEmpty == (file == nil) {
            throw ValidationError("give sentences, or a file of them with --file")
        }
    }

    func run() throws {
        common.apply()
        let encoder = try SentenceEncoder(ModelFolder.path(model))
        let texts = try given()
        var rows: [[Float]] = []
        for start in stride(from: 0, to: texts.count, by: TextEmbed.batch) {
            let vectors = try encoder.embed(Array(texts[start..<min(start + TextEmbed.batch, texts.count)]))
            for row in vectors.split(1) {
                let numbers = row.toArray(as: Float.self)
                if common.json {
                    rows.append(numbers)
                } else {
                    try Terminal.print(numbers.map { "\($0)" }.joined(separator: " "))
                }
            }
        }
        if common.json { try Terminal.printJSON(Result(width: encoder.model.width, embeddings: rows)) }
    }

    private func given() throws -> [String] {
        guard let file else { return sentences }
        return try TextFile.lines(file).filter { !$0.isEmpty }.map { String($0) }
    }
}
