import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback text train`.
struct TextTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Train a language model from scratch.",
        discussion: """
            EXAMPLES
              switchback text train --data shakespeare.txt
              switchback text train --data books --model gpt-small --tokenizer bpe \\
                --vocabulary 8000 --steps 5000
              switchback text train --data prepared --model llama-small --batch 16 \\
                --accumulate 4 --recompute

            The defaults are nanoGPT's for a laptop: characters, 4 layers of width 128, a context of 64, 2,000 steps \
            with a batch size of 12, and AdamW. The learning rate, however, is twice as high, and falls from 2e-3 to \
            2e-4. The same seed gives the same weights, bit for bit, on any number of threads.
            """)

    @Option(
        help: ArgumentHelp("\(LanguageModelSize.names). (default: \(defaults.model.rawValue))", valueName: "model"),
        transform: Value.choice)
    var model: LanguageModelSize?

    @Option(
        help: ArgumentHelp(
            "characters, bpe (trained on the text), or a tokenizer.json. (default: characters)", valueName: "name"))
    var tokenizer: String?

    @Option(
        help: ArgumentHelp("The vocabulary size for bpe. (default: \(defaults.vocabularySize))", valueName: "n"),
        transform: Value.integer(in: LanguageTrainingConfiguration.vocabularySizes))
    var vocabulary: Int?

    @Option(
        help: ArgumentHelp("Dropout. (default: \(defaults.dropout))", valueName: "p"), transform: Value.number)
    var dropout: Double?

    @OptionGroup var options: LanguageTrainingOptions<LanguageDefaults>

    private static let defaults = LanguageTrainingConfiguration()

    /// Puts the options that only this command has into the configuration.
    func apply(to configuration: inout LanguageTrainingConfiguration) {
        configuration.model = model ?? configuration.model
        configuration.tokenizer = tokenizer ?? configuration.tokenizer
        configuration.vocabularySize = vocabulary ?? configuration.vocabularySize
        configuration.dropout = dropout ?? configuration.dropout
    }

    func run() throws { try options.train(mode: "train") { apply(to: &$0) } }
}
