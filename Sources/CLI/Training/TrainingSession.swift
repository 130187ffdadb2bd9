import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// A training as the command line starts it: anew, or from where a run was interrupted.
struct TrainingSession<Options: TaskConfiguration> {
    let task: String
    /// The command that trains, and resumes: `chat train`.
    private let command: String
    let configuration: Options
    let run: RunOptions
    let printsResult: Bool
    /// Whether it goes on from where a run was interrupted; in the first process, with the run.
    private let isResumed: Bool
    private let resumed: ResumedRun<Options>?

    /// - Parameters:
    ///   - command: the command that trains, if it is not `train` of the task.
    ///   - defaults: what a new training without a file of options has where nothing is given.
    ///   - change: puts the options of the command line into the configuration.
    init(
        _ task: String, command: String? = nil, _ run: RunOptions, _ common: CommonOptions,
        defaults: Options = Options(), change: (inout Options) throws -> Void
    ) throws {
        self.task = task
        self.command = command ?? "\(task) train"
        self.run = run
        printsResult = common.json
        func changeAndCheck(_ configuration: inout Options) throws {
            try change(&configuration)
            if let found = configuration.outOfRange {
                let option = found.key.replacing("_", with: "-")
                throw UsageError("--\(option) is \(found.number); \(found.problem)")
            }
        }
        try Processes.connect(common)
        let isResumed = try Processes.group.fromRoot { run.resumedPath(task) != nil }
        var resumed: ResumedRun<Options>?
        configuration = try Processes.group.fromRoot {
            if isResumed, let path = run.resumedPath(task) {
                let found = try ResumedRun<Options>(path, task: task, change: changeAndCheck)
                resumed = found
                return found.configuration
            }
            var configuration = try run.config.map { try ConfigurationFile.read($0, task: task) } ?? defaults
            if Processes.group.size > 1 { configuration.slots = configuration.slots ?? Processes.group.size }
            try changeAndCheck(&configuration)
            for unused in configuration.unusedOptions {
                Diagnostics.warn("--\(unused.key.replacing("_", with: "-")) has no effect: \(unused.reason)")
            }
            return configuration
        }
        (self.isResumed, self.resumed) = (isResumed, resumed)
    }

    /// Trains, and shows how it goes.
    ///
    /// Throws an exit code where the user interrupted it, and says how to continue; and where only a learning rate was
    /// to be found.
    ///
    /// - Parameter rateOptions: the options with which a learning rate is requested.
    func train<Task: TrainingTask>(
        _ task: Task, _ training: TrainingConfiguration, listeners: [TrainingListener] = [],
        rateOptions: (Double) -> String = { "--lr \($0)" }
    ) throws -> (folder: RunFolder, outcome: TrainingOutcome) {
        if run.dryRun {
            try run.say("The options and the data can be used. Nothing was trained.")
            throw ExitCode.success
        }
        if run.findLr {
            // The first process tries them by itself.
            guard Processes.group.isRoot else { throw ExitCode.success }
            try findLearningRate(task, training, rateOptions)
        }
        return try Interruption.finishing { try trainAndSave(task, training, listeners) }
    }

    private func trainAndSave<Task: TrainingTask>(
        _ task: Task, _ training: TrainingConfiguration, _ listeners: [TrainingListener]
    ) throws -> (folder: RunFolder, outcome: TrainingOutcome) {
        let group = Processes.group
        // Where one of them cannot train, the others wait here, and no folder is made.
        _ = try group.gather(true)
        var made: RunFolder?
        let isDiagnosed = try group.fromRoot {
            let folder =
                try resumed?.folder
                ?? RunFolder(in: run.output, task: self.task, name: run.name, arguments: configuration)
            made = folder
            return self.isDiagnosed(folder)
        }
        defer { made?.removeIfFruitless() }
        let trainer = try Trainer(task, training, folder: made, group: group)
        trainer.locatesFailures = isDiagnosed
        guard let folder = made else {
            try assist(trainer)
            throw ExitCode.success
        }
        let diagnosis = isDiagnosed ? DiagnosisLog(interface: .commandLine, findings: try leaks(in: task)) : nil
        trainer.listeners = [ProgressReporter(run.style, write: Terminal.draw).receive, RunPlots().receive]
        if let diagnosis { trainer.listeners.append(diagnosis.receive) }
        trainer.listeners += listeners
        // After the listeners that draw images, which it logs too.
        trainer.listeners.append(TensorBoardLog(histograms: diagnosis != nil).receive)
        trainer.listeners.append { _ in Interruption.isRequested ? .stop : .continue }
        // A training that fails is diagnosed as well.
        defer { if let diagnosis, diagnosis.diagnosis.failure != nil { try? tell(diagnosis.diagnosis, folder) } }
        let outcome = try run.measured(into: folder) { try trainer.run(resuming: isResumed) }
        if let diagnosis { try tell(diagnosis.diagnosis, folder) }
        let isStopped = Interruption.isRequested || (group.size > 1 && outcome.reason == .stopped)
        guard isStopped else { return (folder, outcome) }
        try run.say(
            """
            Interrupted after step \(outcome.step), which is saved. To go on:
              switchback \(command) --resume \(folder.path.quoted)
            """)
        throw ExitCode(Interruption.exitCode)
    }

    /// That held-out examples are trained on as well, as far as a quick look tells.
    private func leaks(in task: any TrainingTask) throws -> [Verdict] {
        let check = try (task as? any ExaminedTask)?.exactCopies()
        return [check?.leakVerdict].compactMap { $0 }
    }

    /// Trains as one of several processes that is not the first: the folder and the progress are that one's.
    private func assist<Task: TrainingTask>(_ trainer: Trainer<Task>) throws {
        trainer.listeners = [{ _ in Interruption.isRequested ? .stop : .continue }]
        _ = try trainer.run(resuming: isResumed)
    }

    /// Whether it is requested, or the run that is continued was diagnosed before.
    private func isDiagnosed(_ folder: RunFolder) -> Bool {
        run.diagnose || FileManager.default.fileExists(atPath: folder.file(Diagnosis.fileName))
    }

    private func tell(_ diagnosis: Diagnosis, _ folder: RunFolder) throws {
        try run.say("Diagnosis:")
        for verdict in diagnosis.verdicts { try run.say("  \(verdict)") }
        if !diagnosis.records.isEmpty {
            try run.say(
                "  The gradients are plotted in \(folder.file(Diagnosis.plotName)); open "
                    + "\(folder.file(DiagnosisPage.fileName)) in a browser to point and read.")
        }
    }

    // MARK: The learning rate

    private struct Proposal: Encodable {
        let event = "learning rate"
        let lr: Double?
        let run: String
    }

    /// Tries learning rates, shows what came of it, and ends the program.
    private func findLearningRate<Task: TrainingTask>(
        _ task: Task, _ training: TrainingConfiguration, _ options: (Double) -> String
    ) throws {
        let curve = try LearningRateFinder().run(task, training) { point in
            if case .bar = run.style {
                let line = "Learning rate \(point.rate.formatted(7))  loss \(point.loss.formatted(4))"
                try Terminal.draw(ProgressReporter.erasedLine + line)
            }
            return .continue
        }
        if case .bar = run.style { try Terminal.draw(ProgressReporter.erasedLine) }
        let name = run.name == RunOptions.defaultName ? "find-lr" : run.name
        let folder = try RunFolder(in: run.output, task: self.task, name: name, arguments: configuration)
        try curve.figure.write(to: folder.file("find_lr.png"))
        try AtomicFile.write(curve.csv, to: folder.file("find_lr.csv"))
        try run.say(
            "\(curve.points.count) learning rates were tried; the losses are plotted in \(folder.file("find_lr.png")).")
        let proposal = try propose(curve, isTrained: training.weights != nil, options)
        if run.log == .json || printsResult {
            try Terminal.printJSON(Proposal(lr: proposal, run: folder.path))
        }
        throw ExitCode.success
    }

    /// Says what the losses at growing rates tell; returns the rate to train with, `nil` where they do not tell.
    private func propose(
        _ curve: LearningRateCurve, isTrained: Bool, _ options: (Double) -> String
    ) throws -> Double? {
        if case .rate(let rate) = curve.finding {
            try run.say("The loss falls fast at \(rate). Train with\n  \(options(rate))")
            return rate
        }
        // Trained weights are at the floor already: what harms them is known, and a tenth of it moves them gently.
        if isTrained, let rise = curve.rise, let rate = curve.gentleRate {
            try run.say(
                "The loss of these trained weights falls no further, and rises from \(rise) on. Train with a tenth of that:"
                    + "\n  \(options(rate))")
            return rate
        }
        try run.say(
            curve.finding == .noFall
                ? "The loss fell at none of them, so there is nothing to propose: look at the plot."
                : "The loss varies more from step to step than it falls, so the test cannot tell which rate is good: try "
                    + "larger batches or images, or look at the plot.")
        return nil
    }
}
