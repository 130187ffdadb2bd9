import Switchback
import SwitchbackFormats
import SwitchbackTraining

// The examples in the sources' comments: that they compile, and stay what the comments say, is the test.

private final class DigitClassifier: Module {}

private nonisolated(unsafe) let digits = (
    train: TensorDataset(Tensor.zeros([8, 64]), Tensor.zeros([8])),
    test: TensorDataset(Tensor.zeros([8, 64]), Tensor.zeros([8]))
)

private func accuracy(_ model: Module, _ data: TensorDataset) -> Double {
    model(data.inputs).argmax(dim: 1).eq(data.targets).to(.float32).mean().item()
}

final class DigitTask: TrainingTask {
    let name = "digits"
    let model: Module = DigitClassifier()
    let source = BatchSource(DataLoader(digits.train, batchSize: 64, shuffle: true))

    func loss(_ batch: Example) -> BatchLoss {
        BatchLoss(model(batch.input).crossEntropy(batch.target), count: batch.target.count)
    }
    func validate() -> Metrics { ["accuracy": accuracy(model, digits.test)] }
    func fitness(_ metrics: Metrics) -> [Double] { [metrics["accuracy"] ?? 0] }
}

private func configuring() {
    struct ClassifierConfiguration: Configuration {
        var data = "digits"
        var training = TrainingConfiguration()
    }
}

private func checkingARange() -> String? {
    NumberRange.from(0, below: 1).problem(with: 3)  // "a number from 0 to below 1 is needed"
}

private func logging(trainer: Trainer<DigitTask>) throws {
    let log = DiagnosisLog()
    trainer.listeners.append(log.receive)
    trainer.locatesFailures = true
    _ = try trainer.run()
    print(log.diagnosis)
}

private func recording(
    model: Module, batches: [(Tensor, Tensor)], optimizer: Optimizer, validationLoss: Double
) {
    let recorder = DiagnosisRecorder(model)
    for (inputs, labels) in batches {
        recorder.record {
            optimizer.zeroGrad()
            let loss = model(inputs).crossEntropy(labels)
            loss.backward()
            optimizer.step()
            return loss
        }
    }
    recorder.validated(loss: validationLoss)
    print(recorder.diagnosis)
}

private func findingARate(task: DigitTask, configuration: TrainingConfiguration) throws {
    let curve = try LearningRateFinder().run(task, configuration)
    print(curve.suggestion ?? .nan)
}

private func reporting(trainer: Trainer<DigitTask>) {
    trainer.listeners.append(ProgressReporter(.lines).receive)
}

private func followingACourse() {
    var epochs = Course(to: 100)
    print(epochs.share(at: 10))  // 0.1
    epochs.move(end: 28, at: 10)
    print(epochs.share(at: 10))  // 0.1
    print(epochs.share(at: 19))  // 0.55, halfway between 0.1 and 1
}

private func training() throws {
    var configuration = TrainingConfiguration()
    configuration.epochs = 20
    manualSeed(configuration.seed)
    let folder = try RunFolder(in: "runs", task: "digits", name: "train", arguments: configuration)
    let trainer = try Trainer(DigitTask(), configuration, folder: folder)
    trainer.listeners.append(ProgressReporter(.lines).receive)
    let outcome = try trainer.run()
    print(outcome.history.count)
}

private func stopping(trainer: Trainer<DigitTask>) {
    trainer.listeners.append { event in
        if case .epoch(let result) = event, result.training["loss"] ?? 1 < 0.01 { return .stop }
        return .continue
    }
}

private func iterating(images: Tensor, labels: Tensor, train: (Tensor, Tensor) -> Void) throws {
    let source = BatchSource(DataLoader(TensorDataset(images, labels), batchSize: 64, shuffle: true, workers: 2))
    let next = source.batches(epoch: 3, from: 10)
    while let batch = try next() { train(batch.input, batch.target) }
}

private func examining(task: some ExaminedTask, configuration: TrainingConfiguration) throws {
    let report = try Doctor().examine(task, configuration)
    print(report)
}
