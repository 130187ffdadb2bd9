import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback translate val`.
struct TranslateVal: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "val",
        abstract: "Evaluate a translation model by BLEU, as sacreBLEU computes it.",
        discussion: """
            EXAMPLES
              switchback translate val --model runs/translate/train --data multi30k \\
                --source en --target de --split test2016
            """)

    @OptionGroup var translator: TranslatorOptions

    @OptionGroup var text: ParallelTextOptions

    @Option(help: ArgumentHelp("The split: the name of its files.", valueName: "name"))
    var split = "val"

    @OptionGroup var common: CommonOptions

    private struct Result: Encodable {
        let task = "translate"
        let mode = "val"
        let bleu, brevityPenalty: Double
        let precisions: [Double]
        let sentences: Int
    }

    func run() throws {
        common.apply()
        let text = try self.text.read(split)
        let bleu = try translator.load().bleu(on: text) {
            if Interruption.isRequested { throw ExitCode(Interruption.exitCode) }
        }
        try Terminal.print(
            "\(text.path): BLEU \(bleu.score.formatted(2)) of \(text.sources.count.counted("sentence")) "
                + "(\(bleu.precisions.map { $0.formatted(1) }.joined(separator: "/")), "
                + "brevity \(bleu.brevityPenalty.formatted(3)))")
        if common.json {
            try Terminal.printJSON(
                Result(
                    bleu: bleu.score, brevityPenalty: bleu.brevityPenalty, precisions: bleu.precisions,
                    sentences: text.sources.count))
        }
    }
}
