import Switchback
import SwitchbackInference

/// Computes a classifier's scores in one of its forms.
struct ClassifierInference {
    private let classifier: Classifier
    private let form: InferenceForm
    /// Where that is the form: it has its own copies of the filters.
    private let fused: Fused<Module>?

    init(_ classifier: Classifier, form: InferenceForm) {
        (self.classifier, self.form) = (classifier, form)
        classifier.model.eval()
        fused = form == .fused ? classifier.model.fused() : nil
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
