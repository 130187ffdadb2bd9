import Foundation
import Switchback

/// How likely errors of keypoints are, by a normalizing flow: an error in units of its deviation is carried to a
/// standard normal distribution (Li et al., "Human Pose Regression with Residual Log-likelihood Estimation", 2021; the
/// flow is RealNVP, Dinh et al., 2017). It is needed in training alone.
final class ErrorFlow: Module {
    private static let couplings = 6
    private static let width = 64

    /// Mean and covariance of the normal distribution, and which coordinate each coupling leaves as it is.
    private let loc, cov, mask: Buffer
    private let s, t: [Sequential]

    override init() {
        loc = Buffer(Tensor.zeros([2]))
        cov = Buffer(Tensor([1, 0, 0, 1] as [Float], shape: [2, 2]))
        mask = Buffer(
            Tensor((0..<Self.couplings).flatMap { $0 % 2 == 0 ? [0, 1] : [1, 0] as [Float] }, shape: [6, 2]))
        func linear(_ inputs: Int, _ outputs: Int) -> Linear {
            let layer = Linear(inputs, outputs)
            // At first hardly anything is changed.
            noGrad { layer.weight.copy(from: Parameter([outputs, inputs], .xavierUniform(gain: 0.01))) }
            return layer
        }
        func network(_ last: [Module]) -> Sequential {
            let (first, second, third) = (linear(2, Self.width), linear(Self.width, Self.width), linear(Self.width, 2))
            return Sequential([first, SiLU(), second, SiLU(), third] + last)
        }
        s = (0..<Self.couplings).map { _ in network([Tanh()]) }
        t = (0..<Self.couplings).map { _ in network([]) }
        super.init()
    }

    /// The logarithm of the density at errors: [rows, 2] → [rows].
    func logDensity(_ errors: Tensor) -> Tensor {
        var (z, logDeterminant) = (errors, Tensor.zeros([errors.shape[0]]))
        for index in (0..<Self.couplings).reversed() {
            let kept = mask[index]
            let (fixed, moved) = (kept * z, 1 - kept)
            let (scale, shift) = (s[index](fixed) * moved, t[index](fixed) * moved)
            z = moved * (z - shift) * (-scale).exp() + fixed
            logDeterminant = logDeterminant - scale.sum(dim: 1)
        }
        let normal = z.square().sum(dim: 1) / 2 + log(2 * Double.pi)
        return logDeterminant - normal
    }
}
