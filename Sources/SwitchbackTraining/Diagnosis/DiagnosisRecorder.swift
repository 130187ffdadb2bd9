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
        defer { step += 1 }
        guard sampling.includes(step) else {
            let loss = try body()
            losses.add(noGrad { loss.detach().mean().item() })
            return loss
        }
        let isFirst = diagnosis.records.isEmpty
        let observer = StepObserver(model) { [weak self] loss in
            guard isFirst, let self else { return }
            diagnosis.add(findings: GraphFindings.of(loss, model: model))
        }
        defer { observer.end() }
        let loss = try body()
        losses.add(noGrad { loss.detach().mean().item() })
        var record = observer.record(step: step, loss: losses.latest, rate: learningRate)
        losses.settle(into: &record)
        if record.layers.contains(where: { $0.gradient != nil }) {
            diagnosis.records.append(record)
        } else if !hasWarned {
            hasWarned = true
            Diagnostics.warn("the step left no gradients to measure: forget the old ones before it, not at its end")
        }
        return loss
    }

    /// Notes the results of a validation.
    ///
    /// - Parameters:
    ///   - loss: the mean loss of the validation.
    ///   - trainingLoss: that of the training since the validation before; that of the last steps by default.
    ///   - metrics: others, of which greater is better: the accuracy.
    public func validated(loss: Double, trainingLoss: Double? = nil, metrics: [String: Double] = [:]) {
        diagnosis.validations.append(
            ValidationRecord(
                step: step, trainingLoss: trainingLoss ?? diagnosis.records.last.map { $0.meanLoss ?? $0.loss },
                validationLoss: loss, validationMetrics: metrics))
    }

    /// Runs `body`, a forward pass and `backward()`, and notes where NaN or infinity was born in it: for a batch whose
    /// loss is not a number. Slow. Parameters get gradients.
    public func findBirthplace(_ body: () throws -> Void) rethrows {
        let outside = model.namedParameters.first { !$0.parameter.isFinite }?.name
        let (birth, entry) = try Anomaly.origin(in: body)
        diagnosis.failure = TrainingFailure(
            step: step, problem: "a number is not finite", birth: birth, entry: entry, damagedParameter: outside)
    }
}

extension Tensor {
    /// Whether no element is NaN or infinite, as far as the sum of their squares tells.
    var isFinite: Bool { sumOfSquares.isFinite || isfinite().all().item(as: Bool.self) }
}
