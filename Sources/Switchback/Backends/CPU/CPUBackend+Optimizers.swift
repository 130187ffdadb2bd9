import Kernels

extension CPUBackend {
    public static func sgdStep(_ step: SGDStep, parameter: NDArray, gradient: NDArray, momentumBuffer: NDArray?) {
        guard areDenseFloats([parameter, momentumBuffer]) else {
            return composedSGDStep(step, parameter: parameter, gradient: gradient, momentumBuffer: momentumBuffer)
        }
        gradient.withDenseFloats { gradient in
            sb_sgd_step(
                parameter.count, parameter.floats, gradient, momentumBuffer?.floats, Float(step.learningRate),
                Float(step.momentum), Float(step.dampening), Float(step.weightDecay), step.usesNesterov ? 1 : 0,
                step.isFirst ? 1 : 0, Float(step.gradientScale))
        }
    }

    public static func adamStep(
        _ step: AdamStep, parameter: NDArray, gradient: NDArray, mean: NDArray, variance: NDArray,
        maximumVariance: NDArray?
    ) {
        guard areDenseFloats([parameter, mean, variance, maximumVariance]) else {
            return composedAdamStep(
                step, parameter: parameter, gradient: gradient, mean: mean, variance: variance,
                maximumVariance: maximumVariance)
        }
        gradient.withDenseFloats { gradient in
            sb_adam_step(
                parameter.count, parameter.floats, gradient, mean.floats, variance.floats, maximumVariance?.floats,
                Float(step.learningRate), Float(step.beta1), Float(step.beta2), Float(step.epsilon),
                Float(step.weightDecay), step.isDecoupled ? 1 : 0, Int64(step.step), Float(step.gradientScale))
        }
    }

    public static func updateAverage(_ average: NDArray, with value: NDArray, decay: Double) {
        guard areDenseFloats([average]) else { return composedUpdateAverage(average, with: value, decay: decay) }
        value.withDenseFloats { sb_ema(average.count, average.floats, $0, Float(decay)) }
    }

    public static func addSumOfSquares(of x: NDArray, to sum: NDArray) {
        if x.dtype != .float32 { return composedAddSumOfSquares(of: x, to: sum) }
        sum.pointer(to: Double.self).pointee += x.withDenseFloats { sb_sum_of_squares(x.count, $0) }
    }

    public static func scale(_ x: NDArray, byElement factor: NDArray) {
        let factor = factor.pointer(to: Double.self).pointee
        // As it is for most gradients that are clipped: a pass over memory less.
        if factor != 1 { scale(x, by: factor) }
    }

    /// Whether the arrays that are there are float32 in row-major order, as the kernels want those they write to.
    private static func areDenseFloats(_ arrays: [NDArray?]) -> Bool {
        arrays.allSatisfy { $0.map { $0.dtype == .float32 && $0.isContiguous } ?? true }
    }
}

extension NDArray {
    /// Runs `body` with the elements of a float32 array in row-major order, copied where they lie otherwise.
    func withDenseFloats<Result>(_ body: (UnsafeMutablePointer<Float>) -> Result) -> Result {
        let dense = contiguous()
        return withExtendedLifetime(dense.storage) { body(dense.floats) }
    }
}
