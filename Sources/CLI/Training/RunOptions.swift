import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// Where a training is saved, what it continues from, and how it is shown.
struct RunOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Options from a YAML or JSON file; the command line overrides them.", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Resume a run, by its folder or name, exactly as if it had not been interrupted; auto: the run of --name if "
                + "there is one, or else start it, so that the same command starts and restarts a job.",
            valueName: "run"))
    var resume: String?

    @Option(
        help: ArgumentHelp("The name of the run. (default: train)", valueName: "name"),
        transform: Value.folderName)
    var name = RunOptions.defaultName

    static let defaultName = "train"

    /// What `--resume` is given where the run may not exist yet.
    private static let automatic = "auto"

    private var namesRun: Bool { resume != nil && resume != Self.automatic }

    @Option(help: ArgumentHelp("The folder that runs are saved in.", valueName: "path"))
    var output = "runs"

    @Flag(help: "Print nothing but errors, and the result with --json.")
    var quiet = false

    @Option(
        help: ArgumentHelp("The progress style: \(LogStyle.names). (default: text)", valueName: "style"),
        transform: Value.choice)
    var log = LogStyle.text

    @Flag(
        help: ArgumentHelp(
            "Profile: print a table of operations and modules, and save it in the run's folder as profile.txt, with "
                + "trace.json, a timeline for https://ui.perfetto.dev."))
    var profile = false

    @Flag(
        help: ArgumentHelp(
            "Monitor backpropagation: measure the layers every few steps, save the results in the run's folder as "
                + "diagnosis.jsonl and gradients.png, and report problems. A resumed run keeps doing so."))
    var diagnose = false

    @Flag(
        help: ArgumentHelp(
            "Do not train; run a learning rate test, plot find_lr.png, and suggest a rate."))
    var findLr = false

    @Flag(help: "Check the options and the data, and build the model; do not train.")
    var dryRun = false

    func validate() throws {
        if findLr && resume != nil {
            throw ValidationError("--find-lr is for new runs and cannot be combined with --resume")
        }
        if findLr && (profile || diagnose) {
            throw ValidationError("--find-lr does not train: there is nothing to \(profile ? "profile" : "diagnose")")
        }
        if findLr && dryRun {
            throw ValidationError("--find-lr tries learning rates, and --dry-run tries nothing: take one of them")
        }
        if config != nil && namesRun {
            throw ValidationError("--resume keeps the options of the run, and --config is for a new one")
        }
        if name != Self.defaultName && namesRun {
            throw ValidationError("--resume goes on in the run's folder, and --name is for a new one")
        }
        if quiet && log == .json {
            throw ValidationError("--quiet shows no progress, and --log json shows it as JSON: take one of them")
        }
    }

    /// Throws where an option is missing that a new run needs; a run that is resumed, and a file of options, have it.
    func require(_ option: String, _ value: String?) throws {
        if value == nil && !namesRun && config == nil {
            throw ValidationError("Missing expected argument '\(option)'")
        }
    }

    enum LogStyle: String, CaseIterable {
        case text, json
    }

    var style: ProgressReporter.Style {
        if quiet { return .quiet }
        if log == .json { return .json }
        return Terminal.isInteractive ? .bar(columns: { Terminal.columnCount }) : .lines
    }

    /// The folder of the run to continue: as it was given, or, if there is none, the one of that name; `nil` for a new
    /// run.
    func resumedPath(_ task: String) -> String? {
        if resume == Self.automatic {
            let path = "\(output)/\(task)/\(name)"
            return FileManager.default.fileExists(atPath: "\(path)/args.yaml") ? path : nil
        }
        guard let resume, !FileManager.default.fileExists(atPath: resume) else { return resume }
        let named = "\(output)/\(task)/\(resume)"
        return FileManager.default.fileExists(atPath: named) ? named : resume
    }

    /// Prints a line for people, where they want any.
    func say(_ line: String) throws {
        if !quiet && log == .text { try Terminal.print(line) }
    }

    /// Runs a training, measured where the user asked for it.
    func measured<Outcome>(into folder: RunFolder, _ train: () throws -> Outcome) throws -> Outcome {
        guard profile else { return try train() }
        let (outcome, profile) = try Profiler.recordResult(of: train)
        let (table, trace) = ("\(folder.path)/profile.txt", "\(folder.path)/trace.json")
        try AtomicFile.write("\(profile)\n", to: table)
        try profile.saveTrace(to: trace)
        try say("\n\(profile)\n\nThe profile is in \(table), the timeline in \(trace).")
        return outcome
    }
}
