// Keeping gradients from growing too large.

/// Scales all gradients by one factor, so that their common norm is at most `maxNorm`; as
/// `torch.nn.utils.clip_grad_norm_` (Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural
/// networks", 2013). Sums are made in the order of the parameters: the same on any number of threads.
///
/// - Parameter normType: as for `gradNorm`.
/// - Returns: the norm before the scaling, one float64. Nothing here waits for it.
@discardableResult
public func clipGradNorm(_ parameters: [Parameter], maxNorm: Double, normType: Double = 2) -> Tensor {
    let norm = gradNorm(parameters, normType: normType)
    clipGradNorm(parameters, maxNorm: maxNorm, norm: norm)
    return norm
}

/// As above, where the common norm is known; as `torch.nn.utils.clip_grads_with_norm_`.
public func clipGradNorm(_ parameters: [Parameter], maxNorm: Double, norm: Tensor) {
    let factor = noGrad { (maxNorm / (norm + 1e-6)).clamp(max: 1.0) }
    ThreadState.observing(.clipping) {
        for gradient in parameters.compactMap(\.gradElements) {
            gradient.backend.scale(gradient.array, byElement: factor.array)
            gradient.array.storage.noteChange(by: "clipGradNorm")
        }
    }
}

/// The common norm of all gradients, one float64; as `torch.nn.utils.get_total_norm`.
///
/// - Parameter normType: 2 for the Euclidean norm, 1 for the sum of magnitudes, `.infinity` for the largest, or any
///   other positive power.
public func gradNorm(_ parameters: [Parameter], normType: Double = 2) -> Tensor {
    require(normType > 0, "gradNorm", "the power of a norm is positive, not \(normType)")
    return noGrad { norm(of: parameters.compactMap(\.gradElements), normType) }
}

/// Multiplies all gradients by a factor, in place.
public func scaleGradients(_ parameters: [Parameter], by factor: Double) {
    for gradient in parameters.compactMap(\.gradElements) {
        gradient.backend.scale(gradient.array, by: factor)
        gradient.array.storage.noteChange(by: "scaleGradients")
    }
}

/// Limits each element of each gradient to `-limit...limit`; as `torch.nn.utils.clip_grad_value_`.
public func clipGradValue(_ parameters: [Parameter], limit: Double) {
    ThreadState.observing(.clipping) {
        for gradient in parameters.compactMap(\.gradElements) {
            gradient.backend.unary(.clamp(minimum: -limit, maximum: limit), gradient.array, into: gradient.array)
            gradient.array.storage.noteChange(by: "clipGradValue")
        }
    }
}

/// The norm of all the elements of all the tensors, one float64.
private func norm(of tensors: [Tensor], _ power: Double) -> Tensor {
    let total = Tensor(
        NDArray(filled: 0, shape: [], dtype: .float64, backend: tensors.first?.backend ?? ThreadState.current.backend))
    if power == 2 {
        for tensor in tensors { tensor.backend.addSumOfSquares(of: tensor.array, to: total.array) }
        return total.sqrt()
    }
    let magnitudes = tensors.filter { $0.count > 0 }.map { $0.abs().to(.float64) }
    if power == .infinity { return magnitudes.reduce(total) { $0.maximum($1.max()) } }
    return magnitudes.reduce(total) { $0 + $1.pow(power).sum() }.pow(1 / power)
}
