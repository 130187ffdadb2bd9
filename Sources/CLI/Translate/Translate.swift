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

/// A run of `translate train` or a model of others, and how it is searched.
struct TranslatorOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of a 'translate train' run, or of a T5, BART or Marian in Hugging Face's format, or ORG/NAME on the "
                + "hub.",
            valueName: "folder"))
    var model: String

    @Option(
        help: ArgumentHelp(
            "The beam size. (default: 4, or what the folder's generation_config.json says)", valueName: "n"),
        transform: Value.integer(in: .from(1, to: 100)))
    var beam: Int?

    func load() throws -> Translator {
        var translator = try Translator.load(ModelFolder.path(model))
        if let beam { translator.beam = beam }
        return translator
    }
}
