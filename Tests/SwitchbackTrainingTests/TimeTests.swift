import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import TestSupport
import Testing

/// Trainings whose epochs are fitted to a time, by a clock that continues where the test says so.
@Suite(.seeded(), .serialized) struct TimeTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private final class FakeClock: @unchecked Sendable {
        var seconds = 0.0
    }

    /// `SmallTask` with its six batches, which take a second each if nothing else is said, and validations of two.
    private final class TimedTask: TrainingTask {
        let name = "timed"
        let clock: FakeClock
        let closingEpochs: Int
        private let task: SmallTask
        private let secondsOfEpoch: (Int) -> Double

        init(_ clock: FakeClock, closing: Int, secondsOfEpoch: @escaping (Int) -> Double) {
            (self.clock, closingEpochs, self.secondsOfEpoch) = (clock, closing, secondsOfEpoch)
            task = SmallTask()
        }

        var model: Module { task.model }
        var source: BatchSource<SmallTask.Batch> { task.source }
        func fitness(_ metrics: Metrics) -> [Double] { task.fitness(metrics) }

        func loss(_ batch: SmallTask.Batch) -> BatchLoss {
            clock.seconds += (secondsOfEpoch(batch.epoch) - 2) / Double(source.count)
            return task.loss(batch)
        }

        func validate() -> Metrics {
            clock.seconds += 2
            return task.validate()
        }
    }

    /// What a training told.
    private struct Report {
        var planned: [Int] = []
        /// The numbers of the epochs after which those were planned.
        var plannedAfter: [Int] = []
        var rates: [Double] = []
        var batchPlans: [Int] = []
        var outcome: TrainingOutcome?
    }

    private func options(_ change: (inout TrainingConfiguration) -> Void = { _ in }) -> TrainingConfiguration {
        var options = TrainingConfiguration()
        options.minutes = 1
        options.schedule = .linear
        options.accumulate = 2
        options.lr = 0.01
        change(&options)
        return options
    }

    private func train(
        _ options: TrainingConfiguration, in run: RunFolder? = nil, resuming: Bool = false,
        stoppingAfter stop: Int? = nil,
        closing: Int = 0, clock: FakeClock = FakeClock(), secondsOfEpoch: @escaping (Int) -> Double = { _ in 8 }
    ) throws -> Report {
        var report = Report()
        // Other tests draw numbers at the same time.
        try Generator.withDefault(Generator(seed: options.seed)) {
            let task = TimedTask(clock, closing: closing, secondsOfEpoch: secondsOfEpoch)
            let trainer = try Trainer(task, options, folder: run)
            trainer.clock = TrainingClock { clock.seconds }
            var epoch = 0
            trainer.listeners.append { event in
                switch event {
                case .planned(let plan, let seconds):
                    #expect(seconds == (options.minutes ?? 0) * 60)
                    report.planned.append(plan.epochs.end)
                    report.plannedAfter.append(epoch)
                case .batch(let result):
                    epoch = result.epoch
                    if result.madeStep { report.rates.append(result.learningRate) }
                    report.batchPlans.append(result.epochCount)
                    if report.batchPlans.count == stop { return .stop }
                default: break
                }
                return .continue
            }
            report.outcome = try trainer.run(resuming: resuming)
        }
        return report
    }

    private func newRun(_ options: TrainingConfiguration, _ name: String = "run") throws -> RunFolder {
        try RunFolder(in: folder.path("runs"), task: "timed", name: name, arguments: options)
    }

    private func neverRises(_ rates: [Double]) -> Bool {
        zip(rates, rates.dropFirst()).allSatisfy { $1 <= $0 * (1 + 1e-12) }
    }

    // MARK: Fitting

    @Test func asManyEpochsAreMadeAsFitIn() throws {
        let report = try train(options())
        let outcome = try #require(report.outcome)
        #expect(outcome.reason == .completed && outcome.history.count == 7 && outcome.seconds == 56)
        #expect(report.planned == [7] && outcome.history.allSatisfy { $0.epochCount == 7 })
        // The configuration's until the first epoch has been measured.
        #expect(report.batchPlans == Array(repeating: 10, count: 6) + Array(repeating: 7, count: 36))
    }

    @Test func theScheduleEndsWithThePlan() throws {
        let report = try train(options())
        #expect(report.rates.count == 21 && neverRises(report.rates))
        // A tenth after 3 of the 30 steps that the configuration asks for, and the rest in even parts over 18 steps.
        #expect(abs(report.rates[3] - 0.009) < 1e-9 && abs(report.rates[12] - 0.0045) < 1e-9)
        #expect(report.rates[20] < 0.01 / 18)
    }

    @Test func thePlanGrowsWithoutAJump() throws {
        let report = try train(options()) { $0 == 0 ? 20 : 8 }
        // The first epoch counts as long as it is the only one: then the others take eight seconds.
        #expect(report.planned == [3, 6] && report.plannedAfter == [1, 2] && report.outcome?.history.count == 6)
        #expect(report.outcome?.seconds == 60 && neverRises(report.rates) && report.rates[17] < 0.001)
    }

    /// Those that begin again from the top jump anyway.
    @Test(arguments: ScheduleKind.allCases.filter { $0 != .cosineRestarts })
    func everyScheduleGoesOn(_ kind: ScheduleKind) throws {
        let fitted = options {
            $0.schedule = kind
            $0.warmupSteps = 4
            $0.accumulate = 1
        }
        let report = try train(fitted) { $0 < 2 ? 14 : 6 }
        // What a schedule of that kind does from one step to the next where nothing is fitted.
        let plain = try train(
            options {
                $0.schedule = kind
                $0.warmupSteps = 4
                $0.accumulate = 1
                $0.minutes = nil
                $0.epochs = 3
            })
        func greatestRise(_ rates: [Double]) -> Double {
            zip(rates, rates.dropFirst()).dropFirst(4).map { $1 - $0 }.reduce(0, max)
        }
        #expect(report.planned.count > 1)
        #expect(greatestRise(report.rates) <= greatestRise(plain.rates) + 1e-12)
    }

    @Test func anEpochThatDoesNotFitIsNotBegun() throws {
        let one = try train(options { $0.minutes = 15.0 / 60 })
        #expect(one.outcome?.history.count == 1 && one.outcome?.reason == .completed && one.planned == [1])
        let slower = try train(options()) { $0 < 3 ? 8 : 17 }
        // 24 + 17 = 41 seconds after four epochs: one more of 11 fits, and takes 17.
        #expect(slower.outcome?.history.count == 5 && slower.outcome?.reason == .completed)
    }

    @Test func theTimeEndsAnEpochThatIsTooLong() throws {
        let first = try train(options { $0.minutes = 5.0 / 60 })
        #expect(first.outcome?.reason == .timeLimit && first.outcome?.history.count == 1 && first.planned == [])
        #expect(first.batchPlans.count == 5)
        let last = try train(options()) { $0 < 6 ? 8 : 26 }
        #expect(last.outcome?.reason == .timeLimit && last.outcome?.history.count == 7 && last.batchPlans.count == 39)
    }

    @Test func theLastEpochsStayTheLast() throws {
        let report = try train(options(), closing: 3) { $0 == 0 ? 20 : 3 }
        #expect(report.planned.first == 3)
        for (count, after) in zip(report.planned, report.plannedAfter) { #expect(count - after <= 3) }
        #expect(report.outcome?.history.count == 14 && (report.outcome?.seconds ?? 99) <= 60)
    }

    // MARK: Beside other options

    @Test func stepsAreNotFitted() throws {
        let report = try train(options { $0.steps = 100 })
        #expect(report.planned == [] && report.outcome?.reason == .timeLimit && report.outcome?.seconds == 62)
        #expect(try train(options { $0.steps = 5 }).outcome?.reason == .completed)
    }

    @Test func validationsInBetweenCount() throws {
        let report = try train(options { $0.validateEvery = 2 })
        // Three steps an epoch, so one or two validations: 8 seconds for the first epoch, 10 for the second.
        #expect(report.planned == [7, 6] && report.outcome?.reason == .completed)
        #expect(report.outcome?.history.last?.step == 18 && (report.outcome?.seconds ?? 99) <= 60)
    }

    @Test func patienceEndsItBefore() throws {
        let report = try train(
            options {
                $0.patience = 1
                $0.lr = 1e-300
            })
        #expect(report.outcome?.reason == .noImprovement && (report.outcome?.history.count ?? 9) < 7)
    }

    @Test(arguments: [0, -1, .nan, .infinity]) func timesThatMakeNoSenseAreRefused(_ minutes: Double) {
        let error = #expect(throws: InputError.self) { try train(options { $0.minutes = minutes }) }
        #expect(error?.description.contains("number greater than 0 is needed") == true)
    }

    // MARK: Resuming

    private func files(_ run: RunFolder) throws -> [Data] {
        try [run.weights("best"), run.weights("last"), run.file("results.csv")].map {
            try Data(contentsOf: URL(fileURLWithPath: $0))
        }
    }

    @Test(arguments: [1, 2, 5, 7, 12]) func stopsLeaveNoTrace(_ stop: Int) throws {
        func seconds(_ epoch: Int) -> Double { epoch == 0 ? 14 : 8 }
        let whole = try newRun(options(), "whole")
        let expected = try train(options(), in: whole, closing: 2, secondsOfEpoch: seconds).planned
        #expect(expected.count > 1)
        let parts = try newRun(options(), "parts")
        let clock = FakeClock()
        var planned: [Int] = []
        while true {
            let report = try train(
                options(), in: parts, resuming: true, stoppingAfter: stop, closing: 2, clock: clock,
                secondsOfEpoch: seconds)
            planned += report.planned
            if report.outcome?.reason != .stopped { break }
            // What passes between two parts does not count.
            clock.seconds += 1000
        }
        #expect(try files(parts) == files(whole) && planned == expected)
    }

    @Test func aRunThatTookItsTimeIsComplete() throws {
        let run = try newRun(options())
        _ = try train(options(), in: run)
        #expect(try RunRecord(run.path).progress == "7/7 epochs" && RunRecord(run.path).isComplete)
        #expect(try train(options(), in: run, resuming: true).batchPlans == [])
        let late = try newRun(options(), "late")
        _ = try train(options(), in: late) { $0 < 6 ? 8 : 26 }
        #expect(try train(options(), in: late, resuming: true).batchPlans == [])
    }

    @Test func anotherTimeIsAnotherPlan() throws {
        let run = try newRun(options())
        _ = try train(options(), in: run)
        let more = try train(options { $0.minutes = 2 }, in: run, resuming: true)
        #expect(more.outcome?.history.count == 15 && more.outcome?.reason == .completed)
        // As if two minutes had been planned from the beginning.
        #expect(abs((more.rates.first ?? 0) - 0.01 * 8 / 15) < 1e-9 && neverRises(more.rates))
        #expect(try train(options { $0.minutes = 1 }, in: run, resuming: true).batchPlans == [])
    }

    @Test func aTimeMayBeGivenLater() throws {
        let run = try newRun(options())
        let first = options {
            $0.minutes = nil
            $0.epochs = 2
        }
        _ = try train(first, in: run)
        #expect(try train(options { $0.epochs = 2 }, in: run, resuming: true).outcome?.history.count == 7)
    }

    // MARK: Telling

    @Test func whatWasPlannedIsSaidOnce() throws {
        var text = ""
        let clock = FakeClock()
        try Generator.withDefault(Generator(seed: 0)) {
            let trainer = try Trainer(TimedTask(clock, closing: 0) { $0 == 0 ? 20 : 8 }, options())
            trainer.clock = TrainingClock { clock.seconds }
            trainer.listeners = [ProgressReporter(.lines) { text += $0 }.receive]
            _ = try trainer.run()
        }
        let lines = text.split(separator: "\n")
        #expect(lines.count == 8)
        #expect(
            lines.prefix(2) == ["Epochs: as many as fit into 1 minute, instead of 10", "3 epochs fit into 1 minute"])
        let starts = ["Epoch 1/3 "] + (2...6).map { "Epoch \($0)/6 " }
        #expect(zip(lines.dropFirst(2), starts).allSatisfy { $0.hasPrefix($1) }, "\(text)")
    }

    @Test func timesInWords() {
        #expect(
            [45, 60, 180.00000000000003, 3661, 5400, 0.1].map(\.inWords) == [
                "45 seconds", "1 minute", "3 minutes", "1 hour 1 minute 1 second", "1 hour 30 minutes", "0.1 seconds",
            ])
    }
}
