import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback translate predict`.
struct TranslatePredict: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "predict",
        abstract: "Translate sentences.",
        discussion: """
            EXAMPLES
              switchback translate predict \\
                --model runs/translate/train "A man rides a horse." "Two dogs play."
            """)

    @OptionGroup var translator: TranslatorOptions

    @Argument(help: ArgumentHelp("Sentences.", valueName: "sentence"))
    var sentences: [String]

    @OptionGroup var common: CommonOptions

    private struct Row: Encodable {
        let sentence, translation: String
    }

    private struct Result: Encodable {
        let task = "translate"
        let mode = "predict"
        let translations: [Row]
    }

    func run() throws {
        common.apply()
        let translator = try translator.load()
        let rows = try sentences.map { sentence -> Row in
            let row = Row(sentence: sentence, translation: try translator.translate(sentence))
            try Terminal.print(row.translation)
            return row
        }
        if common.json { try Terminal.printJSON(Result(translations: rows)) }
    }
}
