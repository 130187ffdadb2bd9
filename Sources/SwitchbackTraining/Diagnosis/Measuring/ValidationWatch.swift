import Switchback

/// Watches a validation: what enters the model and the loss, of its first batches.
final class ValidationWatch: TrainingObserver {
    private let model: Module
    private lazy var layers = Set(ObservedLayers(model).positions.keys)
    private let memory: ExampleMemory
    /// The module that batches enter.
    private weak var entry: Module?
    private var batches = 0
    private var judged = 0
    private var output: OutputRecord?
    /// Whether batches that nothing was learned from were judged in training mode.
    private var hasJudgedInTrainingMode = false
    private var input: InputRecord?
    private var (compared, known) = (0, 0)
    private var marks: Set<UInt64> = []
    private var accuracies: [Double] = []
    private var observation: TrainingObservation?

    /// How many batches are looked at.
    private static let most = 8

    /// Watches this thread until `end()`.
    init(_ model: Module, _ memory: ExampleMemory) {
        self.model = model
        self.memory = memory
        observation = TrainingObservation(self)
    }

    func end() { observation?.end() }

    /// What was seen; `nil` of nothing.
    var sample: ValidationSample? {
        input.map {
            ValidationSample(
                input: $0, compared: compared, known: known, repeated: compared - marks.count,
                accuracy: accuracies.isEmpty ? nil : (accuracies.reduce(0, +) / Double(accuracies.count)).recorded,
                output: output)
        }
    }

    /// Whether all that was seen was in training mode.
    var isInTrainingMode: Bool { input == nil && hasJudgedInTrainingMode }

    // MARK: What is watched

    func begins(_ module: Module, on input: Tensor) { note(input, of: module) }
    func begins(unrecorded module: Module, on input: Tensor) { note(input, of: module) }

    /// In training mode it is no validation.
    private func note(_ input: Tensor, of module: Module) {
        guard batches < Self.most, !model.isTraining, module === entry ?? module,
            module === model || layers.contains(ObjectIdentifier(module))
        else { return }
        entry = module
        batches += 1
        noGrad {
            let input = input.detach()
            let marks = input.exampleMarks
            if self.input == nil { self.input = InputRecord(measuring: input, marks: marks) }
            guard let marks else { return }
            compared += marks.count
            known += memory.known(marks)
            self.marks.formUnion(marks)
        }
    }

    func compares(_ prediction: Tensor, with target: Tensor, in loss: OperationName) { judge(prediction, target, loss) }

    func compares(unrecorded prediction: Tensor, with target: Tensor, in loss: OperationName) {
        if model.isTraining { hasJudgedInTrainingMode = true }
        judge(prediction, target, loss)
    }

    private func judge(_ prediction: Tensor, _ target: Tensor, _ loss: OperationName) {
        guard judged < Self.most, !model.isTraining, prediction.count > 0, target.count > 0 else { return }
        judged += 1
        noGrad {
            let record = OutputRecord(measuring: prediction.detach(), with: target.detach(), in: "\(loss)")
            if output == nil { output = record }
            if let accuracy = record.accuracy { accuracies.append(accuracy) }
        }
        // What follows is no longer looked at, and costs nothing then.
        if judged == Self.most { end() }
    }
}
