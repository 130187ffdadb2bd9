extension Tensor {
    /// e^x / Σ e^x along `dim`: numbers between 0 and 1 that sum to 1. Shape is unchanged. A line that holds NaN, +∞ or
    /// only −∞ becomes NaN.
    public final func softmax(dim: Int) -> Tensor { softmax(.softmax, dim, logarithm: false) }

    /// The logarithm of `softmax(dim:)`, accurate also where that is tiny. Shape is unchanged.
    public final func logSoftmax(dim: Int) -> Tensor { softmax(.logSoftmax, dim, logarithm: true) }

    /// The softmax of −x: the smallest element gets most.
    public final func softmin(dim: Int) -> Tensor { (-self).softmax(dim: dimension(dim, "softmin")) }

    /// A random choice along `dim` that gradients flow through, where these are logits (Jang, Gu and Poole, "Categorical
    /// reparameterization with Gumbel-softmax", 2017). Shape is unchanged.
    ///
    /// - Parameters:
    ///   - tau: the temperature: the lower, the nearer the result is to 1 at one place and 0 elsewhere.
    ///   - hard: whether it is exactly that, with the gradient of the soft choice.
    public final func gumbelSoftmax(
        tau: Double = 1, hard: Bool = false, dim: Int = -1, generator: Generator? = nil
    ) -> Tensor {
        require(tau > 0, "gumbelSoftmax", "the temperature is \(tau), and must be above 0")
        let dim = dimension(dim, "gumbelSoftmax")
        let noise = noGrad { -(-randLike(generator: generator).log()).log() }
        let soft = ((self + noise) / tau).softmax(dim: dim)
        if !hard { return soft }
        let choice = soft.zerosLike().scatter(dim: dim, index: soft.argmax(dim: dim, keepDim: true), value: 1)
        return soft + (choice - soft).detach()
    }

    private func softmax(_ name: OperationName, _ dim: Int, logarithm: Bool) -> Tensor {
        let dim = dimension(dim, "\(name)")
        require(dtype.isFloatingPoint, "\(name)", "the input is \(dtype); convert it to a floating-point type first")
        if dtype.byteCount == 2 { return to(.float32).softmax(name, dim, logarithm: logarithm).to(dtype) }
        guard let result = backend.softmax(array, dim: dim, logarithm: logarithm) else {
            return composedSoftmax(dim, logarithm: logarithm)
        }
        return Tensor.record(name, result, from: [self], savingOutput: true) { saved, gradient in
            let y = saved.output()
            if !ThreadState.current.recordsGradients,
                let result = y.backend.softmaxGradient(gradient.array, output: y.array, dim: dim, logarithm: logarithm)
            {
                return [Tensor(result)]
            }
            if logarithm { return [gradient - y.exp() * gradient.sum(dim: dim, keepDim: true)] }
            return [y * (gradient - (gradient * y).sum(dim: dim, keepDim: true))]
        }
    }

    private func composedSoftmax(_ dim: Int, logarithm: Bool) -> Tensor {
        if count == 0 { return self + 0 }
        // Subtracting the maximum changes no value, but keeps the exponentials from overflowing.
        let shifted = self - detach().amax(dim: dim, keepDim: true)
        let exponentials = shifted.exp()
        let sum = exponentials.sum(dim: dim, keepDim: true)
        return logarithm ? shifted - sum.log() : exponentials / sum
    }
}
