import Foundation
import Switchback

/// One examination: a task, the batches that it is tried with, and what was found so far.
final class Visit<Task: ExaminedTask> {
    let task: Task
    let configuration: TrainingConfiguration
    private let doctor: Doctor
    private(set) var report = DoctorReport()
    private let listen: (Doctor.Event) throws -> Void
    private let weights: [String: Tensor]
    private let random: Generator.State
    private let wasTraining: Bool
    /// The batches that are trained with, and those that are only measured with.
    private(set) var batches: [Task.Batch] = []
    private(set) var heldBatches: [Task.Batch] = []
    /// How long a step of the training takes.
    var stepSeconds = 0.0
    /// Where batches come from: the task's, or a part of each where steps take long.
    private(set) var source: BatchSource<Task.Batch>
    /// Into how many parts batches are cut, of which one is used.
    private(set) var parts = 1
    /// Whether the loss at the start is a number: of others nothing can be learned.
    var startsFinite = true
    /// With which learning rate it is tried.
    var rate: Double

    /// How many batches are read at most.
    private static var batchLimit: Int { 24 }

    init(
        _ task: Task, _ configuration: TrainingConfiguration, _ doctor: Doctor,
        _ listen: @escaping (Doctor.Event) throws -> Void
    ) throws {
        try configuration.check()
        try task.model.freeze(configuration.freeze)
        if let weights = configuration.weights { try task.model.transferWeights(from: weights) }
        self.task = task
        source = task.source
        self.configuration = configuration
        self.doctor = doctor
        self.listen = listen
        weights = task.model.stateDict().mapValues { $0.clone() }
        random = Generator.default.state
        wasTraining = task.model.isTraining
        rate =
            configuration.lr ?? configuration.optimizer.defaultLearningRate * configuration.schedule.peakFactor
        try readBatches()
    }

    /// How long the trainings may take together.
    var seconds: Double { doctor.seconds }

    /// Whether the model knows something already, so that it need not learn soon.
    var isTrained: Bool { task.beginsTrained || configuration.weights != nil }

    func rateOption(_ rate: Double) -> String { doctor.rateOption(rate) }
    func secondsOption(_ seconds: Int) -> String { doctor.secondsOption(seconds) }

    /// Takes a part of each batch from now on, where whole ones take too long for so many steps a second.
    ///
    /// - Parameter stepSeconds: how long a step may take.
    func shrinkBatches(to stepSeconds: Double) throws {
        let least = source.batchSize >= 16 ? 4 : 2
        let wanted = (self.stepSeconds / max(stepSeconds, 1e-9)).rounded(.up)
        parts = max(1, min(Int(min(wanted, 1e6)), source.batchSize / least))
        guard parts > 1 else { return }
        source = task.source.firstSlots(of: parts)
        try readBatches()
    }

    /// Keeps the first batches of an epoch; a quarter of them is only measured with.
    private func readBatches() throws {
        let next = source.batches(epoch: 0)
        let end = ContinuousClock.now + .seconds(seconds / 8)
        var found: [Task.Batch] = []
        while found.count < Self.batchLimit, found.count < 4 || ContinuousClock.now < end, let batch = try next() {
            found.append((batch as? any Movable)?.to(task.model.backend) as? Task.Batch ?? batch)
        }
        if found.isEmpty { throw InputError("task \(task.name)", "has no training batches") }
        let held = found.count < 4 ? 0 : max(1, found.count / 4)
        (batches, heldBatches) = (Array(found.dropLast(held)), Array(found.suffix(held)))
    }

    /// Makes the model and the random numbers what they were before.
    func restore() {
        resetModel()
        task.model.train(wasTraining)
        Generator.default.state = random
    }

    private func resetModel() {
        task.model.zeroGrad()
        // What was taken from the model has its names and shapes.
        _ = try? task.model.load(stateDict: weights)
    }

    // MARK: Checks

    func makeChecks() throws {
        try note(.values) { try task.dataChecks() }
        try note(.structure) { try structureChecks() }
        try note(.startLoss) { [try startLoss()] }
        guard startsFinite else { return }
        try note(.isolation) { [try isolation()] }
        try note(.rate) { [try learningRate()] }
        let practice = try note(.oneBatch) { try oneBatch() }
        try note(.labels) { try comparison(isBlind: practice.first?.outcome == .failed) }
    }

    @discardableResult
    private func note(_ name: DoctorCheck.Name, _ make: () throws -> [DoctorCheck]) throws -> [DoctorCheck] {
        try listen(.begins(name))
        let checks = try make()
        for check in checks {
            report.checks.append(check)
            try listen(.ended(check))
        }
        return checks
    }

    // MARK: Short trainings

    /// The loss of a batch in the model as it is, without gradients.
    func loss(_ batch: Task.Batch, training: Bool) throws -> Double {
        task.model.train(training)
        return try noGrad {
            let loss = try task.loss(batch)
            return loss.mean(loss.total.item())
        }
    }

    /// The mean loss of several batches.
    func meanLoss(_ batches: [Task.Batch]) throws -> Double {
        try batches.reduce(0) { $0 + (try loss($1, training: true)) } / Double(batches.count)
    }

    /// Trains the model anew from its first weights.
    ///
    /// - Parameters:
    ///   - batch: that of a step.
    ///   - isDone: ends the training early, by the loss of a step.
    /// - Returns: the losses of the steps; the last one may be no number.
    func train(
        steps: Int, seconds: Double, batch: (Int) throws -> Task.Batch, until isDone: (Double) -> Bool = { _ in false }
    ) throws -> [Double] {
        resetModel()
        Generator.default.state = random
        let optimizers = OptimizerSet(configuration, task.parameterGroups, steps: Course(to: max(1, steps)))
        let parameters = optimizers.parameters
        let end = ContinuousClock.now + .seconds(seconds)
        task.model.train()
        var losses: [Double] = []
        for step in 0..<steps where losses.count == step {
            try listen(.works)
            optimizers.zeroGrad()
            let loss = try task.loss(batch(step))
            losses.append(loss.mean(loss.total.item()))
            if !losses[step].isFinite || isDone(losses[step]) || ContinuousClock.now > end { break }
            var gradient = StepGradient()
            gradient.add(loss, of: 1)
            gradient.finish(parameters)
            if let norm = configuration.clipNorm { clipGradNorm(parameters, maxNorm: norm) }
            // A short rise, as trainings have: the first steps of Adam are as large as any.
            optimizers.step(learningRate: rate * min(1, Double(step + 1) / 5))
        }
        return losses
    }

    /// A listener's chance to end a long check.
    func work() throws { try listen(.works) }
}
