import Foundation
import Switchback
import SwitchbackTraining

/// A small training, ill or healthy, that can be run and changed: the network, the data, the optimizer, and all that a
/// user might do wrong with them.
public struct Patient {
    public typealias Data = (inputs: Tensor, targets: Tensor)

    public var model: () -> Module
    /// The examples of training and of validation.
    public var data: () -> (training: Data, validation: Data?)
    public var optimizer = OptimizerKind.adam
    public var rate = 1e-3
    public var momentum: Double?
    public var weightDecay = 0.0
    /// Makes the optimizers of a model, at a rate, where they are not one of the kind above.
    public var makesOptimizers: ((Module, Double) -> [Optimizer])?
    public var steps = 60
    public var batch = 32
    public var isShuffled = true
    public var clipNorm: Double?
    /// The largest magnitude of an element of a gradient.
    public var clipValue: Double?
    /// What the learning rate is multiplied by in a step.
    public var schedule: (Int) -> Double = { _ in 1 }
    public var loss: (Tensor, Tensor) -> Tensor = { $0.crossEntropy($1) }
    /// What is added to the loss.
    public var penalty: ((Module) -> Tensor)?
    /// What is differentiated, where it is not the loss itself.
    public var differentiated: (Tensor) -> Tensor = { $0 }
    /// Changes the network before the training.
    public var prepare: (Module) -> Void = { _ in }
    /// The parameters that the optimizer gets.
    public var trained: (Module) -> [(name: String, parameter: Parameter)] = { $0.namedParameters }
    /// What a step does with the loss, in this order.
    public var loop: [LoopPart] = [.forget, .differentiate, .clip, .step]
    public var isInTraining = true
    /// Whether it goes back to training mode after a validation.
    public var returnsToTraining = true
    /// Whether validations forget to leave training mode.
    public var validatesInTraining = false
    /// A training before the one that is watched, for so many steps.
    public var pretraining = 0
    /// A validation every so many steps; none by default.
    public var validateEvery: Int?

    /// A part of a step.
    public enum LoopPart {
        case forget, differentiate, clip, step
    }

    public init(_ model: @escaping () -> Module, _ data: @escaping () -> (training: Data, validation: Data?)) {
        self.model = model
        self.data = data
    }

    /// Trains, watched by a recorder as a user's own loop would be.
    public func diagnosis(seed: UInt64 = 1) -> Diagnosis {
        Generator.withDefault(Generator(seed: seed)) {
            let model = model()
            prepare(model)
            let (training, validation) = data()
            let optimizers = makesOptimizers?(model, rate) ?? [makeOptimizer(model)]
            if isInTraining { model.train() } else { model.eval() }
            var order = Order(count: training.inputs.shape[0], batch: batch, isShuffled: isShuffled)
            for _ in 0..<pretraining { _ = step(model, optimizers, order.next(of: training)) }
            let recorder = DiagnosisRecorder(model)
            for number in 0..<steps {
                let batch = order.next(of: training)
                for optimizer in optimizers { optimizer.learningRate = rate * schedule(number) }
                let loss = recorder.record { step(model, optimizers, batch) }
                if !loss.item().isFinite {
                    recorder.findBirthplace { differentiated(self.loss(model(batch.inputs), batch.targets)).backward() }
                    break
                }
                if let validateEvery, (number + 1) % validateEvery == 0, let validation {
                    validate(model, validation, recorder)
                }
            }
            return recorder.diagnosis
        }
    }

    private func makeOptimizer(_ model: Module) -> Optimizer {
        optimizer.makeOptimizer(
            [ParameterGroup(trained(model))], learningRate: rate, momentum: momentum, weightDecay: weightDecay)
    }

    private func step(_ model: Module, _ optimizers: [Optimizer], _ batch: Data) -> Tensor {
        var loss = loss(model(batch.inputs), batch.targets)
        if let penalty { loss = loss + penalty(model) }
        for part in loop {
            switch part {
            case .forget: for optimizer in optimizers { optimizer.zeroGrad() }
            case .differentiate: differentiated(loss).backward()
            case .clip:
                if let clipNorm { clipGradNorm(model.parameters, maxNorm: clipNorm) }
                if let clipValue { clipGradValue(model.parameters, limit: clipValue) }
            case .step: for optimizer in optimizers { optimizer.step() }
            }
        }
        return loss
    }

    private func validate(_ model: Module, _ data: Data, _ recorder: DiagnosisRecorder) {
        if !validatesInTraining { model.eval() }
        let loss = noGrad { self.loss(model(data.inputs), data.targets).item() }
        if isInTraining && returnsToTraining { model.train() }
        recorder.validated(loss: loss)
    }
}

/// The examples of one batch after another.
private struct Order {
    let count, batch: Int
    let isShuffled: Bool
    private var open: [Int] = []

    init(count: Int, batch: Int, isShuffled: Bool) {
        (self.count, self.batch, self.isShuffled) = (count, batch, isShuffled)
    }

    mutating func next(of data: Patient.Data) -> Patient.Data {
        if open.count < batch {
            open = isShuffled ? Tensor.randperm(count).toArray(as: Int64.self).map { Int($0) } : Array(0..<count)
        }
        let taken = open.prefix(batch)
        open.removeFirst(taken.count)
        let index = Tensor(taken.map(Double.init)).to(.int64)
        return (data.inputs.indexSelect(dim: 0, index: index), data.targets.indexSelect(dim: 0, index: index))
    }
}
