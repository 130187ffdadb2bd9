import Foundation
import Switchback
import SwitchbackTraining
import SwitchbackVision
import TestSupport
import Testing

/// A detector's training that is fitted to a time, by a clock that continues by ten seconds with each batch.
@Suite(.serialized) struct DetectionTimeTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for part in ["images", "labels"] {
            try FileManager.default.createDirectory(atPath: folder.path(part), withIntermediateDirectories: true)
        }
        try Image(height: 64, width: 64, filledWith: 90).save(to: folder.path("images/a.png"))
        _ = try folder.write("0 0.5 0.5 0.5 0.5\n", to: "labels/a.txt")
        _ = try folder.write("path: .\ntrain: images\nval: images\nnames: [a]\n", to: "data.yaml")
    }

    private func options(_ change: (inout DetectionConfiguration) -> Void = { _ in }) -> DetectionConfiguration {
        var options = DetectionConfiguration()
        options.data = folder.path("data.yaml")
        options.imgsz = 64
        options.optimizer = "SGD"
        options.warmupEpochs = 0
        options.lrf = 0
        options.workers = 0
        options.closeMosaic = 2
        options.time = 55.0 / 3600
        change(&options)
        return options
    }

    private final class FakeClock: @unchecked Sendable {
        var seconds = 0.0
    }

    @Test func allThatDependsOnTheEpochsFollows() throws {
        let (clock, options) = (FakeClock(), self.options())
        let run = try RunFolder(in: folder.path("runs"), task: "detect", name: "train", arguments: options)
        let task = try options.makeTask()
        var (rates, mixes, images): ([Double], [Bool], [Int]) = ([], [], [])
        let drawn = DetectionImages(task, in: run)
        let trainer = try Trainer(task, task.training, folder: run)
        trainer.clock = TrainingClock { clock.seconds }
        trainer.listeners = [
            drawn.receive,
            { event in
                guard case .batch(let result) = event else { return .continue }
                clock.seconds += 10
                rates.append(result.learningRate / 0.01)
                mixes.append(task.mixes(result.epoch - 1))
                if FileManager.default.fileExists(atPath: run.file("train_batch3.png")) {
                    images.append(result.epoch)
                }
                return .continue
            },
        ]
        let outcome = try trainer.run()
        #expect(outcome.reason == .completed && outcome.history.count == 5)
        // The first epoch is a hundredth of those that the configuration asks for; the others share the rest.
        let expected = [1, 0.99, 0.7425, 0.495, 0.2475]
        #expect(zip(rates, expected).allSatisfy { abs($0 - $1) < 1e-9 }, "\(rates)")
        #expect(mixes == [true, true, true, false, false] && images == [4, 5])
        #expect(outcome.history.map(\.epochCount) == [5, 5, 5, 5, 5])
    }

    @Test(arguments: [0, -0.5, .nan, .infinity]) func timesThatMakeNoSenseAreRefused(_ hours: Double) {
        let error = #expect(throws: InputError.self) { try options { $0.time = hours }.makeTask() }
        #expect(error?.description.contains("number greater than 0 is needed") == true)
    }
}
