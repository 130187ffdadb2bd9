import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision
import TestSupport
import Testing

@Suite(.seeded()) struct ClassificationTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func problem(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)" }
    }

    /// Twenty images of two classes that differ in brightness.
    private func images(channelsLast: Bool = false) -> (images: Tensor, labels: Tensor) {
        let labels = (0..<20).map { $0 % 2 }
        let shape: Shape = channelsLast ? [20, 5, 4, 3] : [20, 3, 5, 4]
        return (
            Tensor(labels.flatMap { [UInt8](repeating: UInt8(50 + 100 * $0), count: 60) }, shape: shape), Tensor(labels)
        )
    }

    /// Features are left out in training alone; `nil` is the network's own share.
    @Test(arguments: [ClassifierKind.mlp, .cnn, .resnet18, .mobilenetV2, .yolo11n])
    func dropoutIsForTraining(_ kind: ClassifierKind) throws {
        let description = Classifier.Configuration(
            model: kind, classNames: ["a", "b", "c"], inputShape: [3, 32, 32],
            normalization: Normalization(of: Tensor.rand([8, 3, 32, 32], generator: Generator(seed: 3))))
        let input = Tensor.rand([4, 3, 32, 32], generator: Generator(seed: 2))
        for (dropout, isRandom) in [(0.6, true), (0, false), (nil, kind == .mobilenetV2)] {
            manualSeed(1)
            let classifier = try Classifier(description, dropout: dropout)
            // Normalization by the batch does not change from one time to the next.
            func scores() throws -> [Float] { try noGrad { try classifier.scores(input).toArray(as: Float.self) } }
            classifier.model.train()
            #expect(try (scores() != scores()) == isRandom, "\(kind), \(dropout as Any)")
            classifier.model.eval()
            #expect(try scores() == scores())
        }
    }

    // MARK: Data

    @Test func arraysAreRecognisedByName() throws {
        let (images, labels) = images()
        try NumPy.saveArchive(["x": images, "y": labels], to: folder.path("one.npz"))
        let split = try ClassificationData.load(folder.path("one.npz"))
        #expect(split.training?.count == 16 && split.heldOut.count == 4)
        #expect(split.inputShape == [3, 5, 4] && split.classNames == ["0", "1"])

        let parts = [
            "train_images": images, "train_labels": labels.unsqueeze(1), "test_images": images, "test_labels": labels,
        ]
        try Safetensors.save(parts, to: folder.path("two.safetensors"))
        let given = try ClassificationData.load(folder.path("two.safetensors"))
        #expect(given.training?.count == 20 && given.heldOut.count == 20)
    }

    @Test func channelsMayComeLast() throws {
        let (images, labels) = images(channelsLast: true)
        try NumPy.saveArchive(["x": images, "y": labels], to: folder.path("x.npz"))
        #expect(try ClassificationData.load(folder.path("x.npz")).inputShape == [3, 5, 4])
    }

    @Test func arraysThatDoNotFitAreRefused() throws {
        let (images, labels) = images()
        func load(_ arrays: [String: Tensor]) -> String {
            problem {
                try NumPy.saveArchive(arrays, to: folder.path("x.npz"))
                _ = try ClassificationData.load(folder.path("x.npz"))
            }
        }
        #expect(load(["a": images]).contains("none of which is recognized"))
        #expect(load(["x": images]).contains("the array of labels that belongs to it is missing"))
        #expect(load(["x": images, "y": Tensor([0, 1])]).contains("has 2 labels"))
        #expect(load(["x": images, "y": labels.to(.float32) + 0.5]).contains("not a whole number"))
        #expect(load(["x": images, "y": labels - 1]).contains("out of range"))
        #expect(load(["x": Tensor.zeros([20, 5, 5, 5]), "y": labels]).contains("1, 3 or 4 channels"))
    }

    @Test func classesOfAModelAreFoundByName() throws {
        let text = (0..<10).map { "\($0),\($0 < 5 ? "cat" : "dog")" }.joined(separator: "\n")
        let data = try ClassificationData.load(folder.write(text, to: "x.csv"))
        let renumbered = try data.numbered(as: ["dog", "bird", "cat"])
        #expect(data.heldOut.classes == [0, 1])
        #expect(renumbered.heldOut.classes == [2, 0])
        #expect(problem { _ = try data.numbered(as: ["dog"]) }.contains("has the class cat"))
    }

    // MARK: Training

    private func trained(_ kind: ClassifierKind, _ epochs: Int = 3) throws -> (Classifier, ClassificationData) {
        let (images, labels) = images()
        try NumPy.saveArchive(["x": images, "y": labels], to: folder.path("x.npz"))
        let data = try ClassificationData.load(folder.path("x.npz"))
        var options = TrainingConfiguration()
        options.epochs = epochs
        options.batch = 4
        manualSeed(options.seed)
        let task = try ClassificationTask(kind, on: data, options)
        _ = try Trainer(task, options).run()
        return (task.classifier, data)
    }

    @Test(arguments: [ClassifierKind.mlp, .cnn]) func aClassifierLearnsAndReturnsFromItsFile(
        _ kind: ClassifierKind
    ) throws {
        let (classifier, data) = try trained(kind)
        #expect(try classifier.evaluate(data.heldOut).metrics.top1 == 1)
        let inputs = try data.heldOut.all().input
        let path = folder.path("x.safetensors")
        try classifier.save(to: path)
        let loaded = try Classifier.load(path)
        #expect(try loaded.scores(inputs).toArray() == classifier.scores(inputs).toArray())
        #expect(try loaded.predict(inputs).map(\.className) == ["0", "1", "0", "1"])
        let names = try Safetensors.read(path).names
        #expect(names.contains("fc1.weight") && names.contains(kind == .cnn ? "conv2.bias" : "fc3.bias"))
    }

    @Test func trainingCanBeWatchedAndStopped() throws {
        let (_, data) = try trained(.mlp, 1)
        var batches = 0
        var options = TrainingConfiguration()
        options.batch = 8
        let trainer = try Trainer(ClassificationTask(.mlp, on: data, options), options)
        trainer.listeners.append { event in
            if case .batch = event { batches += 1 }
            return batches == 3 ? .stop : .continue
        }
        let outcome = try trainer.run()
        #expect(outcome.history.count == 1 && batches == 3 && outcome.reason == .stopped)
    }

    /// Descriptions that do not fit the weights beside them.
    @Test(arguments: [
        (#""version":1"#, #""version":7"#), (#"["0","1"]"#, #"["0","1","2"]"#),
        ("[3,5,4]", "[4611686018427387904,5,4]"),
        ("[3,5,4]", "[]"), ("[3,5,4]", "[4,5,4]"), (#""mlp""#, #""cnn""#), (#""mean":["#, #""mean":[1,"#), ("{", "["),
    ])
    func descriptionsThatLieAreRefused(_ found: String, _ replacement: String) throws {
        let (classifier, _) = try trained(.mlp, 1)
        let path = folder.path("x.safetensors")
        try classifier.save(to: path)
        let contents = try Safetensors.read(path)
        var metadata = contents.metadata
        let text = try #require(metadata["switchback.classifier"])
        #expect(text.contains(found))
        metadata["switchback.classifier"] = text.replacing(found, with: replacement)
        try Safetensors.save(contents.tensors, metadata: metadata, to: path)
        #expect(problem { _ = try Classifier.load(path) }.hasPrefix("\(path), metadata switchback.classifier: "))
    }

    @Test func runFoldersAreNumberedAndRemovedWhenEmpty() throws {
        let root = folder.path("runs")
        let first = try RunFolder(in: root, task: "classify", name: "a", arguments: TrainingConfiguration())
        let second = try RunFolder(in: root, task: "classify", name: "a", arguments: TrainingConfiguration())
        #expect(second.path == first.path + "-2")
        second.removeIfFruitless()
        first.removeIfFruitless()
        #expect(folder.contents.isEmpty)
    }

    @Test(arguments: ScheduleKind.allCases) func schedulesSpanATraining(_ kind: ScheduleKind) {
        let schedule = kind.schedule(steps: 100, learningRate: 0.5)
        let rates = (0..<100).map { schedule.rate(at: $0, base: 0.5) }
        #expect(rates.allSatisfy { $0 >= 0 && $0 <= 0.5 + 1e-12 })
        #expect(rates.max()! > 0.49)
        #expect(kind == .constant || kind == .cosineRestarts || rates[99] < 0.01)
    }

    /// What is written and what is read are the same configuration.
    @Test func configurationsReturnFromTheirFiles() throws {
        var configuration = ClassifierConfiguration()
        configuration.model = .mlp
        configuration.label = "yes: no # 1"
        configuration.training.optimizer = .lion
        configuration.training.freeze = ["a", "b.c"]
        configuration.training.lr = 0.1 + 0.2
        configuration.training.seed = .max
        let run = try RunFolder(in: folder.path("runs"), task: "classify", name: "a", arguments: configuration)
        let read: ClassifierConfiguration = try ConfigurationFile.read(run.file("args.yaml"), task: "classify")
        #expect(read == configuration)
    }

    /// The gradient of a step does not depend on how its examples are cut into batches.
    @Test func accumulatedStepsAreThoseOfOneBatch() throws {
        let data = try ClassificationData.load("digits")
        func gradients(_ batch: Int, _ accumulate: Int) throws -> [[Double]] {
            var options = TrainingConfiguration()
            (options.batch, options.accumulate, options.steps) = (batch, accumulate, 1)
            // Other tests draw numbers at the same time.
            let task = try Generator.withDefault(Generator(seed: 5)) {
                try ClassificationTask(.mlp, on: data, options)
            }
            var found: [[Double]] = []
            let trainer = try Trainer(task, options)
            trainer.listeners.append { event in
                guard case .gradients = event else { return .continue }
                found = task.model.parameters.map { $0.grad?.toArray(as: Double.self) ?? [] }
                return .stop
            }
            _ = try trainer.run()
            return found
        }
        let whole = try gradients(12, 1)
        let largest = whole.joined().map(abs).max() ?? 0
        for (batch, accumulate) in [(1, 12), (4, 3), (6, 2)] {
            let parts = try gradients(batch, accumulate)
            let difference = zip(whole.joined(), parts.joined()).map { abs($0 - $1) }.max() ?? .nan
            #expect(difference < 1e-5 * largest, "\(accumulate) batches of \(batch): \(difference) of \(largest)")
        }
    }
}
