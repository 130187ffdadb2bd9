import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback translate MODE`.
struct Translate: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "translate",
        abstract: "Train and use translation models.",
        discussion: """
            EXAMPLES
              switchback translate train --data multi30k --source en --target de
              switchback translate val --model runs/translate/train --data multi30k \\
                --source en --target de --split test2016
              switchback translate predict \\
                --model runs/translate/train "A man rides a horse."
            """,
        subcommands: [TranslateTrain.self, TranslateVal.self, TranslatePredict.self])
}

/// Sentences in two languages.
struct ParallelTextOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "A folder with files such as train.en and train.de, aligned line by line; can be gzipped.",
            valueName: "folder"))
    var data: String

    @Option(help: ArgumentHelp("The source language: the extension of its files.", valueName: "language"))
    var source: String

    @Option(help: ArgumentHelp("The target language: the extension of its files.", valueName: "language"))
    var target: String

    func read(_ split: String) throws -> ParallelText { try ParallelText(data, split, from: source, to: target) }
}

/// A run of `translate train`, and how it is searched.
struct TranslatorOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of a 'translate train' run.", valueName: "folder"))
    var model: String

    @Option(
        help: ArgumentHelp("The beam size. (default: 4)", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 100)))
    var beam = 4

    func load() throws -> Translator {
        var translator = try Translator.load(model)
        translator.beam = beam
        return translator
    }
}
