/// What `gradientCheck` reports if a gradient disagrees with central differences.
public struct GradientMismatch: Error, CustomStringConvertible {
    /// Which input, and which of its elements in row-major order.
    public let input: Int
    public let element: Int
    /// The gradient that `backward()` computed.
    public let computed: Double
    /// The slope that central differences measured.
    public let measured: Double

    public var description: String {
        "the gradient of element \(element) of input \(input) is \(computed), and central differences give \(measured)"
    }
}

/// Compares the gradients of `function` with central differences, (f(x + h) - f(x - h)) / 2h, element by element.
///
/// Outputs are weighted with fixed random numbers, so that every element of a result takes part. Use float64 inputs:
/// float32 has too few digits for differences. As `torch.autograd.gradcheck`.
///
/// - Parameters:
///   - inputs: the points; those that require a gradient are checked. They are not changed.
///   - step: h.
///   - tolerance: how far the two may be apart, relative to the larger, at least 1.
/// - Throws: `GradientMismatch` for the first element that disagrees.
public func gradientCheck(
    _ inputs: [Tensor], step: Double = 1e-6, tolerance: Double = 1e-5, of function: ([Tensor]) -> Tensor
) throws {
    let points = inputs.map { input -> Tensor in
        let copy = input.detach().clone()
        copy.requiresGrad = input.requiresGrad
        return copy
    }
    let generator = Generator(seed: 0x5eed)
    var weights: Tensor?
    func loss() -> Tensor {
        let output = function(points)
        let scale = weights ?? output.detach().randLike(generator: generator) + 0.5
        weights = scale
        return (output * scale).sum()
    }
    let checked = points.indices.filter { points[$0].requiresGrad }
    let value = loss()
    require(value.requiresGrad, "gradientCheck", "no gradient flows from the result to the inputs")
    let computed = gradients(of: [value], withRespectTo: checked.map { points[$0] })
    for (position, gradient) in zip(checked, computed) {
        let point = points[position]
        let found = gradient.map { $0.toArray(as: Double.self) } ?? [Double](repeating: 0, count: point.count)
        for element in 0..<point.count {
            let measured = slope(at: point.array, element: element, step: step) { loss().item() }
            let bound = tolerance * max(1, abs(measured), abs(found[element]))
            if !(abs(measured - found[element]) <= bound) {
                throw GradientMismatch(
                    input: position, element: element, computed: found[element], measured: measured)
            }
        }
    }
}

/// The slope of `value` along one element of a contiguous float64 or float32 array, which is put back afterwards.
private func slope(at array: NDArray, element: Int, step: Double, value: () -> Double) -> Double {
    let place = array.viewed(as: [array.count])!.sliced(0, start: element, length: 1)
    let original = place.double(at: 0)
    func valueWith(_ replacement: Double) -> Double {
        array.backend.fill(place, with: replacement, integer: 0)
        return value()
    }
    let difference = valueWith(original + step) - valueWith(original - step)
    array.backend.fill(place, with: original, integer: 0)
    return difference / (2 * step)
}
