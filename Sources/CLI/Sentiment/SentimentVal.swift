import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback sentiment val`.
struct SentimentVal: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "val",
        abstract: "Evaluate a sentence classifier.",
        discussion: """
            EXAMPLES
              switchback sentiment val --model best.safetensors --data reviews/test.tsv
            """)

    @Option(help: .textClassifier)
    var model: String

    @Option(help: ArgumentHelp("A file with one sentence, a tab and its class per line.", valueName: "file"))
    var data: String

    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "sentiment"
        let mode = "val"
        let accuracy: Double
        let sentences: Int
    }

    func run() throws {
        common.apply()
        let classifier = try TextClassifiers.load(ModelFolder.path(model))
        let data = try LabeledSentences(data)
        let accuracy = try classifier.accuracy(on: data)
        try Terminal.print("\(data.path): accuracy \(accuracy.percent) of \(data.sentences.count.counted("sentence"))")
        if common.json { try Terminal.printJSON(Result(accuracy: accuracy, sentences: data.sentences.count)) }
    }
}
