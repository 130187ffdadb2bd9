import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback text train`.
struct TextTrain: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "train",
        abstract: "Trains a language model from nothing.",
        discussion: """
            EXAMPLES
              switchback text train --data shakespeare.txt
              switchback text train --data books --model gpt-small --tokenizer bpe \\
                --vocabulary 8000 --steps 5000
              switchback text train --data prepared --model llama-small --batch 16 \\
                --accumulate 4 --recompute

            The defaults are nanoGPT's for a laptop: characters, 4 layers of 128, 2,000 steps of 12 windows of 64, AdamW; \
            but the learning rate is twice nanoGPT's, 2e-3, which falls to 2e-4. The same seed gives the same weights, to \
            the bit, on any number of threads.
            """)

    @Option(
        help: ArgumentHelp("\(LanguageModelSize.names). (default: \(defaults.model.rawValue))", valueName: "model"),
        transform: Value.choice)
    var model: LanguageModelSize?

    @Option(
        help: ArgumentHelp(
            "characters, bpe (learned from the text), or a tokenizer.json; characters if left out.", valueName: "name"))
    var tokenizer: String?

    @Option(
        help: ArgumentHelp("How many tokens bpe learns. (default: \(defaults.vocabularySize))", valueName: "n"),
        transform: Value.integer(in: LanguageTrainingConfiguration.vocabularySizes))
    var vocabulary: Int?

    @Option(
        help: ArgumentHelp("Dropout. (default: \(defaults.dropout))", valueName: "p"), transform: Value.number)
    var dropout: Double?

    @OptionGroup var options: LanguageTrainingOptions<LanguageDefaults>

    private static let defaults = LanguageTrainingConfiguration()

    func run() throws {
        try options.train(mode: "train") { configuration in
            configuration.model = model ?? configuration.model
            configuration.tokenizer = tokenizer ?? configuration.tokenizer
            configuration.vocabularySize = vocabulary ?? configuration.vocabularySize
            configuration.dropout = dropout ?? configuration.dropout
        }
    }
}
