import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import TestSupport
import Testing

/// Trainings in bfloat16: they follow those in float32, and are resumed in the precision that they began in.
@Suite(.seeded(), .serialized) struct PrecisionTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func options(_ precision: Precision) -> TrainingConfiguration {
        var options = TrainingConfiguration()
        options.epochs = 4
        options.optimizer = .adamw
        options.precision = precision
        return options
    }

    private func run(
        _ precision: Precision, _ name: String, stoppingEvery stop: Int? = nil
    ) throws -> (folder: RunFolder, losses: [Double]) {
        let run = try SmallTask.run(in: folder, options(precision), name: name, stoppingEvery: stop)
        return (run.folder, run.outcome.history.map { $0.training["loss"] ?? .nan })
    }

    private func weights(_ run: RunFolder) throws -> [String: Tensor] { try Safetensors.load(run.weights("last")) }

    @Test func lossesFollowFloat32() throws {
        let runs = try [Precision.float32, .bfloat16].map { try run($0, $0.rawValue) }
        #expect(runs[0].losses.count == 4 && runs[0].losses[3] < runs[0].losses[0])
        for (exact, found) in zip(runs[0].losses, runs[1].losses) { #expect(abs(found - exact) < 0.03 * exact) }
        let (exact, found) = (try weights(runs[0].folder), try weights(runs[1].folder))
        #expect(found.values.allSatisfy { $0.dtype != .bfloat16 })
        #expect(!found["first.weight"]!.equal(exact["first.weight"]!), "nothing is rounded")
        let arguments = try String(contentsOfFile: runs[1].folder.file("args.yaml"), encoding: .utf8)
        #expect(arguments.contains("precision: bf16"))
    }

    @Test(arguments: [1, 5]) func stopsLeaveNoTrace(_ stop: Int) throws {
        let whole = try weights(run(.bfloat16, "whole").folder)
        let parts = try weights(run(.bfloat16, "parts", stoppingEvery: stop).folder)
        for (name, tensor) in whole { #expect(parts[name]?.equal(tensor) == true, "\(name)") }
    }

    @Test func anotherPrecisionIsRefused() throws {
        let run = try run(.bfloat16, "run").folder
        #expect {
            _ = try SmallTask.trainer(options(.float32), folder: run).run(resuming: true)
        } throws: {
            "\($0)".contains("was trained in bf16, and precision is float32 now")
        }
    }
}
