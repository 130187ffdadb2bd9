import Synchronization

/// The result of `fused()`: the same function as the model, for inference only, with batch normalization folded into
/// the preceding convolution.
///
/// ```swift
/// let fast = model.fused()
/// let logits = fast(images)
/// let (boxes, scores) = detector.fused().run { $0.heads(images) }  // a model with more than one result
/// ```
///
/// It computes as the model does after `eval()` and inside `noGrad`, whatever mode the model is in.
public final class Fused<Model: Module>: Module {
    /// The model that it was made from, which it leaves as it is. The folded filters are copies, taken when `fused()`
    /// was called, in the order of memory that convolutions read them in; all other parameters are the model's own.
    public let model: Model
    /// Guards `plan`.
    private let lock = Mutex(())
    private var plan: FusionPlan

    fileprivate init(_ model: Model) {
        self.model = model
        plan = FusionPlan(for: model)
    }

    public override func forward(_ input: Tensor) -> Tensor { run { $0(input) } }

    /// Runs `body`, which calls the model, with the folded filters.
    ///
    /// Which convolution a normalization follows is read from the order in which a module defines them. Where `body`
    /// turns out to use the output of one otherwise, the two are computed apart from then on, and `body` runs again.
    public func run<Result>(_ body: (Model) throws -> Result) rethrows -> Result {
        while true {
            let pass = FusionPass(currentPlan)
            let result = try pass.run { try body(model) }
            if pass.misfits.isEmpty { return result }
            lock.withLock { _ in plan.loosen(pass.misfits) }
        }
    }

    private var currentPlan: FusionPlan {
        var current: FusionPlan?
        lock.withLock { _ in current = plan }
        return current!
    }

    /// None: nothing here is trained or saved.
    public override func namedParts() -> [(name: String, part: Part)] { [] }

    public override var configuration: String { "folded: \(plan.count)" }
}

/// The types that have `fused()`: every module, with its own type.
public protocol Fusible: Module {}

extension Module: Fusible {}

extension Fusible {
    /// This model for inference, with each `BatchNorm2d`, and a `ReLU` or `SiLU` after it, folded into the `Conv2d`
    /// before it: outputs agree to about 1e-6, and each of the layers no longer takes a pass over memory. The model
    /// itself stays as it is.
    public func fused() -> Fused<Self> { Fused(self) }
}

extension Conv2d {
    /// The layer with batch normalization and what follows it: `activation(normalization(output) + residual)`. In a
    /// model that `fused()` made it is one operation; otherwise the normalization takes along what follows it.
    public func callAsFunction(
        _ input: Tensor, normalizedBy normalization: BatchNorm2d, activation: FusedActivation = .none,
        adding residual: Tensor? = nil
    ) -> Tensor {
        if let filters = FusionPass.current?.filters(of: self, normalizedBy: normalization) {
            return running(input) { convolved(input, filters, activation, adding: residual) }
        }
        return normalization(self(input), activation: activation, adding: residual)
    }
}
