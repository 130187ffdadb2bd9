import Kernels

/// A running average of a model's weights and buffers, which often predicts better than the weights of the last step
/// (Polyak and Juditsky, 1992; Tarvainen and Valpola, "Mean teachers", 2017).
///
/// ```swift
/// let average = ExponentialMovingAverage(model)
/// for batch in loader {
///     loss(batch).backward()
///     optimizer.step()
///     average.update()
/// }
/// average.swap()  // the model now has the averaged weights
/// ```
public final class ExponentialMovingAverage {
    private struct Pair {
        /// The parameter or buffer itself.
        let source: Tensor
        let average: Tensor

        /// Its present memory.
        var weight: Tensor { source.detach() }
    }

    private let pairs: [Pair]
    private let decay: Double
    private let warmup: Double?
    /// How many updates there were.
    public private(set) var updates = 0
    /// The averages, by the names of the model's state dictionary.
    public let averages: [String: Tensor]

    /// Of the parameters and buffers that the model has now; ones that it is given later are not averaged.
    ///
    /// - Parameters:
    ///   - decay: how much of the average stays at each update, in the long run.
    ///   - warmup: the decay of update n is `decay * (1 - exp(-n / warmup))`, so that the average leaves the first
    ///     weights behind soon; `nil` for `decay` throughout. 2000, with a decay of 0.9999, is Ultralytics' choice.
    public init(_ model: Module, decay: Double = 0.9999, warmup: Double? = 2000) {
        let pairs = model.namedStateTensors.map { name, tensor in
            (name, Pair(source: tensor, average: tensor.detach().clone()))
        }
        self.pairs = pairs.map(\.1)
        averages = Dictionary(pairs.map { ($0, $1.average) }) { first, _ in first }
        self.decay = decay
        self.warmup = warmup
    }

    /// The decay at update `n`, counted from 1.
    public func decay(at n: Int) -> Double {
        guard let warmup else { return decay }
        return decay * (1 - exp(-Double(n) / warmup))
    }

    /// Moves the averages toward the present weights: `average = decay * average + (1 - decay) * weight`. Tensors of
    /// integers, such as counters, are taken over.
    public func update() {
        updates += 1
        let decay = decay(at: updates)
        for pair in pairs {
            let (weight, average) = (pair.weight, pair.average)
            // The averages lie where the model lies.
            if average.backend != weight.backend { average.array = average.to(weight.backend).array }
            if weight.dtype.isFloatingPoint {
                average.backend.updateAverage(average.array, with: weight.array, decay: decay)
            } else {
                average.copy(from: weight)
            }
        }
    }

    /// Exchanges the model's weights with the averages: once to validate or save the averages, again to train on.
    public func swap() {
        for pair in pairs {
            let (weight, average) = (pair.weight, pair.average)
            let kept = weight.clone()
            weight.copy(from: average)
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
