import Foundation

// Keeping gradients from growing too large.

/// Scales all gradients by one factor, so that their common norm is at most `maxNorm`; as
/// `torch.nn.utils.clip_grad_norm_` (Pascanu, Mikolov and Bengio, "On the difficulty of training recurrent neural
/// networks", 2013). Sums are made in the order of the parameters: the same on any number of threads.
///
/// - Parameter normType: 2 for the Euclidean norm, 1 for the sum of magnitudes, `.infinity` for the largest, or any
///   other positive power.
/// - Returns: the norm before the scaling.
@discardableResult
public func clipGradNorm(_ parameters: [Parameter], maxNorm: Double, normType: Double = 2) -> Double {
    require(normType > 0, "clipGradNorm", "the power of a norm is positive, not \(normType)")
    return noGrad {
        let gradients = parameters.compactMap(\.grad)
        let total = norm(of: gradients, normType)
        let factor = maxNorm / (total + 1e-6)
        if factor < 1 || factor.isNaN { scaleGradients(parameters, by: factor) }
        return total
    }
}

/// Multiplies all gradients by a factor, in place.
public func scaleGradients(_ parameters: [Parameter], by factor: Double) {
    for gradient in parameters.compactMap(\.grad) {
        gradient.backend.scale(gradient.array, by: factor)
        gradient.array.storage.noteChange(by: "scaleGradients")
    }
}

/// Limits each element of each gradient to `-limit...limit`; as `torch.nn.utils.clip_grad_value_`.
public func clipGradValue(_ parameters: [Parameter], limit: Double) {
    for gradient in parameters.compactMap(\.grad) {
        gradient.backend.unary(.clamp(minimum: -limit, maximum: limit), gradient.array, into: gradient.array)
        gradient.array.storage.noteChange(by: "clipGradValue")
    }
}

/// The norm of all the elements of all the tensors.
private func norm(of tensors: [Tensor], _ power: Double) -> Double {
    switch power {
    case 2: tensors.reduce(0) { $0 + $1.backend.sumOfSquares($1.array) }.squareRoot()
    case .infinity: tensors.reduce(0) { Swift.max($0, $1.count == 0 ? 0 : $1.abs().max().item()) }
    default: Foundation.pow(tensors.reduce(0) { $0 + $1.abs().pow(power).sum().item() }, 1 / power)
    }
}
