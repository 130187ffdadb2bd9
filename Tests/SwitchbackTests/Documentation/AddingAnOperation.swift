import Switchback
import Testing

// The code of the tutorial "Adding an operation".

extension Tensor {
    /// `limit · tanh(x / limit)`: nearly x while |x| is well below the limit, never beyond it. Shape is unchanged.
    func softCap(_ limit: Double) -> Tensor {
        let capped = noGrad { (self / limit).tanh() * limit }
        return Tensor.record("softCap", capped.array, from: [self], savingOutput: true) { saved, gradient in
            [gradient * (1 - (saved.output() / limit).square())]
        }
    }
}

@Suite struct AddingAnOperation {
    @Test func itsGradientAgreesWithCentralDifferences() throws {
        let x = Tensor([-3.0, -0.5, 0.0, 2.0], dtype: .float64, requiresGrad: true)
        try gradientCheck([x]) { $0[0].softCap(1.5) }
    }

    @Test func itIsNearlyTheIdentityAndStaysWithinTheLimit() {
        let y = Tensor([0.01, 100.0]).softCap(1.5)
        #expect(y.allClose(Tensor([0.01, 1.5]), rtol: 1e-3))
    }

    @Test func itsGradientHasAGradient() throws {
        let x = Tensor([-0.5, 2.0], dtype: .float64, requiresGrad: true)
        try gradientCheck([x]) {
            gradients(of: [$0[0].softCap(1.5).sum()], withRespectTo: [$0[0]], createGraph: true)[0]!
        }
    }
}
