// Noise for training, which keeps a network from relying on single units (Srivastava et al., "Dropout", 2014).

/// Sets each element to zero with probability `p` while training, and scales the others up by 1 / (1 - p).
public final class Dropout: Module {
    private let p: Double
    private let generator: Generator?

    public init(p: Double = 0.5, generator: Generator? = nil) {
        require((0...1).contains(p), "Dropout", "\(p) is not a probability")
        self.p = p
        self.generator = generator
    }

    public override func forward(_ input: Tensor) -> Tensor {
        input.dropout(p: p, training: isTraining, generator: generator)
    }

    public override var configuration: String { "p: \(p)" }
}

/// As `Dropout`, but whole channels of [N, C, …] are set to zero or kept.
public final class Dropout2d: Module {
    private let p: Double
    private let generator: Generator?

    public init(p: Double = 0.5, generator: Generator? = nil) {
        require((0...1).contains(p), "Dropout2d", "\(p) is not a probability")
        self.p = p
        self.generator = generator
    }

    public override func forward(_ input: Tensor) -> Tensor {
        input.dropout2d(p: p, training: isTraining, generator: generator)
    }

    public override var configuration: String { "p: \(p)" }
}
