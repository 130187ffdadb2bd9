import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import TestSupport
import Testing

@Suite(.seeded(), .serialized) struct DiagnosisLogTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private var options: TrainingConfiguration {
        var options = TrainingConfiguration()
        options.epochs = 6
        options.accumulate = 2
        options.schedule = .constant  // which does not depend on the number of epochs
        return options
    }

    private func run(
        _ name: String, epochs: Int, resuming path: String? = nil, diagnosed: Bool = true
    ) throws -> (path: String, diagnosis: Diagnosis) {
        var configuration = options
        configuration.epochs = epochs
        let run =
            try path.map { try RunFolder(existing: $0) }
            ?? RunFolder(in: folder.path("runs"), task: "small", name: name, arguments: configuration)
        let log = DiagnosisLog(every: 2)
        // Other tests draw numbers at the same time, also while the weights are drawn.
        try Generator.withDefault(Generator(seed: 0)) {
            let trainer = try SmallTask.trainer(configuration, folder: run)
            trainer.listeners = diagnosed ? [log.receive, TensorBoardLog(histograms: true).receive] : []
            trainer.locatesFailures = diagnosed
            _ = try trainer.run(resuming: path != nil)
        }
        return (run.path, log.diagnosis)
    }

    private func contents(_ path: String, _ name: String) -> Data? {
        FileManager.default.contents(atPath: path + "/" + name)
    }

    @Test func aDiagnosedTrainingHasTheSameBits() throws {
        let plain = try run("plain", epochs: 3, diagnosed: false)
        let watched = try run("watched", epochs: 3)
        let weights = "weights/last.safetensors"
        #expect(contents(plain.path, weights) == contents(watched.path, weights))
        #expect(contents(plain.path, weights) != nil && watched.diagnosis.records.count == 5)
        let image = try #require(contents(watched.path, "gradients.png"))
        #expect(image.starts(with: [0x89, 0x50, 0x4E, 0x47]))
    }

    @Test func whatIsWrittenIsRead() throws {
        let (path, diagnosis) = try run("a", epochs: 3)
        let file = path + "/" + Diagnosis.fileName
        #expect(try Diagnosis(path: file) == diagnosis)
        let first = try #require(diagnosis.records.first)
        #expect(first.layers.map(\.layer) == ["first", "norm", "second"])
        #expect(first.layers[1].activation == "relu" && first.layers.allSatisfy { $0.update ?? 0 > 0 })
        #expect(first.layers.allSatisfy { $0.signal ?? 0 > 0 && $0.gradient ?? 0 > 0 && $0.std != nil })
    }

    /// The file of a resumed run is that of one that was not interrupted.
    @Test func aResumedRunAppends() throws {
        let whole = try run("whole", epochs: 6)
        let parts = try run("parts", epochs: 2)
        let file = parts.path + "/" + Diagnosis.fileName
        // Killed after the checkpoint, while it wrote another line; the file has a step that will be made again.
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let again = try #require(
            text.split(separator: "\n").first { $0.contains("\"step\":2,") || $0.contains("\"step\":2}") }
        )
        .replacing("\"step\":2", with: "\"step\":1000")
        try (text + again + "\n{\"record\":{\"lay").write(toFile: file, atomically: true, encoding: .utf8)
        let resumed = try run("parts", epochs: 6, resuming: parts.path)
        #expect(resumed.diagnosis == whole.diagnosis)
        #expect(contents(parts.path, Diagnosis.fileName) == contents(whole.path, Diagnosis.fileName))
    }

    @Test func damageIsNamed() throws {
        let (path, _) = try run("a", epochs: 2)
        let file = path + "/" + Diagnosis.fileName
        let text = try String(contentsOfFile: file, encoding: .utf8)
        for (content, sentence) in [
            (String(text.dropLast(20)), "the line was cut short; remove the line, or resume the run"),
            ("{}\n" + text, "line 1: is not a measurement of a step"),
            (text.replacing("\"step\"", with: "\"stop\""), "line 2: is not a measurement of a step"),
        ] {
            try content.write(toFile: file, atomically: true, encoding: .utf8)
            let error = #expect(throws: InputError.self) { try Diagnosis(path: file) }
            #expect("\(error.map(String.init(describing:)) ?? "")".contains(sentence))
        }
        #expect(throws: InputError.self) { try Diagnosis(path: folder.path("none.jsonl")) }
    }

    /// Files of earlier versions lack what was added to records and failures since.
    @Test func whatEarlierVersionsWroteIsRead() throws {
        let birth = #"{"value":"NaN","operation":"log","module":"head","isBackward":false,"detail":"of 0"}"#
        let file = try folder.write(
            #"{"record":{"step":0,"loss":2.5,"layers":[{"layer":"fc","type":"Linear","weight":1}],"missing":[]}}"#
                + "\n"
                + #"{"failure":{"step":1,"problem":"the loss is nan","birth":"# + birth + "}}\n", to: "old.jsonl")
        let diagnosis = try Diagnosis(path: file)
        #expect(diagnosis.records.first?.isTraining == true)
        let failure = try #require(diagnosis.failure)
        #expect(failure.birth?.operation == "log" && failure.birth?.rows == [] && failure.examples == [])
        #expect(diagnosis.verdicts.contains { $0.kind == .notANumber })
    }

    /// Numbers that no training writes are named, or judged, and end nothing.
    @Test func forgedNumbersAreBorne() throws {
        let (path, _) = try run("a", epochs: 6)
        let file = path + "/" + Diagnosis.fileName
        let text = try String(contentsOfFile: file, encoding: .utf8)
        let numbers = /"[A-Za-z]+":-?[0-9][0-9.e+-]*/
        let keys = Set(text.matches(of: numbers).map { $0.output.split(separator: ":")[0] })
        #expect(keys.count > 20)
        for key in keys {
            for number in ["9223372036854775807", "-9223372036854775808", "1e300", "-1e300", "\"inf\"", "\"nan\""] {
                let forged = text.replacing(numbers) {
                    $0.output.hasPrefix("\(key):") ? "\(key):\(number)" : String($0.output)
                }
                try forged.write(toFile: file, atomically: true, encoding: .utf8)
                if let diagnosis = try? Diagnosis(path: file) { #expect(!diagnosis.verdicts.isEmpty) }
            }
        }
    }

    /// Trains until the loss of the third batch is not a number.
    private final class Failing: TrainingTask {
        let name = "failing"
        let network = Patients.Logarithmic()
        var model: Module { network }
        let source = BatchSource<Float>(sampler: SequentialSampler(3), batchSize: 1) { indices, _ in
            [1, 1, -1][indices[0]]
        }

        init() {
            noGrad {
                network.first.weight.fill(0)
                _ = network.first.bias?.fill(1)
            }
        }

        func loss(_ sign: Float) -> BatchLoss {
            let hidden = network.first(Tensor.ones([2, Patients.width])) * sign
            return BatchLoss(network.inner(hidden).mean(), count: 2)
        }

        func validate() -> Metrics { [:] }
        func fitness(_ metrics: Metrics) -> [Double] { [] }
    }

    @Test func aTrainingThatFailsSaysWhere() throws {
        var configuration = TrainingConfiguration()
        configuration.lr = 1e-4
        let run = try RunFolder(in: folder.path("runs"), task: "failing", name: "a", arguments: configuration)
        let trainer = try Trainer(Failing(), configuration, folder: run)
        let log = DiagnosisLog(every: 1)
        trainer.listeners = [log.receive]
        let error = try #require(#expect(throws: InputError.self) { try trainer.run() })
        #expect("\(error)".contains("epoch 1, batch 3: the loss is nan; NaN was born in log in Log"), "\(error)")
        #expect("\(error)".contains("keep the input of log away from"), "\(error)")
        let read = try Diagnosis(path: run.file(Diagnosis.fileName))
        #expect(read.records.count == 2 && read.failure?.birth?.operation == "log" && read.failure?.step == 2)
        #expect(read.verdicts.first?.kind == .notANumber)
    }

    @Test func tensorBoardGetsDistributionsAndImages() throws {
        let (path, _) = try run("a", epochs: 2)
        let events = try EventFile.paths(in: path).flatMap { try EventFile.read($0) }
        let tags = events.compactMap { event -> String? in
            switch event.content {
            case .histogram(let tag, _), .image(let tag, _): "\(tag) \(event.step)"
            default: nil
            }
        }
        #expect(tags.contains("weights/first.weight 3") && tags.contains("gradients/first.weight 6"), "\(tags)")
        #expect(tags.contains("gradients 6"), "\(tags)")
    }

    @Test(.enabled(if: Python.has("tensorboard"), "the Python package tensorboard is not installed"))
    func tensorBoardReadsThem() throws {
        let (path, _) = try run("a", epochs: 2)
        let output = try Python.run(
            """
            import sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            a = EventAccumulator(sys.argv[1], size_guidance={'histograms': 0, 'images': 0}); a.Reload()
            print(sorted(a.Tags()['histograms']), a.Tags()['images'])
            h = a.Histograms('weights/first.weight')
            print([(x.step, x.histogram_value.num) for x in h])
            print(a.Images('gradients')[0].width > 100)
            """, [path])
        let names = ["first.bias", "first.weight", "norm.bias", "norm.weight", "second.bias", "second.weight"]
        let tags = (names.map { "'gradients/\($0)'" } + names.map { "'weights/\($0)'" }).joined(separator: ", ")
        #expect(output == "[\(tags)] ['gradients']\n[(3, 24.0), (6, 24.0)]\nTrue\n", "\(output)")
    }
}
