import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// Where a training is saved, what it goes on from, and how it is shown.
struct RunOptions: ParsableArguments {
    @Option(help: ArgumentHelp("Options from a YAML or JSON file; those of the command line win.", valueName: "file"))
    var config: String?

    @Option(
        help: ArgumentHelp(
            "Goes on with a run, by its folder or name, to the same bits as if it had not been interrupted.",
            valueName: "run"))
    var resume: String?

    @Option(
        help: ArgumentHelp("The name of the run's folder. (default: train)", valueName: "name"),
        transform: Value.folderName)
    var name = "train"

    @Option(help: ArgumentHelp("The folder in which runs are saved.", valueName: "path"))
    var output = "runs"

    @Flag(help: "Print nothing but errors, and the result where --json asks for it.")
    var quiet = false

    @Option(
        help: ArgumentHelp("How progress is shown: \(LogStyle.names). (default: text)", valueName: "style"),
        transform: Value.choice)
    var log = LogStyle.text

    @Flag(
        help: ArgumentHelp(
            "Measure where the time goes: print a table of operations and modules, and save it in the run's folder as "
                + "profile.txt, with trace.json, a timeline for https://ui.perfetto.dev."))
    var profile = false

    enum LogStyle: String, CaseIterable {
        case text, json
    }

    var style: ProgressReporter.Style {
        if quiet { return .quiet }
        if log == .json { return .json }
        return Terminal.isInteractive ? .bar(columns: { Terminal.columnCount }) : .lines
    }

    /// The folder of the run to go on with: as it was given, or, if there is none, the one of that name.
    func resumedPath(_ task: String) -> String? {
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
        try say("\n\(profile)\n\nThe profile is in \(table), its timeline in \(trace).")
        return outcome
    }
}

/// A training as the command line starts it: anew, or from where a run was interrupted.
struct TrainingSession<Options: Configuration> {
    let task: String
    let configuration: Options
    private let run: RunOptions
    private let resumed: ResumedRun<Options>?

    /// - Parameter change: puts the options of the command line into the configuration.
    init(_ task: String, _ run: RunOptions, change: (inout Options) throws -> Void) throws {
        self.task = task
        self.run = run
        if let path = run.resumedPath(task) {
            let resumed = try ResumedRun<Options>(path, task: task, change: change)
            configuration = resumed.configuration
            self.resumed = resumed
        } else {
            var configuration = try run.config.map { try ConfigurationFile.read($0, task: task) } ?? Options()
            try change(&configuration)
            self.configuration = configuration
            resumed = nil
        }
    }

    /// Trains, and shows how it goes.
    ///
    /// Throws an exit code where the user interrupted it, and says how to go on.
    func train<Task: TrainingTask>(
        _ task: Task, _ training: TrainingConfiguration, listeners: [TrainingListener] = []
    ) throws -> (folder: RunFolder, outcome: TrainingOutcome) {
        let folder =
            try resumed?.folder
            ?? RunFolder(in: run.output, task: self.task, name: run.name, arguments: configuration)
        defer { folder.removeIfFruitless() }
        let trainer = try Trainer(task, training, folder: folder)
        trainer.listeners = [
            ProgressReporter(run.style, write: Terminal.write).receive, TensorBoardLog().receive, RunPictures().receive,
        ]
        trainer.listeners += listeners
        trainer.listeners.append { _ in Interruption.isRequested ? .stop : .continue }
        let outcome = try run.measured(into: folder) { try trainer.run(resuming: resumed != nil) }
        guard Interruption.isRequested else { return (folder, outcome) }
        try run.say(
            """
            Interrupted after step \(outcome.step), which is saved. To go on:
              switchback \(self.task) train --resume \(folder.path)
            """)
        throw ExitCode(Interruption.exitCode)
    }
}
