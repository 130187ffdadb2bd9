import Foundation
import SwitchbackLanguage
import SwitchbackTraining
import SwitchbackVision
import TestSupport
import Testing

/// The options of each command that trains are those of its configuration: their names, their defaults in the help, and
/// which numbers they can have; and none is without effect in silence.
@Suite struct OptionTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    struct Command: CustomTestStringConvertible {
        let words: String
        let configuration: any Configuration
        /// Keys of the configuration that another of the commands of the task has as options.
        var elsewhere: Set<String> = []
        /// Keys whose numbers are requested; all by default.
        var checked: Set<String>?

        var testDescription: String { words }
    }

    static let commands: [Command] = {
        var tuning = LanguageTrainingConfiguration()
        tuning.training = .fineTuning(lora: false)
        return [
            Command(words: "classify train", configuration: ClassifierConfiguration()),
            Command(words: "detect train", configuration: DetectionConfiguration()),
            Command(
                words: "text train", configuration: LanguageTrainingConfiguration(),
                elsewhere: ["from", "lora", "lora_alpha", "lora_dropout", "lora_targets"],
                checked: ["vocabulary_size", "context_length", "dropout"]),
            Command(
                words: "text finetune", configuration: tuning,
                elsewhere: ["model", "tokenizer", "vocabulary_size", "dropout"], checked: ["lora"]),
            Command(
                words: "chat train", configuration: ChatTrainingConfiguration(), checked: ["lora", "context_length"]),
            Command(
                words: "chat prefer", configuration: PreferenceConfiguration(), checked: ["beta", "label_smoothing"]),
            Command(words: "sentiment train", configuration: SentimentConfiguration(), checked: ["workers"]),
            Command(
                words: "translate train", configuration: TranslationConfiguration(),
                checked: ["vocabulary_size", "layers", "width", "dropout"]),
        ]
    }()

    /// What is only in files.
    private static let onlyInFiles: Set = [
        "accumulate_warmup", "beta2", "ema_warmup", "held_out", "nesterov", "warmup_steps",
    ]
    /// What is only for models with batch norm, those of images.
    private static let ofBatchNorm: Set = ["sync_batch_norm"]

    /// What is about the run and not about the training.
    private static let ofRuns: Set = [
        "config", "device", "diagnose", "dry-run", "find-lr", "help", "json", "log", "name", "output", "profile",
        "prompt",
        "quiet",
        "resume",
        "threads", "version",
    ]

    /// The option of a key.
    private static func option(_ key: String) -> String {
        ["vocabulary_size": "vocabulary", "context_length": "context", "plots": "no-plots"][key]
            ?? key.replacing("_", with: "-")
    }

    /// The help of a command's options, by their names.
    private func help(_ command: Command) throws -> [String: String] {
        let run = try program.shell("$switchback \(command.words) --experimental-dump-help")
        let tree = try JSONSerialization.jsonObject(with: Data(run.output.utf8)) as? [String: Any]
        let arguments = (tree?["command"] as? [String: Any])?["arguments"] as? [[String: Any]] ?? []
        let pairs = arguments.compactMap { argument -> (String, String)? in
            guard let name = (argument["preferredName"] as? [String: Any])?["name"] as? String else { return nil }
            return (name, argument["abstract"] as? String ?? "")
        }
        return Dictionary(pairs) { first, _ in first }
    }

    @Test(arguments: commands) func optionsAreThoseOfTheConfiguration(_ command: Command) throws {
        let isOfImages = ["classify train", "detect train"].contains(command.words)
        let keys = Set(command.configuration.fields.map(\.key)).subtracting(command.elsewhere)
            .subtracting(isOfImages ? [] : Self.ofBatchNorm)
        let wanted = Set(keys.subtracting(Self.onlyInFiles).map(Self.option))
        let found = Set(try help(command).keys).subtracting(Self.ofRuns)
            .filter { !["no-augment", "no-overlap-mask"].contains($0) }
        #expect(found.subtracting(wanted) == [], "no key of the configuration")
        #expect(wanted.subtracting(found) == [], "no option of the command")
    }

    /// What a diagnosis proposes can be typed.
    @Test(arguments: commands) func remediesNameOptionsOfTheCommand(_ command: Command) throws {
        var facts = TrainingFacts()
        facts.interface = .commandLine
        facts.options = Dictionary(uniqueKeysWithValues: command.configuration.fields.map { ($0.key, "null") })
        if command.words == "text finetune" { facts.options["from"] = "runs/text/train" }
        let found = try help(command)
        for option in RemedyOption.allCases where facts.has(option) {
            #expect(found[String(option.flag(facts).dropFirst(2))] != nil, "\(option.flag(facts))")
        }
        #expect(facts.has(.lr) && facts.has(.warmupEpochs) && facts.has(.freeze) && found["find-lr"] != nil)
        #expect(facts.has(.schedule) || facts.has(.lrf))
    }

    @Test(arguments: commands) func helpNamesTheDefaults(_ command: Command) throws {
        let help = try help(command)
        let fields = Dictionary(uniqueKeysWithValues: command.configuration.fields.map { ($0.key, $0.value) })
        for (key, value) in fields {
            guard let text = help[Self.option(key)] else { continue }
            let mirror = Mirror(reflecting: value)
            let known: Any? = mirror.displayStyle == .optional ? mirror.children.first?.value : value
            let found = text.firstMatch(of: /\(default: (.*)\)/).map { String($0.1) }
            switch known {
            // Where something else decides, the help may say what, but names no number of its own.
            case _ where Self.isReplaced(key, fields): #expect(found.flatMap(Double.init) == nil, "\(key)")
            case nil, is Bool, is [String]: #expect(found.flatMap(Double.init) == nil, "\(key)")
            case let text as String where text.isEmpty || key == "data":
                #expect(found.flatMap(Double.init) == nil, "\(key)")
            case let choice as any RawRepresentable: #expect(found == "\(choice.rawValue)", "\(key)")
            case let value?: #expect(found == "\(value)", "\(key)")
            }
        }
    }

    private static func isReplaced(_ key: String, _ fields: [String: any Encodable]) -> Bool {
        let replacement = ["epochs": "steps", "warmup_epochs": "warmup_steps"][key]
        guard let value = replacement.flatMap({ fields[$0] }) else { return false }
        return !Mirror(reflecting: value).children.isEmpty
    }

    private static func ranges(_ configuration: any Configuration) -> [String: NumberRange] {
        Mirror(reflecting: configuration).children.reduce(into: type(of: configuration).ranges) { ranges, child in
            guard let section = child.value as? any Configuration else { return }
            ranges.merge(Self.ranges(section)) { own, _ in own }
        }
    }

    /// A number that an option cannot have is refused under the option's name: so the option reaches its key.
    @Test(arguments: commands) func numbersReachTheConfiguration(_ command: Command) throws {
        let keys = Set(command.configuration.fields.map(\.key))
            .subtracting(command.elsewhere).subtracting(Self.onlyInFiles)
        for (key, range) in Self.ranges(command.configuration).sorted(by: { $0.key < $1.key })
        where keys.contains(key) && command.checked?.contains(key) ?? true {
            let number = try #require([-1, 0, -1_000, 2_000_000_000].first { !range.contains($0) }, "\(key)")
            let option = "--\(Self.option(key))"
            let run = try program.shell(
                "$switchback \(command.words) --data x --from x \(option) \(Int(number))".replacing(
                    "--from x", with: keys.contains("from") ? "--from x" : ""))
            #expect(run.code == 2 && run.errors.contains(option), "\(option) \(Int(number)): \(run.errors)")
        }
    }

    /// Options that nothing would read: a sentence says so.
    @Test(arguments: [
        ("text train --data x --vocabulary 500", "--vocabulary has no effect: only the tokenizer bpe"),
        ("text train --data x --model llama-mini --dropout 0.1", "--dropout has no effect: llama-mini has no dropout"),
        ("text train --data x --schedule constant --final-lr 0.2", "--final-lr has no effect"),
        ("classify train --data x --steps 5 --epochs 3", "--epochs has no effect: steps takes its place"),
        (
            "classify train --data x --optimizer adagrad --momentum 0.5",
            "--momentum has no effect: adagrad has no momentum"
        ),
        ("classify train --data x --find-lr --profile", "there is nothing to profile"),
        ("classify train --data x --find-lr --dry-run", "take one of them"),
        ("classify train --data x --quiet --log json", "take one of them"),
        ("classify train --resume x --config y", "--config is for a new one"),
        ("classify train --data digits --label y --epochs 1", "option label: is the column of a table"),
        ("classify train --data digits --classes 12 --epochs 1", "option classes: is for labels that are numbers"),
        ("detect train --data x --optimizer Adam --warmup-momentum 0.5", "--warmup-momentum has no effect"),
        ("detect predict --model x --save-conf y", "--save-conf needs --save-txt"),
        ("detect predict --model x --no-save --hide-labels y", "--hide-labels is for the images that are saved"),
        ("detect train --data x --mask-ratio 2", "--mask-ratio is for masks, which switchback segment learns"),
        ("segment train --data x --no-overlap-mask --kobj 2", "--kobj is for keypoints, which switchback pose learns"),
        ("pose train --data x --angle 2", "--angle is for oriented boxes, which switchback obb learns"),
        ("detect val --model x --data y --tile 64 --batch 4", "--batch is for batches, and with --tile there are none"),
        (
            "detect val --model x --data y --tile 64 --no-rect",
            "--no-rect is for batches, and with --tile there are none"
        ),
        ("detect val --model x --data y --no-overlap-mask", "--overlap-mask is for masks"),
        ("detect val --model x --data y --single-cls --names-by-number", "take one of them"),
    ])
    func optionsWithoutEffectAreNamed(_ line: String, _ sentence: String) throws {
        let run = try program.shell("$switchback \(line)")
        #expect(run.errors.contains(sentence), "\(run.errors)")
    }

    /// A task's own defaults are not the user's options: they are used in vain without a word.
    @Test(arguments: [
        "chat train --data x --from x --steps 5", "chat prefer --data x --from x --steps 5",
        "translate train --data x --steps 5", "sentiment train --data x --steps 5",
        "text train --data x --schedule constant", "text train --data x --optimizer sgd",
        "text train --data x --optimizer rprop", "text finetune --data x --from x --epochs 1",
    ])
    func defaultsAreNoOptionsInVain(_ line: String) throws {
        let run = try program.shell("$switchback \(line)")
        #expect(run.code == 1 && !run.errors.contains("has no effect"), "\(run.errors)")
    }

    /// What takes the place of an option by default gives way to one that is given, in files as on the command line.
    @Test func whatIsGivenWinsOverADefault() throws {
        _ = try program.folder.write(String(repeating: "to be or not to be. ", count: 200), to: "text.txt")
        _ = try program.folder.write("epochs: 1\nwarmup_epochs: 0.5\n", to: "options.yaml")
        let size = "--context 8 --batch 64 --data text.txt --quiet"
        for (name, options) in [("a", "--config options.yaml"), ("b", "--epochs 1 --warmup-epochs 0.5")] {
            let run = try program.shell("$switchback text train \(options) \(size) --name \(name)")
            #expect(run.code == 0, "\(run.errors)")
            let saved = try String(contentsOfFile: program.folder.path("runs/text/\(name)/args.yaml"), encoding: .utf8)
            #expect(saved.contains("\nsteps: null\n") && saved.contains("\nwarmup_steps: null\n"), "\(saved)")
        }
    }
}
