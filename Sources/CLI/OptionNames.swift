import ArgumentParser

/// Looks at the options of a command line that could not be parsed: the parser complains of a missing option before it
/// names an unknown one, and does not know what options are called elsewhere.
enum OptionNames {
    /// What Ultralytics and many training scripts call an option, with what it may be here.
    private static let familiar: [String: [String]] = [
        "project": ["output"], "output-dir": ["output"], "save-dir": ["output"], "exp-name": ["name"],
        "batch-size": ["batch"], "num-epochs": ["epochs"], "max-steps": ["steps"], "num-workers": ["workers"],
        "learning-rate": ["lr0", "lr"], "lr": ["lr0"], "lr0": ["lr"], "wd": ["weight-decay"],
        "img": ["imgsz"], "img-size": ["imgsz"], "image-size": ["imgsz"], "imgsize": ["imgsz"],
        "weights": ["model"], "checkpoint": ["model"], "ckpt": ["model"], "cfg": ["model", "config"],
        "dataset": ["data"], "amp": ["precision"], "half": ["precision", "dtype"], "bf16": ["precision", "dtype"],
    ]

    /// A sentence on the first option that the command does not have; `nil` where all are its own.
    static func problem(in arguments: [String], of root: any ParsableCommand.Type) -> String? {
        let (command, words) = CommandNames.command(of: arguments, in: root)
        let help = SwitchbackCommand.helpMessage(for: command)
        let known = Set(help.matches(of: #/--([a-z0-9-]+)/#).map { String($0.output.1) })
        return words.prefix { $0 != "--" }.lazy.compactMap { sentence(on: $0, among: known) }.first
    }

    private static func sentence(on word: String, among known: Set<String>) -> String? {
        guard let match = word.wholeMatch(of: #/(--)?([A-Za-z][A-Za-z0-9_-]*)(=(.*))?/#) else { return nil }
        let given = String(match.output.2)
        let name = given.replacing("_", with: "-")
        let value = match.output.4.map(String.init)
        if match.output.1 == nil {
            guard let value, known.contains(name) else { return nil }
            return "\(word) is not an option; write --\(name) \(value)"
        }
        if known.contains(given) { return nil }
        if let own = ([name] + (familiar[name] ?? [])).first(where: known.contains) {
            return "there is no option --\(given) here; it is --\(own)"
        }
        let hint = name.nearest(in: known.sorted()).map { "; did you mean --\($0)?" } ?? ""
        return "there is no option --\(given) here\(hint)"
    }
}
