import Kernels

/// Single numbers, for what decides one at a time: augmentation, for example.
extension Generator {
    /// A number from a range, each as likely.
    public func uniform(_ range: ClosedRange<Double> = 0...1) -> Double {
        let fraction = onProcessor { Tensor.rand([], dtype: .float64, generator: self).item() }
        return range.lowerBound + fraction * (range.upperBound - range.lowerBound)
    }

    /// An integer from a range, each as likely. Stops if the range is empty.
    public func integer(_ range: Range<Int>) -> Int {
        onProcessor { Tensor.randint(range, [], generator: self).item(as: Int.self) }
    }

    /// True with the given probability.
    public func chance(_ probability: Double) -> Bool {
        // Draws where it need not, so that what is drawn after does not depend on the probability.
        uniform() < probability
    }

    /// Normally distributed, with mean 0 and variance 1.
    public func normal() -> Double { onProcessor { Tensor.randn([], dtype: .float64, generator: self).item() } }

    /// Single numbers are drawn where they are used, whatever the backend of new tensors is.
    private func onProcessor<Number>(_ draw: () -> Number) -> Number { Tensor.withBackend(CPUBackend.self, draw) }

    /// Distributed as Beta(a, b), for a and b of at least 1/3: from two gamma variates (Marsaglia and Tsang, "A simple
    /// method for generating gamma variables", 2000).
    public func beta(_ a: Double, _ b: Double) -> Double {
        require(a >= 1.0 / 3 && b >= 1.0 / 3, "beta", "the parameters \(a) and \(b) must be at least 1/3")
        let x = gamma(a)
        return x / (x + gamma(b))
    }

    private func gamma(_ shape: Double) -> Double {
        if shape < 1 { return gamma(shape + 1) * pow(uniform(), 1 / shape) }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = pow(1 + c * x, 3)
            if v > 0 && log(1 - uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
        }
    }
}
