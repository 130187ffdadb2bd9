import Switchback
import TestSupport
import Testing

/// The distributions of first values.
@Suite(.seeded()) struct InitializerTests {
    private func values(_ shape: Shape, _ initializer: Initializer) -> [Double] {
        Parameter(shape, initializer, generator: Generator(seed: 7)).toArray(as: Double.self)
    }

    private func deviation(_ values: [Double]) -> Double {
        let mean = values.reduce(0, +) / Double(values.count)
        return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
    }

    @Test func spreadFollowsTheFans() {
        let shape: Shape = [50, 40, 3, 3]
        let (inputs, outputs) = (360.0, 450.0)
        let expected: [(Initializer, Double)] = [
            (.kaimingNormal(), (2 / inputs).squareRoot()),
            (.kaimingUniform(fan: .out), (2 / outputs).squareRoot()),
            (.kaimingNormal(nonlinearity: .tanh), 5 / 3 / inputs.squareRoot()),
            (.xavierNormal(), (2 / (inputs + outputs)).squareRoot()),
            (.xavierUniform(gain: 2), 2 * (2 / (inputs + outputs)).squareRoot()),
            (.normal(mean: 1, standardDeviation: 0.5), 0.5),
        ]
        for (initializer, wanted) in expected {
            #expect(abs(deviation(values(shape, initializer)) / wanted - 1) < 0.02)
        }
    }

    @Test func layersStartAsPyTorchs() {
        let bound = 1 / 100.0.squareRoot()
        let layer = Linear(100, 50, generator: Generator(seed: 1))
        for values in [layer.weight, layer.bias!].map({ $0.toArray(as: Double.self) }) {
            #expect(values.allSatisfy { abs($0) <= bound })
            #expect(values.contains { abs($0) > 0.9 * bound })
        }
        #expect(Embedding(4, 3, paddingIndex: 1).weight.toArray(as: Float.self)[3..<6].allSatisfy { $0 == 0 })
    }

    @Test func truncatedNormalStaysWithinItsBounds() {
        let values = values([2000], .truncatedNormal(mean: 1, standardDeviation: 2, low: 0, high: 2))
        #expect(values.allSatisfy { (0...2).contains($0) })
        // Of a standard normal between -0.5 and 0.5.
        #expect(abs(deviation(values) - 2 * 0.2832) < 0.02)
    }

    @Test(arguments: [Shape([3, 8]), [8, 3], [4, 2, 2]])
    func orthogonalMatricesHaveUnitSingularValues(_ shape: Shape) {
        let weight = Parameter(shape, .orthogonal(gain: 2), dtype: .float64, generator: Generator(seed: 3))
        let matrix = weight.detach().reshape([shape[0], -1])
        let wide = matrix.size(0) <= matrix.size(1)
        let gram = (wide ? matrix.matmul(matrix.t()) : matrix.t().matmul(matrix)).toArray(as: Double.self)
        let size = min(matrix.size(0), matrix.size(1))
        for (i, value) in gram.enumerated() {
            #expect(abs(value - (i % (size + 1) == 0 ? 4 : 0)) < 1e-12)
        }
    }

    @Test func theSameGeneratorGivesTheSameValues() {
        let layers = (0..<2).map { _ in Linear(5, 4, generator: Generator(seed: 11)) }
        #expect(layers[0].weight.toArray() == layers[1].weight.toArray() as [Float])
    }
}
