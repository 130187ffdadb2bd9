import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback text prepare`.
struct TextPrepare: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prepare",
        abstract: "Tokenize text that does not fit into memory.",
        discussion: """
            EXAMPLES
              switchback text prepare --data books --tokenizer bpe --to prepared
              switchback text train --data prepared --model gpt-small

            The files, train.bin and val.bin, are in nanoGPT's format.
            """)

    @Option(help: ArgumentHelp("A text file, or a folder of .txt and .md files.", valueName: "path"))
    var data: String

    @Option(
        help: ArgumentHelp("characters, bpe (trained on the first file), or a tokenizer.json.", valueName: "name"))
    var tokenizer = "bpe"

    @Option(
        help: ArgumentHelp("The vocabulary size for bpe. (default: 8000)", valueName: "n"),
        transform: Value.integer(in: LanguageTrainingConfiguration.vocabularySizes))
    var vocabulary = 8000

    @Option(help: ArgumentHelp("The folder to write to.", valueName: "folder"))
    var to: String

    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "text"
        let mode = "prepare"
        let trainingTokens, validationTokens: Int
        let folder: String
    }

    func run() throws {
        common.apply()
        let choice = TokenizerChoice(tokenizer, vocabularySize: vocabulary)
        let counts = try TextData.prepare(data, tokenizer: choice, to: to)
        try Terminal.print(
            "\(to): \(counts.training.counted("token")) for training, \(counts.validation.grouped) for validation")
        if common.json {
            try Terminal.printJSON(
                Result(trainingTokens: counts.training, validationTokens: counts.validation, folder: to))
        }
    }
}
