import Switchback
import SwitchbackTraining
import TestSupport
import Testing

// The code of the page SwitchbackTraining.

final class LineTask: TrainingTask {
    let name = "line"
    let model: Module = Linear(1, 1)
    let source = BatchSource(
        DataLoader(
            TensorDataset(Tensor([[0.0], [1.0], [2.0], [3.0]]), Tensor([[1.0], [3.0], [5.0], [7.0]])), batchSize: 2,
            shuffle: true))

    func loss(_ batch: Example) -> BatchLoss {
        BatchLoss((model(batch.input) - batch.target).pow(2).mean(), count: batch.target.count)
    }

    func validate() -> Metrics { ["error": (model(Tensor([[10.0]])).item() - 21).magnitude] }

    func fitness(_ metrics: Metrics) -> [Double] { [-(metrics["error"] ?? .nan)] }
}

/// Where programs write files by relative names, they are compiled and not run: the folder belongs to all tests.
private func aTaskIsTrained() throws {
    var configuration = TrainingConfiguration()
    configuration.epochs = 50
    manualSeed(configuration.seed)
    let folder = try RunFolder(in: "runs", task: "line", name: "train", arguments: configuration)
    let trainer = try Trainer(LineTask(), configuration, folder: folder)
    trainer.listeners = [ProgressReporter(.lines).receive, RunPlots().receive]
    let outcome = try trainer.run()
    print(outcome.history.count)
}

// MARK: See backpropagation

private func theGradientsAreDrawn(_ recorder: DiagnosisRecorder) throws {
    print(recorder.diagnosis)
    try recorder.diagnosis.figure.write(to: "gradients.png")
}

@Suite(.seeded(), .serialized) struct TrainingPage {
    @Test func sigmoidsVanish() throws {
        manualSeed(0)
        let inputs = Tensor.randn([64, 32])
        let labels = inputs.argmax(dim: 1)

        let model = Sequential((0..<30).flatMap { _ in [Linear(32, 32), Sigmoid()] } + [Linear(32, 32)])
        let optimizer = SGD(model, learningRate: 0.1)
        let recorder = DiagnosisRecorder(model, every: 10)
        for _ in 0..<100 {
            recorder.record(learningRate: 0.1) {
                optimizer.zeroGrad()
                let loss = model(inputs).crossEntropy(labels)
                loss.backward()
                optimizer.step()
                return loss
            }
        }
        #expect(recorder.diagnosis.verdicts.first?.kind == .vanishing)

        let cured = Sequential(
            (0..<30).flatMap { _ in [Linear(32, 32), BatchNorm1d(32), Sigmoid()] } + [Linear(32, 32)])
        #expect(cured.parameterCount > model.parameterCount)
    }

    @Test func aTrainerIsWatched() throws {
        manualSeed(0)
        let trainer = try Trainer(LineTask(), TrainingConfiguration())
        let log = DiagnosisLog()
        trainer.listeners.append(log.receive)
        trainer.locatesFailures = true
        _ = try trainer.run()
        for verdict in log.diagnosis.verdicts { print(verdict.kind, verdict.layer ?? "", verdict.remedy ?? "") }
        #expect(log.diagnosis.verdicts.count == 1)
    }

    @Test func theBirthplaceOfNaN() {
        let model = Sequential(Linear(32, 32), Linear(32, 4))
        let (inputs, labels) = (Tensor.zeros([8, 32]), Tensor.zeros([8], dtype: .int64))
        let birth = Anomaly.birth {
            (model(inputs) - 1e30).exp().log().crossEntropy(labels).backward()
        }
        print(birth?.operation ?? "all numbers are finite")
        #expect(birth != nil)
    }

    @Test func aModelIsExamined() throws {
        manualSeed(0)
        let model = Sequential(Linear(8, 32), ReLU(), Linear(32, 4))
        let inputs = Tensor.randn([128, 8])
        let labels = inputs.narrow(dim: 1, start: 0, length: 4).argmax(dim: 1)
        let batches = zip(inputs.split(16), labels.split(16)).map { Example(input: $0, target: $1) }
        let report = try Doctor().examine(model, batches: batches, optimizer: .adam, learningRate: 3e-3) {
            model, batch in
            model(batch.input).crossEntropy(batch.target)
        }
        print(report)
        #expect(report.failures.isEmpty)
    }

    @Test func aLearningRateIsFound() throws {
        manualSeed(0)
        let (task, configuration) = (LineTask(), TrainingConfiguration())
        let curve = try LearningRateFinder().run(task, configuration)
        print(curve.suggestion ?? .nan)
        #expect(curve.points.count > 10)
    }
}
