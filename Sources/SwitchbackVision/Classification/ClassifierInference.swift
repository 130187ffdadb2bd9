import Switchback
import SwitchbackInference

/// Computes a classifier's scores in one of its forms.
struct ClassifierInference {
    private let classifier: Classifier
    private let form: InferenceForm
    /// Where that is the form: it has its own copies of the filters.
    private let fused: Fused<Module>?

    /// - Parameter form: by default int8 where the classifier is quantized, else as trained.
    init(_ classifier: Classifier, form: InferenceForm? = nil) {
        self.classifier = classifier
        self.form = form ?? (classifier.quantized == nil ? .asTrained : .int8)
        classifier.model.eval()
        fused = self.form == .fused ? classifier.model.fused() : nil
    }

    /// The scores (logits) of inputs as they are in files: [N, …] → [N, classes].
    ///
    /// - Throws: `InputError` where a quantized classifier cannot be computed.
    func scores(_ inputs: Tensor) throws -> Tensor {
        let inputs = classifier.configuration.normalization.apply(to: inputs)
        return try noGrad {
            switch form {
            case .int8: try classifier.computed(inputs)
            case .fused, .asTrained: fused?(inputs) ?? classifier.model(inputs)
            }
        }
    }
}
