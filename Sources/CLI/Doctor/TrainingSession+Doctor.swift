import ArgumentParser
import Switchback
import SwitchbackTraining

extension TrainingSession {
    /// Examines the training instead of making it, and prints a line for each check; throws the exit code 1 if one
    /// failed.
    ///
    /// - Parameters:
    ///   - data: a description of the data.
    ///   - rateOption: the options with which a learning rate is requested.
    func examine(
        _ task: some ExaminedTask, _ training: TrainingConfiguration, _ options: DoctorOptions, data: String,
        rateOption: @escaping @Sendable (Double) -> String = { "--lr \($0)" }
    ) throws {
        try run.say("Data: \(data)")
        var doctor = Doctor()
        doctor.seconds = options.seconds
        doctor.rateOption = rateOption
        doctor.secondsOption = { "--seconds \($0)" }
        let report = try Interruption.finishing { try doctor.examine(task, training, listen: show) }
        let count = report.failures.count
        try run.say(
            count == 0
                ? "Nothing was found that stands in the way. Train with 'switchback \(self.task) train' and these options."
                : "\(count.counted("check")) failed.")
        if printsResult { try Terminal.printJSON(report) }
        if count > 0 { throw ExitCode.failure }
    }

    private func show(_ event: Doctor.Event) throws {
        var hasLine = false
        if case .bar = run.style { hasLine = true }
        switch event {
        case .begins(let name):
            if hasLine { try Terminal.draw("\(ProgressReporter.erasedLine)… \(name.rawValue)") }
        case .works:
            if Interruption.isRequested { throw ExitCode(Interruption.exitCode) }
        case .ended(let check):
            if hasLine { try Terminal.draw(ProgressReporter.erasedLine) }
            try run.say("\(check)")
        }
    }
}

extension RunOptions {
    /// Throws over options that are about a run, which the doctor does not make.
    func checkForDoctor() throws {
        let given = [
            ("--resume", resume != nil), ("--find-lr", findLr), ("--profile", profile), ("--diagnose", diagnose),
            ("--name", name != Self.defaultName), ("--dry-run", dryRun),
        ]
        if let option = given.first(where: \.1) {
            throw ValidationError(
                "\(option.0) is for a training, and the doctor looks at one before it begins: leave it out")
        }
    }
}
