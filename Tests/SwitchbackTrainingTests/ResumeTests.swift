import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import TestSupport
import Testing

/// Runs that end early and are continued: to the same bits, or not at all.
@Suite(.seeded(), .serialized) struct ResumeTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func options(_ change: (inout TrainingConfiguration) -> Void = { _ in }) -> TrainingConfiguration {
        var options = TrainingConfiguration()
        options.epochs = 3
        options.accumulate = 4
        options.optimizer = .adamw
        options.clipNorm = 1
        options.ema = 0.9
        options.emaWarmup = 3
        options.warmupSteps = 2
        options.schedule = .cosine
        change(&options)
        return options
    }

    /// What a run leaves that must not depend on interruptions: the weights, and the results apart from the time.
    private func remains(_ run: RunFolder) throws -> [String] {
        let weights = try ["best", "last"].map {
            try Data(contentsOf: URL(fileURLWithPath: run.weights($0))).base64EncodedString()
        }
        let rows = try String(contentsOfFile: run.file("results.csv"), encoding: .utf8).split(separator: "\n")
        return weights
            + rows.map { row in
                row.split(separator: ",", omittingEmptySubsequences: false).enumerated().filter { $0.offset != 2 }
                    .map { String($0.element) }.joined(separator: ",")
            }
    }

    private func run(_ options: TrainingConfiguration, stoppingEvery stop: Int?, _ name: String) throws -> RunFolder {
        try SmallTask.run(in: folder, options, name: name, stoppingEvery: stop).folder
    }

    @Test(arguments: [1, 2, 5, 7]) func stopsLeaveNoTrace(_ stop: Int) throws {
        let whole = try remains(run(options(), stoppingEvery: nil, "whole"))
        #expect(whole.count == 2 + 4)
        #expect(try remains(run(options(), stoppingEvery: stop, "parts")) == whole)
    }

    @Test(arguments: OptimizerKind.allCases) func everyOptimizerGoesOn(_ kind: OptimizerKind) throws {
        let options = options { $0.optimizer = kind }
        let whole = try remains(run(options, stoppingEvery: nil, "whole"))
        #expect(try remains(run(options, stoppingEvery: 3, "parts")) == whole)
    }

    @Test func stepsAreResumedAsWell() throws {
        let options = options {
            $0.steps = 11
            $0.validateEvery = 3
            $0.accumulate = 1
        }
        let whole = try remains(run(options, stoppingEvery: nil, "whole"))
        #expect(whole.count == 2 + 1 + 4)
        #expect(try remains(run(options, stoppingEvery: 2, "parts")) == whole)
    }

    @Test func anySeedSurvives() throws {
        let options = options { $0.seed = .max - 1 }
        let whole = try remains(run(options, stoppingEvery: nil, "whole"))
        #expect(try remains(run(options, stoppingEvery: 4, "parts")) == whole)
    }

    @Test func epochsMayBeAdded() throws {
        let run = try run(options { $0.epochs = 2 }, stoppingEvery: nil, "short")
        let outcome = try SmallTask.trainer(options { $0.epochs = 4 }, folder: run).run(resuming: true)
        #expect(outcome.history.map(\.epoch) == [1, 2, 3, 4] && outcome.reason == .completed)
    }

    // MARK: What grows

    private func rows(_ run: RunFolder) throws -> [String] {
        try String(contentsOfFile: run.file("results.csv"), encoding: .utf8).split(separator: "\n").map(String.init)
    }

    /// A state does not grow with the validations before it, and rows that are there stay as they were.
    @Test func anEpochCostsTheSameHoweverManyThereWere() throws {
        let options = options {
            $0.epochs = 60
            $0.saveSteps = 1
        }
        let run = try RunFolder(in: folder.path("runs"), task: "small", name: "long", arguments: options)
        let trainer = try SmallTask.trainer(options, folder: run)
        var sizes: [Int] = []
        var before = ""
        trainer.listeners.append { event in
            if case .checkpoint(let path, _, _) = event {
                sizes.append(try Data(contentsOf: URL(fileURLWithPath: path)).count)
            }
            if case .epoch = event {
                let text = try String(contentsOfFile: run.file("results.csv"), encoding: .utf8)
                #expect(text.hasPrefix(before))
                before = text
            }
            return .continue
        }
        _ = try trainer.run()
        #expect(try rows(run).count == 61)
        // Numbers have more digits later on.
        #expect(sizes.count > 50 && sizes.max() ?? 0 < (sizes.first ?? 0) + 200)
    }

    /// What was written after the state that a run continues from is written again, once: whole rows, and one that was
    /// cut.
    @Test func rowsAfterTheStateAreTakenOut() throws {
        let options = options()
        let whole = try remains(run(options, stoppingEvery: nil, "whole"))
        let parts = try RunFolder(in: folder.path("runs"), task: "small", name: "parts", arguments: options)
        try Generator.withDefault(Generator(seed: 0)) {
            let trainer = try SmallTask.trainer(options, folder: parts)
            trainer.listeners.append { event in
                if case .epoch = event { return .stop }
                return .continue
            }
            _ = try trainer.run()
            let file = try #require(FileHandle(forUpdatingAtPath: parts.file("results.csv")))
            try file.seekToEnd()
            try file.write(contentsOf: Data("2,9,0.5,1,1,1,0.1,0,3\n3,1".utf8))
            try file.close()
            #expect(try RunRecord(parts.path).results.rows.count == 2)
            _ = try SmallTask.trainer(options, folder: parts).run(resuming: true)
        }
        #expect(try remains(parts) == whole)
    }

    /// Without its results a run continues, and says what is lost.
    @Test func lostResultsAreNamed() throws {
        let run = try run(options { $0.epochs = 2 }, stoppingEvery: nil, "run")
        try FileManager.default.removeItem(atPath: run.file("results.csv"))
        let trainer = try SmallTask.trainer(options(), folder: run)
        var warnings: [String] = []
        trainer.listeners.append { event in
            if case .started(let start) = event { warnings = start.warnings }
            return .continue
        }
        let outcome = try trainer.run(resuming: true)
        #expect(warnings.count == 1 && warnings[0].contains("has 0 rows of the 2 that were written"))
        #expect(outcome.history.map(\.epoch) == [3])
        #expect(try rows(run).count == 2)
    }

    /// Saving continues beside the training; an error of it is the run's.
    @Test func errorsOfSavingEndTheRun() throws {
        let options = options { $0.saveSteps = 1 }
        let run = try RunFolder(in: folder.path("runs"), task: "small", name: "run", arguments: options)
        try Data().write(to: URL(fileURLWithPath: run.file("resume")))
        let found = problem { _ = try SmallTask.trainer(options, folder: run).run() }
        #expect(found.contains("resume"), "\(found)")
    }

    /// Whatever ends a run, the best weights that were measured by then are on the disk.
    @Test func anErrorLeavesTheBestWeights() throws {
        struct Stop: Error {}
        let run = try RunFolder(in: folder.path("runs"), task: "small", name: "run", arguments: options())
        let trainer = try SmallTask.trainer(options(), folder: run)
        trainer.listeners.append { event in
            if case .epoch = event { throw Stop() }
            return .continue
        }
        #expect(throws: Stop.self) { try trainer.run() }
        #expect(try Safetensors.load(run.weights("best")).isEmpty == false)
    }

    // MARK: Damage

    private func problem(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)" }
    }

    private func states(_ run: RunFolder) -> [String] { [1, 2].map { run.file("resume/state-\($0).safetensors") } }

    /// Every bit of a checkpoint's description, and some of its tensors, is missed when it changes.
    @Test func aChangedBitIsNoticed() throws {
        let run = try run(options { $0.saveSteps = 1 }, stoppingEvery: nil, "run")
        let newest = try #require(
            states(run).max { try Data(contentsOf: URL(fileURLWithPath: $0)).count > 0 && $0 < $1 })
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: newest)))
        try FileManager.default.removeItem(atPath: try #require(states(run).first { $0 != newest }))
        let generator = Generator(seed: 1)
        let positions = Tensor.randint(0..<bytes.count, [300], generator: generator).toArray(as: Int.self)
        for position in positions {
            var changed = bytes
            changed[position] ^= 1 << (position % 8)
            try Data(changed).write(to: URL(fileURLWithPath: newest))
            let found = problem { _ = try SmallTask.trainer(options(), folder: run).run(resuming: true) }
            #expect(found.hasPrefix(newest), "byte \(position): \(found)")
        }
        for length in stride(from: 0, to: bytes.count, by: 501) {
            try Data(bytes.prefix(length)).write(to: URL(fileURLWithPath: newest))
            let found = problem { _ = try SmallTask.trainer(options(), folder: run).run(resuming: true) }
            #expect(found.hasPrefix(newest), "length \(length): \(found)")
        }
    }

    @Test func theCheckpointBeforeADamagedOneIsTaken() throws {
        // Other tests draw numbers at the same time.
        try Generator.withDefault(Generator(seed: 0)) { try goOnFromTheCheckpointBefore(options()) }
    }

    private func goOnFromTheCheckpointBefore(_ options: TrainingConfiguration) throws {
        var options = options
        options.saveSteps = 1
        let whole = try remains(run(options, stoppingEvery: nil, "whole"))
        let parts = try RunFolder(in: folder.path("runs"), task: "small", name: "parts", arguments: options)
        let trainer = try SmallTask.trainer(options, folder: parts)
        var checkpoints: [String] = []
        trainer.listeners.append { event in
            if case .checkpoint(let path, _, _) = event { checkpoints.append(path) }
            return .continue
        }
        _ = try trainer.run()
        #expect(Set(checkpoints) == Set(states(parts)))
        let last = try #require(checkpoints.last)
        try Data("?".utf8).write(to: URL(fileURLWithPath: last))
        let second = try SmallTask.trainer(options, folder: parts)
        var warnings: [String] = []
        second.listeners.append { event in
            if case .started(let start) = event { warnings = start.warnings }
            return .continue
        }
        _ = try second.run(resuming: true)
        #expect(warnings.count == 1 && warnings[0].hasPrefix(last) && warnings[0].contains("continuing from"))
        #expect(try remains(parts) == whole)
    }

    @Test func checkpointsOfSomethingElseAreRefused() throws {
        let run = try run(options(), stoppingEvery: nil, "run")
        func resume(_ options: TrainingConfiguration, width: Int = 8, name: String = "small") -> String {
            problem { _ = try SmallTask.trainer(options, folder: run, width: width, name: name).run(resuming: true) }
        }
        #expect(resume(options(), width: 9).contains("tensor first.bias: belongs to another model"))
        #expect(resume(options(), name: "other").contains("is of the task small, and this is other"))
        #expect(resume(options { $0.optimizer = .sgd }).contains("belongs to a training with AdamW"))
        #expect(resume(options { $0.ema = nil }).contains("averaged weights"))
    }
}
