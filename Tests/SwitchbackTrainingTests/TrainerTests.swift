import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import TestSupport
import Testing

@Suite(.seeded(), .serialized) struct TrainerTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func options(_ change: (inout TrainingConfiguration) -> Void) -> TrainingConfiguration {
        var options = TrainingConfiguration()
        options.epochs = 4
        change(&options)
        return options
    }

    private func problem(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "no error"
        } catch { return "\(error)" }
    }

    /// A linear model of one weight whose batches are known, so that each step can be worked out by hand.
    private final class ByHand: TrainingTask {
        final class Line: Module {
            let weight = Parameter(Tensor([2.0 as Float]))
        }

        let name = "by-hand"
        let line = Line()
        var model: Module { line }
        let source: BatchSource<Float>
        var validations: [Double] = []
        var scores: [Double]

        init(_ slopes: [Float], scores: [Double] = []) {
            source = BatchSource(sampler: SequentialSampler(slopes.count), batchSize: 1) { indices, _ in
                slopes[indices[0]]
            }
            self.scores = scores
        }

        func loss(_ slope: Float) -> BatchLoss { BatchLoss((line.weight * Tensor(slope)).sum(), count: 1) }

        func validate() -> Metrics {
            validations.append(line.weight.toArray(as: Double.self)[0])
            return ["score": scores.isEmpty ? 0 : scores.removeFirst()]
        }

        func fitness(_ metrics: Metrics) -> [Double] { [metrics["score"] ?? .nan] }
    }

    /// What is measured and saved has them; what is trained does not change.
    @Test func statisticsOfNewWeights() throws {
        func weights(_ statisticsBatches: Int) throws -> [String: Tensor] {
            try Generator.withDefault(Generator(seed: 0)) {
                let trainer = try SmallTask.trainer(options { _ in })
                trainer.task.statisticsBatches = statisticsBatches
                _ = try trainer.run()
                return trainer.task.model.stateDict()
            }
        }
        let (running, fresh) = (try weights(0), try weights(3))
        for (name, tensor) in running {
            let isStatistic = name.contains("running")
            #expect((tensor.toArray(as: Float.self) == fresh[name]?.toArray(as: Float.self)) != isStatistic, "\(name)")
        }
    }

    private func plain(_ change: (inout TrainingConfiguration) -> Void) -> TrainingConfiguration {
        options {
            $0.epochs = 1
            $0.optimizer = .sgd
            $0.momentum = 0
            $0.lr = 0.5
            $0.schedule = .constant
            change(&$0)
        }
    }

    @Test func gradientsOfSeveralBatchesAreAveraged() throws {
        let task = ByHand([1, 3, 4])
        var steps: [Int] = []
        let trainer = try Trainer(task, plain { $0.accumulate = 2 })
        trainer.listeners.append { event in
            if case .batch(let result) = event, result.madeStep { steps.append(result.batch) }
            return .continue
        }
        _ = try trainer.run()
        // 2 − 0.5·(1 + 3)/2 = 1, and the batch that is left makes a step of its own: 1 − 0.5·4 = −1.
        #expect(steps == [2, 3] && task.validations == [-1])
    }

    @Test func gradientsAreClipped() throws {
        let task = ByHand([10])
        var norm: Double?
        let trainer = try Trainer(task, plain { $0.clipNorm = 2 })
        trainer.listeners.append { event in
            if case .batch(let result) = event { norm = result.gradientNorm }
            return .continue
        }
        _ = try trainer.run()
        #expect(norm == 10 && abs(task.validations[0] - 1) < 1e-6)
    }

    /// The weights of every second epoch are those of a training that ends there.
    @Test func weightsOfEpochsAreKept() throws {
        func train(_ epochs: Int, every period: Int?) throws -> RunFolder {
            let configuration = options {
                $0.epochs = epochs
                $0.schedule = .constant
                $0.savePeriod = period
            }
            let run = try RunFolder(in: folder.path("runs"), task: "small", name: "a", arguments: configuration)
            _ = try SmallTask.trainer(configuration, folder: run).run()
            return run
        }
        let run = try train(5, every: 2)
        let names = try FileManager.default.contentsOfDirectory(atPath: run.file("weights")).sorted()
        #expect(
            names == ["best.safetensors", "epoch2.safetensors", "epoch4.safetensors", "last.safetensors"], "\(names)")
        let short = try train(4, every: nil)
        #expect(
            try Data(contentsOf: URL(fileURLWithPath: run.weights("epoch4")))
                == Data(contentsOf: URL(fileURLWithPath: short.weights("last"))))
    }

    /// Where validations are not at the ends of epochs, and the training ends within one.
    @Test(arguments: [2, 4, nil]) func weightsOfEpochsAreOfTheirEnds(_ interval: Int?) throws {
        func train(_ steps: Int, _ change: (inout TrainingConfiguration) -> Void) throws -> RunFolder {
            let configuration = options {
                $0.steps = steps
                $0.schedule = .constant
                change(&$0)
            }
            let run = try RunFolder(in: folder.path("runs"), task: "small", name: "a", arguments: configuration)
            let trainer = try SmallTask.trainer(configuration, folder: run)
            // They would change the averages of batch norm where there is a validation.
            trainer.task.statisticsBatches = 0
            _ = try trainer.run()
            return run
        }
        // An epoch is of 6 steps.
        let run = try train(15) {
            $0.savePeriod = 1
            $0.validateEvery = interval
        }
        let names = try FileManager.default.contentsOfDirectory(atPath: run.file("weights")).sorted()
        #expect(
            names == ["best.safetensors", "epoch1.safetensors", "epoch2.safetensors", "last.safetensors"], "\(names)")
        for epoch in 1...2 {
            let short = try train(6 * epoch) { _ in }
            #expect(
                try Data(contentsOf: URL(fileURLWithPath: run.weights("epoch\(epoch)")))
                    == Data(contentsOf: URL(fileURLWithPath: short.weights("last"))))
        }
    }

    @Test func theAverageOfTheWeightsIsValidatedAndSaved() throws {
        let task = ByHand([1, 1])
        let configuration = plain {
            $0.ema = 0.5
            $0.emaWarmup = 0
        }
        let run = try RunFolder(in: folder.path("runs"), task: "by-hand", name: "a", arguments: configuration)
        _ = try Trainer(task, configuration, folder: run).run()
        // Weights 2, 1.5, 1: averages 2, 1.75, 1.375.
        #expect(task.validations == [1.375] && task.line.weight.toArray(as: Double.self) == [1])
        #expect(try Safetensors.load(run.weights("last"))["weight"]?.toArray(as: Double.self) == [1.375])
    }

    @Test func theRateRisesFirst() throws {
        var rates: [Double] = []
        let trainer = try Trainer(
            ByHand([0, 0, 0, 0, 0, 0]),
            plain {
                $0.warmupSteps = 2
                $0.schedule = .linear
                $0.finalLr = 0.5
            })
        trainer.listeners.append { event in
            if case .batch(let result) = event { rates.append(result.learningRate) }
            return .continue
        }
        _ = try trainer.run()
        #expect(zip(rates, [0.25, 0.375, 0.5, 0.4375, 0.375, 0.3125]).allSatisfy { abs($0 - $1) < 1e-12 })
    }

    @Test func theBestValidationIsKeptAndPatienceEnds() throws {
        let task = ByHand([1], scores: [0.1, 0.5, .nan, 0.3, 0.9])
        let configuration = plain {
            $0.epochs = 10
            $0.patience = 2
        }
        let run = try RunFolder(in: folder.path("runs"), task: "by-hand", name: "a", arguments: configuration)
        let outcome = try Trainer(task, configuration, folder: run).run()
        #expect(outcome.reason == .noImprovement && outcome.history.map(\.isBest) == [true, true, false, false])
        #expect(outcome.best?.epoch == 2)
        #expect(try Safetensors.load(run.weights("best"))["weight"]?.toArray(as: Double.self) == [1])
        #expect(try RunRecord(run.path).isComplete && RunRecord(run.path).progress == "4/10 epochs")
    }

    @Test func stepsAndTimeEndATraining() throws {
        let steps = try Trainer(
            ByHand([1, 1, 1]),
            plain {
                $0.steps = 7
                $0.validateEvery = 2
            }
        ).run()
        #expect(steps.history.map(\.step) == [2, 4, 6, 7] && steps.history.map(\.epoch) == [1, 2, 2, 3])
        let time = try Trainer(ByHand([1, 1, 1]), plain { $0.minutes = 1e-9 }).run()
        #expect(time.reason == .timeLimit && time.step == 1 && time.history.count == 1)
    }

    @Test func partsCanBeFrozen() throws {
        let trainer = try SmallTask.trainer(options { $0.freeze = ["first", "norm.weight"] })
        let before = trainer.task.model.stateDict().mapValues { $0.toArray() }
        _ = try trainer.run()
        let changed = trainer.task.model.stateDict().filter { $0.value.toArray() != before[$0.key] }.keys.sorted()
        #expect(
            changed == [
                "norm.bias", "norm.num_batches_tracked", "norm.running_mean", "norm.running_var", "second.bias",
                "second.weight",
            ])
        #expect(
            problem { _ = try SmallTask.trainer(options { $0.freeze = ["frist"] }) }.contains("did you mean first?"))
        #expect(
            problem { _ = try SmallTask.trainer(options { $0.freeze = ["first", "norm", "second"] }) }
                .contains("leaves no parameters to train"))
    }

    @Test func weightsThatFitAreTaken() throws {
        let path = folder.path("x.safetensors")
        let other = SmallTask.Network(width: 8).stateDict()
        try Safetensors.save(
            [
                "first.weight": other["first.weight"]!, "second.weight": Tensor.zeros([2, 8]),
                "third": Tensor.zeros([1]),
            ],
            to: path)
        let model = SmallTask.Network(width: 8)
        let transfer = try model.transferWeights(from: path)
        #expect(transfer.matched == ["first.weight"] && transfer.unused == ["third"])
        #expect(transfer.differing.map(\.name) == ["second.weight"] && transfer.missing.contains("first.bias"))
        #expect(model.first.weight.toArray() == other["first.weight"]!.toArray())
        try Safetensors.save(["a": Tensor.zeros([1])], to: path)
        #expect(problem { try model.transferWeights(from: path) }.contains("has no tensor that fits the model"))
    }

    @Test func aLossThatIsNoNumberEndsTheTraining() throws {
        let found = problem { _ = try Trainer(ByHand([1, .nan]), plain { _ in }).run() }
        #expect(
            found.contains("epoch 1, batch 2: the loss is nan; no operation made it from finite numbers"), "\(found)")
    }

    @Test func valuesThatMakeNoSenseAreRefused() throws {
        for (change, sentence) in [
            ({ $0.epochs = 0 }, "option epochs: is 0, and a whole number from 1"), ({ $0.lr = -1 }, "option lr"),
            ({ $0.ema = 1 }, "option ema"),
            ({ $0.accumulate = 0 }, "option accumulate"), ({ $0.workers = -1 }, "option workers"),
        ] as [((inout TrainingConfiguration) -> Void, String)] {
            #expect(problem { _ = try SmallTask.trainer(options(change)) }.contains(sentence))
        }
    }

    // MARK: Damaged data

    /// A table of which one row is damaged.
    private final class Rows: TrainingTask {
        let name = "rows"
        let model: Module = Linear(3, 1)
        let source: BatchSource<Example>
        private let isNamed: Bool

        init(_ value: Double, isNamed: Bool = true) {
            self.isNamed = isNamed
            let inputs = Tensor.randn([40, 3], generator: Generator(seed: 3))
            noGrad { inputs.narrow(dim: 0, start: 27, length: 1).fill(value) }
            source = BatchSource(
                DataLoader(TensorDataset(inputs, Tensor.zeros([40, 1])), batchSize: 8, shuffle: true))
        }

        func loss(_ batch: Example) -> BatchLoss {
            BatchLoss(model(batch.input).mseLoss(batch.target), count: batch.input.shape[0])
        }

        func validate() -> Metrics { [:] }
        func fitness(_ metrics: Metrics) -> [Double] { [] }
        func place(ofExample number: Int) -> String? { isNamed ? "table.csv line \(number + 2)" : nil }
    }

    /// What comes in with the data, and what is born of a number far from all others, is traced to its example.
    @Test func damagedExamplesAreNamed() throws {
        func failure(_ task: Rows) -> String { problem { _ = try Trainer(task, options { _ in }).run() } }
        let entered = failure(Rows(.nan))
        #expect(entered.contains(" of 8, table.csv line 29, holds NaN at [0]"), "\(entered)")
        let unnamed = failure(Rows(.nan, isNamed: false))
        #expect(unnamed.contains(", number 27 of the data, counted from 0, holds NaN"), "\(unnamed)")
        let born = failure(Rows(1e30))
        #expect(born.contains(" of 8 alone (table.csv line 29)") && born.contains("look at"), "\(born)")
        #expect(!born.contains(",,"), "\(born)")
    }

    // MARK: Runs

    @Test func aRunIsUsedByOneProgramAtATime() throws {
        let run = try RunFolder(in: folder.path("runs"), task: "small", name: "a", arguments: TrainingConfiguration())
        #expect(problem { _ = try RunFolder(existing: run.path) }.contains("another process is training there"))
    }

    @Test func runsAreListedAndCleaned() throws {
        let configuration = options { _ in }
        let root = folder.path("runs")
        let run = try RunFolder(in: root, task: "small", name: "a", arguments: configuration)
        var trainer: Trainer<SmallTask>? = try SmallTask.trainer(configuration, folder: run)
        let outcome = try trainer?.run()
        trainer = nil
        let record = try #require(try RunCatalog.runs(in: root).first)
        #expect(record.task == "small" && record.isComplete && record.argument("epochs") == "4")
        #expect(record.results.bestMetrics == outcome?.best?.validation)
        let remains = try RunCatalog.remains(in: root)
        #expect(remains.map(\.path) == [run.file("resume")] && remains[0].byteCount > 1000)
        let found = problem { try remains[0].remove() }
        #expect(found.contains("another process is training there"))
        #expect(problem { _ = try RunCatalog.runs(in: folder.path("none")) }.contains("there is no such folder"))
    }
}
