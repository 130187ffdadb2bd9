import Foundation
import Switchback
import SwitchbackFormats
import Testing

/// Operations on several tensors with several results: PyTorch's numbers in float64, stored by the name of a case.
public struct OperationFixture {
    private let stored: [String: Tensor]

    /// Reads `name.safetensors` of Tests/Fixtures.
    public init(_ name: String) throws {
        stored = try Safetensors.load(fixtureFolder.appendingPathComponent("\(name).safetensors").path)
    }

    /// What a case computes from; all of it records gradients.
    public func inputs(_ name: String) -> [Tensor] {
        let inputs = tensors(name, "in")
        for input in inputs { input.requiresGrad = true }
        return inputs
    }

    private func tensors(_ name: String, _ role: String) -> [Tensor] {
        (0...).lazy.map { stored["\(name)/\(role)/\($0)"]?.copied() }.prefix { $0 != nil }.map { $0! }
    }

    /// Compares the results of a case to `tolerance`, and the gradients of its inputs to ten times that.
    public func compare(
        _ name: String, tolerance: Double, gradients hasGradients: Bool = true, _ operation: ([Tensor]) -> [Tensor]
    ) {
        let inputs = inputs(name)
        let (found, expected) = (operation(inputs), tensors(name, "out"))
        #expect(!expected.isEmpty && found.count == expected.count)
        for (a, b) in zip(found, expected) {
            #expect(a.shape == b.shape && a.allClose(b, rtol: tolerance, atol: tolerance / 10))
        }
        if !hasGradients { return }
        let wanted = found.filter(\.requiresGrad)
        let upstream = wanted.map { y in
            Tensor((0..<y.count).map { cos(Double($0 + 1)) }, shape: y.shape, dtype: .float64)
        }
        let slopes = gradients(of: wanted, withRespectTo: inputs, gradients: upstream)
        for (a, b) in zip(slopes, tensors(name, "gin")) {
            let isClose = a?.allClose(b, rtol: 10 * tolerance, atol: tolerance) == true
            #expect(isClose, "\(name): \(a as Any) instead of \(b)")
        }
    }
}
