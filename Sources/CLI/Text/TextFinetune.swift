import ArgumentParser
import Switchback
import SwitchbackLanguage

/// `switchback text finetune`.
struct TextFinetune: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "finetune",
        abstract: "Fine-tune a language model on another text.",
        discussion: """
            EXAMPLES
              switchback text finetune --from runs/text/train --data sonnets.txt \\
                --steps 200 --lr 1e-4
              switchback text finetune --from path/to/llama --data my-notes --lora 8

            With --lora only small adapters are trained; they are merged into the saved weights, and kept in the folder \
            adapter as the package peft reads them. To resume an interrupted run, use 'text train --resume'.
            """)

    @Option(help: .languageModelFolder)
    var from: String

    @OptionGroup var adaptation: AdaptationOptions

    @OptionGroup var options: LanguageTrainingOptions<FineTuningDefaults>

    func run() throws {
        var defaults = LanguageTrainingConfiguration()
        defaults.training = .fineTuning(lora: adaptation.lora != nil)
        try options.train(mode: "finetune", defaults: defaults) { configuration in
            configuration.from = try ModelFolder.path(from, recorded: configuration.from)
            adaptation.apply(to: &configuration)
        }
    }
}
