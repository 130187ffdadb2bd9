import Switchback
import TestSupport
import Testing

// The code of the tutorial "Adding a layer".

/// Multiplies each channel by a learned number: [N, …, channels] to the same shape.
final class LayerScale: Module {
    /// One number for each channel.
    let scale: Parameter

    init(_ channels: Int, initialValue: Double = 1e-4) {
        scale = Parameter(Tensor.full([channels], initialValue))
    }

    override func forward(_ x: Tensor) -> Tensor { x * scale }
}

@Suite(.seeded()) struct AddingALayer {
    @Test func itsParameterIsFoundAndTrained() {
        let branch = Sequential(Linear(8, 8), GELU(), LayerScale(8))
        let output = branch(Tensor.randn([2, 8]))
        output.square().mean().backward()
        let names = branch.namedParameters.map(\.name)  // ["0.weight", "0.bias", "2.scale"]
        #expect(names == ["0.weight", "0.bias", "2.scale"])
        #expect(branch.parameters.allSatisfy { $0.grad != nil })
    }
}
