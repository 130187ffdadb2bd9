import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import TestSupport
import Testing

/// Every reader of runs against damaged files; see `Fuzzer`.
@Suite(.seeded(), .serialized) struct FuzzTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func bytes(_ path: String) throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: path))) }

    private var options: TrainingConfiguration {
        var options = TrainingConfiguration()
        options.epochs = 2
        return options
    }

    /// The folder of a run that was stopped after its first epoch.
    private func stoppedRun() throws -> String {
        let run = try RunFolder(in: folder.url.path, task: "small", name: "train", arguments: options)
        let trainer = try Trainer(SmallTask(), options, folder: run)
        trainer.listeners = [{ event in if case .epoch = event { .stop } else { .continue } }]
        _ = try trainer.run()
        return run.path
    }

    @Test func configurations() throws {
        let run = try stoppedRun()
        var fuzzer = Fuzzer(seeds: [try bytes("\(run)/args.yaml"), Array(#"{"epochs": 3, "optimizer": "sgd"}"#.utf8)])
        try fuzzer.run { _ = try ConfigurationFile.read($0, over: TrainingConfiguration(), task: "small") }
    }

    @Test func runs() throws {
        let run = try stoppedRun()
        for name in ["args.yaml", "results.csv"] {
            let seed = try bytes("\(run)/\(name)")
            var fuzzer = Fuzzer(seeds: [seed])
            try fuzzer.run(to: "\(run)/\(name)") { _ in
                let record = try RunRecord(run)
                _ = (record.progress, record.isComplete, record.results.bestMetrics)
            }
            try Data(seed).write(to: URL(fileURLWithPath: "\(run)/\(name)"))
        }
    }

    /// A run resumes from a sound checkpoint, or says what is wrong with it.
    @Test func checkpoints() throws {
        let run = try stoppedRun()
        let resume = "\(run)/resume"
        let names = try FileManager.default.contentsOfDirectory(atPath: resume).filter { $0.hasSuffix(".safetensors") }
        let newest = try #require(names.sorted().last)
        for name in names where name != newest { try FileManager.default.removeItem(atPath: "\(resume)/\(name)") }
        let seed = try bytes("\(resume)/\(newest)")
        var fuzzer = Fuzzer(seeds: [seed])
        let outcome = try fuzzer.run(to: "\(resume)/\(newest)") { _ in
            for name in ["state-1.safetensors", "state-2.safetensors"] where name != newest {
                try? FileManager.default.removeItem(atPath: "\(resume)/\(name)")
            }
            let folder = try RunFolder(existing: run)
            let trainer = try Trainer(SmallTask(), options, folder: folder)
            trainer.listeners = [{ event in if case .started = event { .stop } else { .continue } }]
            _ = try trainer.run(resuming: true)
        }
        #expect(outcome.refused > outcome.read)
    }

    @Test func weightsToStartFrom() throws {
        let path = folder.path("weights.safetensors")
        try Safetensors.save(SmallTask().model.stateDict(), to: path)
        var fuzzer = Fuzzer(seeds: [try bytes(path)])
        try fuzzer.run { _ = try SmallTask().model.transferWeights(from: $0) }
    }
}
