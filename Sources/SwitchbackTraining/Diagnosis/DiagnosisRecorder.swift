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
/// print(recorder.diagnosis)
/// ```
///
/// One step in so many is measured; the others cost nothing. What is computed stays the same, bit for bit. A
/// ``Trainer`` is watched by a ``DiagnosisLog``.
public final class DiagnosisRecorder {
    private let model: Module
    private let interval: Int
    private var step = 0
    private var hasWarned = false
    private var observer: StepObserver?
    /// The measurements so far, and the verdicts.
    public private(set) var diagnosis = Diagnosis()

    /// - Parameter interval: one step in so many is measured.
    public init(_ model: Module, every interval: Int = DiagnosisLog.usualInterval) {
        require(interval > 0, "DiagnosisRecorder", "one step in at least one is measured")
        self.model = model
        self.interval = interval
    }

    /// Runs `body`, which makes one whole step of the training, and measures it where it is its turn.
    ///
    /// - Parameters:
    ///   - learningRate: of the step, for the verdict.
    ///   - body: forgets the old gradients first, and returns the loss.
    /// - Returns: the loss.
    @discardableResult
    public func record(learningRate: Double? = nil, _ body: () throws -> Tensor) rethrows -> Tensor {
        defer { step += 1 }
        guard step % interval == 0 else { return try body() }
        let observer = StepObserver(model)
        defer { observer.end() }
        observer.keepWeights()
        let loss = try body()
        let record = observer.record(step: step, loss: noGrad { loss.mean().item() }, rate: learningRate)
        if record.layers.contains(where: { $0.gradient != nil }) {
            diagnosis.records.append(record)
        } else if !hasWarned {
            hasWarned = true
            Diagnostics.warn("the step left no gradients to measure: forget the old ones before it, not at its end")
        }
        return loss
    }

    /// Runs `body`, a forward pass and `backward()`, and notes where NaN or infinity was born in it: for a batch whose
    /// loss is not a number. Slow. Parameters get gradients.
    public func findBirthplace(_ body: () throws -> Void) rethrows {
        let birth = try Anomaly.birth(in: body)
        let outside = model.namedParameters.first { !$0.parameter.isFinite }?.name
        diagnosis.failure = TrainingFailure(
            step: step, problem: "a number is not finite", birth: birth, damagedParameter: outside)
    }
}

extension Tensor {
    /// Whether no element is NaN or infinite, as far as the sum of their squares tells.
    var isFinite: Bool { sumOfSquares.isFinite || isfinite().all().item(as: Bool.self) }
}
