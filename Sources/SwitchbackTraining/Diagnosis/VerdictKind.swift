extension Verdict {
    /// What is the matter.
    public enum Kind: String, Codable, CaseIterable, Sendable {
        case healthy
        /// The loss has not fallen, and no other verdict explains it.
        case notLearning = "it does not learn"

        // Numbers.
        case notANumber = "not a number"
        case underflow = "underflow"

        // The way back.
        case noGradient = "no gradient"
        case vanishing = "vanishing gradient"
        case vanishingInTime = "gradient that vanishes through time"
        case exploding = "exploding gradient"
        case dead = "dead units"
        case saturated = "saturated units"
        case attention = "attention without a choice"

        // Weights at the start.
        case equalUnits = "equal units"
        case initialization = "poor initial weights"

        // The loss and what goes into it.
        case outputActivation = "activation before the loss"
        case lossShape = "shapes in the loss"
        case lossScale = "loss at the start"
        case penalty = "penalty that drowns the loss"

        // Data.
        case inputs = "inputs"
        case inputScale = "scale of the inputs"
        case targetScale = "scale of the targets"
        case oneClass = "one class"
        case imbalance = "class imbalance"
        case labels = "labels"
        case duplicates = "duplicates"
        case mixedExamples = "examples that see each other"
        case answersInSight = "answers in sight"

        // The optimizer.
        case rateTooHigh = "learning rate too high"
        case rateTooLow = "learning rate too low"
        case noise = "noisy gradient"
        case wrongDirection = "steps up the loss"
        case staleGradients = "gradients of earlier steps"
        case noSteps = "no steps"
        case notInOptimizer = "parameters without an optimizer"
        case frozen = "frozen parameters"
        case weightDecay = "weight decay too strong"
        case clipping = "clipping too strong"
        case momentum = "momentum too high"
        case schedule = "learning rate at its end"
        case warmup = "warm-up that is not over"

        // The model.
        case dropout = "dropout too strong"
        case evaluationMode = "inference mode in training"
        case batchNorm = "statistics of batch normalization"
        case nonlinearity = "layers without a nonlinearity"
        case layerOrder = "order of layers"
        case normalization = "normalization of single numbers"
        case unregistered = "unregistered parts"

        // Training against validation.
        case overfitting = "overfitting"
        case underfitting = "underfitting"
        case shift = "training and validation differ"
        case averaging = "averaged weights that lag"
        case augmentation = "augmentation too strong"

        /// As the beginning of a sentence.
        public var title: String { rawValue.capitalizedFirst }
    }
}
