import Kernels
import Synchronization

/// A random number generator whose whole state is two numbers.
///
/// Numbers come from counters (Philox4x32-10; Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", 2011): what
/// a call draws depends on the seed and on how many counters earlier calls used, and not on threads. A generator may be
/// used from several threads; the order in which they come then decides which numbers each gets.
public final class Generator: Sendable {
    /// Where a generator stands. Saved in checkpoints, so that a resumed run draws what it would have drawn.
    public struct State: Hashable, Codable, Sendable {
        public var seed: UInt64
        /// How many counters have been used.
        public var offset: UInt64

        public init(seed: UInt64, offset: UInt64 = 0) {
            self.seed = seed
            self.offset = offset
        }
    }

    /// The generator that is used where none is given. Its seed is 0 until `manualSeed` sets another.
    public static var `default`: Generator { scoped ?? shared }

    private static let shared = Generator(seed: 0)
    @TaskLocal private static var scoped: Generator?

    /// Runs `body` with another generator where none is given: for work that is to draw the same numbers whatever
    /// else the program draws meanwhile.
    public static func withDefault<Result>(_ generator: Generator, _ body: () throws -> Result) rethrows -> Result {
        try $scoped.withValue(generator, operation: body)
    }

    /// The same for work that waits.
    public static func withDefault<Result>(
        _ generator: Generator, isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> Result
    ) async rethrows -> Result {
        try await $scoped.withValue(generator, operation: body, isolation: isolation)
    }

    private let current: Mutex<State>

    public init(seed: UInt64) { current = Mutex(State(seed: seed)) }

    public init(state: State) { current = Mutex(state) }

    /// Where the generator stands; set it to draw the same numbers again.
    public var state: State {
        get { current.withLock { $0 } }
        set { current.withLock { $0 = newValue } }
    }

    /// The state from which the next `counters` counters are the caller's own.
    func reserve(_ counters: UInt64) -> State {
        current.withLock { state in
            defer { state.offset &+= counters }
            return state
        }
    }
}

/// Sets the seed of the generator that is used where none is given, and starts it anew.
public func manualSeed(_ seed: UInt64) { Generator.default.state = Generator.State(seed: seed) }

// MARK: - Random tensors

extension Tensor {
    /// Uniform in [0, 1).
    public static func rand(
        _ shape: Shape, dtype: DType = .float32, requiresGrad: Bool = false, generator: Generator? = nil
    ) -> Tensor {
        let tensor = empty(floatingShape: shape, dtype: dtype, "rand")
        tensor.array.fillUniform(low: 0, high: 1, generator)
        tensor.requiresGrad = requiresGrad
        return tensor
    }

    /// Normally distributed, with mean 0 and variance 1.
    public static func randn(
        _ shape: Shape, dtype: DType = .float32, requiresGrad: Bool = false, generator: Generator? = nil
    ) -> Tensor {
        let tensor = empty(floatingShape: shape, dtype: dtype, "randn")
        tensor.array.fillNormal(mean: 0, standardDeviation: 1, generator)
        tensor.requiresGrad = requiresGrad
        return tensor
    }

    /// Integers from a range, each as likely: `Tensor.randint(0..<10, [2, 3])`. Stops if the range is empty.
    public static func randint(
        _ range: Range<Int>, _ shape: Shape, dtype: DType = .int64, generator: Generator? = nil
    ) -> Tensor {
        require(!range.isEmpty, "randint", "the range \(range) is empty")
        let tensor = empty(shape, dtype: dtype)
        let state = tensor.array.reserve(generator)
        tensor.backend.randomIntegers(
            tensor.array, seed: state.seed, offset: state.offset, low: Int64(range.lowerBound),
            high: Int64(range.upperBound))
        return tensor
    }

    /// The numbers from 0 to `count - 1` in random order, int64.
    public static func randperm(_ count: Int, generator: Generator? = nil) -> Tensor {
        require(count >= 0, "randperm", "\(count) is not a number of elements")
        return randint(Int.min..<Int.max, [count], generator: generator).argsort()
    }

    /// 1 with the given probability, else 0.
    public static func bernoulli(
        _ shape: Shape, probability: Double, dtype: DType = .float32, generator: Generator? = nil
    ) -> Tensor {
        require((0...1).contains(probability), "bernoulli", "\(probability) is not a probability")
        return (rand(shape, generator: generator) .< probability).to(dtype)
    }

    /// 1 with the probability that each element gives, else 0. Shape and type are unchanged.
    public final func bernoulli(generator: Generator? = nil) -> Tensor {
        require(dtype.isFloatingPoint, "bernoulli", "probabilities are floating-point numbers, not \(dtype)")
        let uniform = emptyLike(dtype: dtype == .float64 ? .float64 : .float32)
        uniform.array.fillUniform(low: 0, high: 1, generator)
        return (uniform .< self).to(dtype)
    }

    /// A new tensor of undefined contents, in a type that random fractions can have.
    private static func empty(floatingShape shape: Shape, dtype: DType, _ operation: String) -> Tensor {
        require(dtype.isFloatingPoint, operation, "makes floating-point numbers, not \(dtype)")
        return empty(shape, dtype: dtype)
    }
}

extension NDArray {
    fileprivate func reserve(_ generator: Generator?) -> Generator.State {
        (generator ?? .default).reserve(randomCounters)
    }

    func fillUniform(low: Double, high: Double, _ generator: Generator?) {
        let state = reserve(generator)
        backend.randomUniform(self, seed: state.seed, offset: state.offset, low: low, high: high)
    }

    func fillNormal(mean: Double, standardDeviation: Double, _ generator: Generator?) {
        let state = reserve(generator)
        backend.randomNormal(
            self, seed: state.seed, offset: state.offset, mean: mean, standardDeviation: standardDeviation)
    }
}

// MARK: - Draws

extension Tensor {
    /// Draws `count` categories by their weights: of a [categories] tensor, or of each row of a [rows, categories] one.
    /// Weights need not sum to 1. Returns int64 [count] or [rows, count].
    ///
    /// Stops if weights are negative or not finite, if a row has none above 0, or if more are drawn without replacement
    /// than there are.
    public final func multinomial(_ count: Int, replacement: Bool = false, generator: Generator? = nil) -> Tensor {
        require(
            dtype.isFloatingPoint && (rank == 1 || rank == 2), "multinomial",
            "weights are floating-point numbers of shape [categories] or [rows, categories], not \(dtype) \(shape)")
        let weights = toArray(as: Double.self)
        let categories = shape[rank - 1]
        let rows = rank == 2 ? shape[0] : 1
        require(
            weights.allSatisfy { $0 >= 0 && $0.isFinite }, "multinomial", "a weight is negative or not finite")
        require(
            replacement || count <= categories, "multinomial",
            "cannot draw \(count) of \(categories) categories without replacement")
        let draws = Tensor.rand([rows, replacement ? count : categories], dtype: .float64, generator: generator)
        let uniform = draws.toArray(as: Double.self)
        let drawn = (0..<rows).flatMap { row -> [Int] in
            let weights = weights[row * categories..<(row + 1) * categories]
            let width = uniform.count / Swift.max(rows, 1)
            let uniform = uniform[row * width..<(row + 1) * width]
            return replacement ? drawWithReplacement(weights, uniform) : drawWithoutReplacement(count, weights, uniform)
        }
        return Tensor(drawn, shape: rank == 2 ? [rows, count] : [count], like: self)
    }

    /// The first category whose running weight exceeds each uniform number.
    private func drawWithReplacement(_ weights: ArraySlice<Double>, _ uniform: ArraySlice<Double>) -> [Int] {
        var total = 0.0
        let running = weights.map { weight -> Double in
            total += weight
            return total
        }
        require(total > 0, "multinomial", "a row has no weight above 0")
        return uniform.map { fraction in
            let target = fraction * total
            var low = 0
            var high = running.count - 1
            while low < high {
                let middle = (low + high) / 2
                if running[middle] > target { high = middle } else { low = middle + 1 }
            }
            return low
        }
    }

    /// The categories whose exponential clocks ring first (Efraimidis and Spirakis, 2006).
    private func drawWithoutReplacement(
        _ count: Int, _ weights: ArraySlice<Double>, _ uniform: ArraySlice<Double>
    ) -> [Int] {
        let rings = zip(weights, uniform).map { weight, fraction in
            weight > 0 ? -Kernels.log(1 - fraction) / weight : .infinity
        }
        let order = rings.indices.sorted { (rings[$0], $0) < (rings[$1], $1) }.prefix(count)
        require(
            order.allSatisfy { rings[$0] < .infinity }, "multinomial",
            "fewer than \(count) categories have a weight above 0")
        return Array(order)
    }
}
