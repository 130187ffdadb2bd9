import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback sentiment predict`.
struct SentimentPredict: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Predict the class of sentences.",
        discussion: """
            EXAMPLES
              switchback sentiment predict \\
                --model best.safetensors "what a lovely film" "never again"
            """)

    @Option(help: .textClassifier)
    var model: String

    @Argument(help: ArgumentHelp("Sentences.", valueName: "sentence"))
    var sentences: [String]

    @OptionGroup var common: CommonOptions

    private struct Row: Encodable {
        let sentence, `class`: String
        let probability: Double
    }

    private struct Result: Encodable {
        let task = "sentiment"
        let mode = "predict"
        let predictions: [Row]
    }

    func run() throws {
        common.apply()
        let classifier = try TextClassifiers.load(ModelFolder.path(model))
        let rows = try zip(sentences, classifier.predict(sentences)).map {
            Row(sentence: $0, class: $1.class, probability: $1.probability)
        }
        for row in rows { try Terminal.print("\(row.class)  \(row.probability.percent)  \(row.sentence)") }
        if common.json { try Terminal.printJSON(Result(predictions: rows)) }
    }
}
