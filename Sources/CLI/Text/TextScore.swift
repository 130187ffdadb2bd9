import ArgumentParser
import Foundation
import Switchback
import SwitchbackLanguage
import SwitchbackTraining

/// `switchback text score`.
struct TextScore: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "score",
        abstract: "Compute the perplexity of texts.",
        discussion: """
            EXAMPLES
              switchback text score --model runs/text/train hamlet.txt
              switchback text score --model path/to/gpt2 first.txt second.txt --json
              switchback text score --model path/to/gpt2 --dtype int4 first.txt

            Perplexity is exp of the mean of −log p over the tokens; texts are read in windows of the model's context length.
            """)

    @Option(help: .languageModelFolder)
    var model: String

    @OptionGroup var weights: WeightFormatOption

    @Argument(help: ArgumentHelp("Text files.", valueName: "file"))
    var files: [String]

    @OptionGroup var common: CommonOptions

    private struct Row: Encodable {
        let file: String
        let tokens: Int
        /// In nats a token.
        let loss, perplexity: Double
    }

    private struct Result: Encodable {
        let task = "text"
        let mode = "score"
        let scores: [Row]
    }

    func run() throws {
        common.apply()
        try Processes.connect(common)
        // The first process fetches what is not there for all.
        let folder = try Processes.group.fromRoot { try ModelFolder.path(model) }
        let (network, tokenizer) = try Checkpoint(folder).languageModelAndTokenizer(dtype: weights.dtype)
        let rows = try files.map { file -> Row in
            let tokens = try TokenSequence(
                tokenizer.encode(TextFiles(file).text(), from: file, addingSpecialTokens: true))
            guard tokens.count > 1 else {
                throw InputError(file, "the text has \(tokens.count.counted("token")); at least 2 are needed")
            }
            let loss = try network.meanLoss(on: tokens, in: Processes.group)
            guard loss.isFinite else {
                throw InputError(model, "the loss of \(file) is \(loss): the weights are damaged")
            }
            let row = Row(file: file, tokens: tokens.count, loss: loss, perplexity: exp(loss))
            try Terminal.print(
                "\(file)  perplexity \(row.perplexity.formatted(3))  loss \(loss.formatted(4))  "
                    + tokens.count.counted("token"))
            return row
        }
        if common.json { try Terminal.printJSON(Result(scores: rows)) }
    }
}
