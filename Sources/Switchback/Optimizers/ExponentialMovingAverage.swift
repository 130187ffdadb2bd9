import Foundation

/// A running average of a model's weights and buffers, which often predicts better than the weights of the last step
/// (Polyak and Juditsky, 1992; Tarvainen and Valpola, "Mean teachers", 2017).
///
/// ```swift
/// let average = ExponentialMovingAverage(model)
/// for batch in loader {
///     …
///     optimizer.step()
///     average.update()
/// }
/// average.swap()  // the model now has the averaged weights
/// ```
public final class ExponentialMovingAverage {
    private let model: Module
    private let decay: Double
    private let warmup: Double?
    /// How many updates there were.
    public private(set) var updates = 0
    /// The averages, by the names of the model's state dictionary.
    public private(set) var averages: [String: Tensor]

    /// - Parameters:
    ///   - decay: how much of the average stays at each update, in the long run.
    ///   - warmup: the decay of update n is `decay * (1 - exp(-n / warmup))`, so that the average leaves the first
    ///     weights behind soon; `nil` for `decay` throughout. 2000, with a decay of 0.9999, is Ultralytics' choice.
    public init(_ model: Module, decay: Double = 0.9999, warmup: Double? = 2000) {
        self.model = model
        self.decay = decay
        self.warmup = warmup
        averages = model.stateDict().mapValues { $0.clone() }
    }

    /// The decay at update `n`, counted from 1.
    public func decay(at n: Int) -> Double {
        guard let warmup else { return decay }
        return decay * (1 - exp(-Double(n) / warmup))
    }

    /// Moves the averages toward the present weights: `average = decay * average + (1 - decay) * weight`. Tensors of
    /// whole numbers, such as counters, are taken over.
    public func update() {
        updates += 1
        let decay = decay(at: updates)
        for (name, tensor) in model.stateDict() {
            // The averages lie where the model lies.
            guard let average = averages[name]?.to(tensor.backend) else { continue }
            averages[name] = average
            if tensor.dtype.isFloatingPoint {
                average.backend.updateAverage(average.array, with: tensor.array, decay: decay)
            } else {
                average.copy(from: tensor)
            }
        }
    }

    /// Exchanges the model's weights with the averages: once to validate or save the averages, again to train on.
    public func swap() {
        for (name, tensor) in model.stateDict() {
            guard let average = averages[name] else { continue }
            let kept = tensor.clone()
            tensor.copy(from: average)
            average.copy(from: kept)
        }
    }

    /// Runs `body` with the averages in the model.
    public func withAverages<Result>(_ body: () throws -> Result) rethrows -> Result {
        swap()
        defer { swap() }
        return try body()
    }

    /// Continues from saved averages.
    ///
    /// - Throws: `InputError` if their names or shapes are not the model's.
    public func load(_ saved: [String: Tensor], updates: Int) throws {
        for (name, average) in averages where saved[name]?.shape != average.shape {
            let found = saved[name].map { "has shape \($0.shape) and not \(average.shape)" } ?? "is missing"
            throw InputError("averaged weights", at: name, "it \(found)")
        }
        for (name, average) in averages { average.copy(from: saved[name]!) }
        self.updates = updates
    }
}
