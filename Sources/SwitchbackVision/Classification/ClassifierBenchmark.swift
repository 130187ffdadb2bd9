import Switchback

/// Speed and accuracy of the ways to run a classifier.
public struct ClassifierBenchmark {
    /// The result of a form.
    public struct Result {
        public let form: InferenceForm
        /// For one batch.
        public let times: RunTimes
        /// The share of examples whose class is found, where some were given.
        public let accuracy: Double?
    }

    private let classifier: Classifier
    /// Inputs at a time.
    public var batch = 1
    /// How long each form is timed.
    public var seconds = 3.0

    public init(_ classifier: Classifier) { self.classifier = classifier }

    /// The forms that a classifier has.
    public var forms: [InferenceForm] { InferenceForm.all(isQuantized: classifier.quantized != nil) }

    /// Times a form on inputs of noise, and measures it on examples, if there are any.
    ///
    /// - Throws: `InputError` where an example cannot be read.
    public func measure(_ form: InferenceForm, on examples: ClassificationExamples? = nil) throws -> Result {
        let runner = ClassifierInference(classifier, form: form)
        let shape = Shape([batch] + classifier.configuration.inputShape)
        let input = Tensor.rand(shape, generator: Generator(seed: 0)).to(classifier.model.backend)
        let times = try RunTimes(seconds: seconds) {
            try runner.scores(input)
        } select: { scores in
            _ = noGrad { classifier.predictions(scores) }
        }
        let accuracy = try examples.map { try classifier.evaluate($0, workers: 2, form: form).metrics.top1 }
        return Result(form: form, times: times, accuracy: accuracy)
    }
}
