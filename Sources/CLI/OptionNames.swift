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
        "line-thickness": ["line-width"], "plots": ["output"], "frame-stride": ["vid-stride"],
        "save-every": ["save-period"], "save-freq": ["save-period"], "conf-thres": ["conf"], "iou-thres": ["iou"],
    ]

    /// What is the default here, with the option that turns it off.
    private static let defaults = [
        "show-labels": "hide-labels", "show-conf": "hide-conf", "plots": "no-plots",
    ]

    /// Ultralytics' options that no command for images has, with why that is so.
    private static let explained: [String: String] = [
        "exist-ok": "runs are never overwritten: the next one is called train-2",
        "retina-masks": "masks always have the resolution of the image",
        "deterministic": "the same seed gives the same bits in any case",
        "show": "there is no window; what is saved shows the same",
        "augment": "it is for detect val and predict, and training has --hsv-h, --mosaic and the others of --help",
        "dnn": "networks are computed by Switchback itself",
        "end2end": "YOLO26 needs no suppression, and --nms uses its other head",
        "auto-augment": "it is for classify train; detectors have --hsv-h, --mosaic and the others of --help",
        "erasing": "it is for classify train; detectors have --mosaic, --cutmix and the others of --help",
        "cls-pw": "classes count alike; --cls weighs the loss of classes as a whole",
        "simplify": "files are written without what is not needed",
        "workspace": "it is for TensorRT, which is not written",
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
        if let off = defaults[name], known.contains(off) {
            return "there is no option --\(given) here: that is the default, and --\(off) turns it off"
        }
        if let own = ([name] + (familiar[name] ?? [])).first(where: known.contains) {
            return "there is no option --\(given) here; it is --\(own)"
        }
        if known.contains("imgsz"), let reason = explained[name] {
            return "there is no option --\(given) here: \(reason)"
        }
        let hint = name.nearest(in: known.sorted()).map { "; did you mean --\($0)?" } ?? ""
        return "there is no option --\(given) here\(hint)"
    }
}
