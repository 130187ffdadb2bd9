import Switchback

/// Monitors backpropagation in your own training loop.
///
/// ```swift
/// let recorder = DiagnosisRecorder(model)
/// for (inputs, labels) in batches {
///     recorder.record {
///         optimizer.zeroGrad()
///         let loss = model(inputs).crossEntropy(labels)
///         loss.backward()
///         optimizer.step()
///         return loss
///     }
/// }
/// recorder.validated(loss: validationLoss)
/// print(recorder.diagnosis)
/// ```
///
/// One step in so many is measured; of the others the loss is read. The optimizer, the inputs, the labels and clipping
/// are seen as the step uses them: they need not be given. What is computed stays the same, bit for bit. A ``Trainer``
/// is watched by a ``DiagnosisLog``.
public final class DiagnosisRecorder {
    private let model: Module
    private let sampling: SamplingPlan
    private var step = 0
    private var losses = LossInterval()
    private var hasWarned = false
    /// The weights before the last measured step that began with sound ones.
    private var weights: [(parameter: Parameter, before: Tensor)] = []
    private var isSound = true
    private let memory = ExampleMemory()
    /// Between the steps.
    private var validation: ValidationWatch?
    /// The measurements so far, and the verdicts.
    public private(set) var diagnosis = Diagnosis()

    /// - Parameter interval: one step in so many is measured; by default the first ones, and then one in ten.
    public init(_ model: Module, every interval: Int? = nil) {
        require(interval ?? 1 > 0, "DiagnosisRecorder", "one step in at least one is measured")
        self.model = model
        sampling = SamplingPlan(every: interval)
        diagnosis.facts.describe(model)
    }

    /// Runs `body`, which makes one whole step of the training, and measures it where it is its turn.
    ///
    /// - Parameters:
    ///   - learningRate: of the step, for loops without an optimizer.
    ///   - body: forgets the old gradients first, and returns the loss.
    /// - Returns: the loss.
    @discardableResult
    public func record(learningRate: Double? = nil, _ body: () throws -> Tensor) rethrows -> Tensor {
        validation?.end()
        defer {
            step += 1
            validation = ValidationWatch(model, memory)
        }
        guard sampling.includes(step) else {
            let loss = try body()
            losses.add(noGrad { loss.detach().mean().item() })
            return loss
        }
        let isFirst = diagnosis.records.isEmpty
        let layers = ObservedLayers(model)
        let observer = StepObserver(model, layers, memory, isFirst: isFirst)
        let trace = isFirst ? StepTrace(model) : nil
        defer {
            observer.end()
            trace?.end()
        }
        keepWeights(layers.parameters.map(\.parameter))
        let loss = try body()
        losses.add(noGrad { loss.detach().mean().item() })
        isSound = losses.latest.isFinite
        var record = observer.record(step: step, loss: losses.latest, rate: learningRate)
        losses.settle(into: &record)
        if record.layers.contains(where: { $0.gradient != nil }) || record.optimizer?.omission != nil {
            diagnosis.records.append(record)
            if let trace { diagnosis.add(trace) }
        } else if !hasWarned {
            hasWarned = true
            Diagnostics.warn("the step left no gradients to measure: forget the old ones before it, not at its end")
        }
        return loss
    }

    /// Keeps the weights as they are before the step, as long as they are sound.
    private func keepWeights(_ parameters: [Parameter]) {
        let count = parameters.reduce(0) { $0 + $1.count }
        guard isSound, count <= Self.keptElements, isTurn(count), weights.isEmpty || parameters.allSatisfy(\.isFinite)
        else { return }
        noGrad {
            // The memory of the last time, if the model still has the same parameters.
            guard weights.count == parameters.count, zip(weights, parameters).allSatisfy({ $0.parameter === $1 }) else {
                return weights = parameters.map { ($0, $0.detach().clone()) }
            }
            for (parameter, before) in weights { before.copy(from: parameter.detach()) }
        }
    }

    /// Of larger models no weights are kept.
    private static let keptElements = 1 << 24

    /// Whether the weights are kept in this measured step: of small models in each, of others in one of five, because a
    /// copy of all costs as much as other steps do.
    private func isTurn(_ count: Int) -> Bool { count <= Tensor.fewElements || diagnosis.records.count % 5 == 0 }

    /// Notes the results of a validation.
    ///
    /// - Parameters:
    ///   - loss: the mean loss of the validation.
    ///   - trainingLoss: that of the training since the validation before; that of the last steps by default.
    ///   - metrics: others, of which greater is better: the accuracy.
    public func validated(loss: Double, trainingLoss: Double? = nil, metrics: [String: Double] = [:]) {
        var record = ValidationRecord(
            step: step, trainingLoss: trainingLoss ?? diagnosis.records.last.map { $0.meanLoss ?? $0.loss },
            validationLoss: loss, validationMetrics: metrics)
        record.sample = validation?.sample
        record.isInTrainingMode = validation.map { $0.isInTrainingMode ? true : nil } ?? nil
        diagnosis.validations.append(record)
    }

    /// Runs `body`, a forward pass and `backward()`, and notes where NaN or infinity was born in it: for a batch whose
    /// loss is not a number. Where that batch's step has spoiled the weights already, it runs with those that were kept
    /// before; afterwards they are as they were. Slow. Parameters get gradients.
    public func findBirthplace(_ body: () throws -> Void) rethrows {
        let spoiled = damagedParameter(inside: nil)
        let present = spoiled == nil ? [] : noGrad { weights.map { ($0.parameter, $0.parameter.detach().clone()) } }
        if spoiled != nil { noGrad { for (parameter, before) in weights { parameter.copy(from: before) } } }
        defer { noGrad { for (parameter, value) in present { parameter.copy(from: value) } } }
        let (birth, entry) = try Anomaly.origin(in: body)
        let damaged = entry.map { $0.isParameter ? damagedParameter(inside: $0.module) : nil } ?? spoiled
        diagnosis.failure = TrainingFailure(
            step: max(0, step - 1), problem: "the loss is not a number", birth: birth, entry: entry,
            damagedParameter: damaged)
    }

    /// The first parameter that is not finite, in a module where one is given.
    private func damagedParameter(inside module: String?) -> String? {
        model.namedParameters.first { name, parameter in
            (module.map { name.hasPrefix($0 + ".") } ?? true) && !parameter.isFinite
        }?.name ?? (module == nil ? nil : damagedParameter(inside: nil))
    }
}

extension Tensor {
    /// Whether no element is NaN or infinite, as far as the sum of their squares tells.
    var isFinite: Bool { sumOfSquares.isFinite || isfinite().all().item(as: Bool.self) }
}
