import Switchback
import Testing
import TestSupport

/// Every operator against PyTorch's results and gradients, on every backend and in both precisions.
@Suite struct ParityTests {
    /// How each operator of the fixture is spelled here, by family.
    static let operations: [String: ParityOperation] = [
        elementwiseParity, activationParity, reductionParity, matmulParity, shapingParity, indexingParity,
        convolutionParity, poolingParity, resamplingParity, normalizationParity, attentionParity, recurrentParity,
        lossParity,
    ].reduce(into: [:]) { $0.merge($1) { _, _ in fatalError("an operator is listed twice") } }

    /// In float64 too, PyTorch computes these gradients with constants (1/6, 1/alpha) rounded to float32.
    static let withRoundedConstants: Set = ["hardsigmoid", "celu"]

    @Test(arguments: ParityCase.all)
    func cpu(_ testCase: ParityCase) throws { try compare(testCase, on: CPUBackend.self) }

    @Test(arguments: ParityCase.all)
    func reference(_ testCase: ParityCase) throws { try compare(testCase, on: ReferenceBackend.self) }

    /// The operands lie in the memory of the backend; what the operation makes beside them has to follow.
    func compare(_ testCase: ParityCase, on backend: any Backend.Type) throws {
        let operation = try #require(
            Self.operations[testCase.op], "no operation is given for \(testCase.op) of the fixture")
        for double in [true, false] {
            compare(testCase, operation, on: backend, double: double)
        }
    }

    private func compare(
        _ testCase: ParityCase, _ operation: ParityOperation, on backend: any Backend.Type, double: Bool
    ) {
        let inputs = testCase.inputNames.map { name -> (name: String, tensor: Tensor) in
            let stored = testCase.tensor("in", name)!.copied().to(backend)
            let tensor = double && stored.dtype == .float32 ? stored.to(.float64) : stored
            tensor.requiresGrad = testCase.differentiable.contains(name)
            return (name, tensor)
        }
        let outputs = operation(ParityArguments(attributes: testCase.attributes, inputs: inputs))
        #expect(outputs.count == testCase.outputCount)
        for (i, output) in outputs.enumerated() {
            let expected = testCase.tensor(double ? "out64" : "out", "\(i)") ?? testCase.tensor("out", "\(i)")!
            expectClose(
                output, expected, tolerance: double ? 1e-9 : 2e-6 + 8 * testCase.outputError,
                what: "\(testCase.name) output \(i)")
        }
        compareGradients(testCase, inputs, outputs, on: backend, double: double)
    }

    private func compareGradients(
        _ testCase: ParityCase, _ inputs: [(name: String, tensor: Tensor)], _ outputs: [Tensor],
        on backend: any Backend.Type, double: Bool
    ) {
        let upstream = outputs.indices.compactMap { i -> (Tensor, Tensor)? in
            guard let gradient = testCase.tensor("gout", "\(i)")?.copied().to(backend) else { return nil }
            return (outputs[i], double ? gradient.to(.float64) : gradient)
        }
        if upstream.isEmpty || testCase.differentiable.isEmpty { return }
        let wanted = inputs.filter { testCase.differentiable.contains($0.name) }
        let found = gradients(
            of: upstream.map(\.0), withRespectTo: wanted.map(\.tensor), gradients: upstream.map(\.1))
        let exactness = Self.withRoundedConstants.contains(testCase.op) ? 1e-7 : 1e-9
        for (gradient, input) in zip(found, wanted) {
            let expected = testCase.tensor(double ? "gin64" : "gin", input.name)!
            guard let gradient else {
                Issue.record("\(testCase.name): no gradient reached \(input.name)")
                continue
            }
            expectClose(
                gradient, expected, tolerance: double ? exactness : 2e-6 + 8 * testCase.gradientError,
                what: "\(testCase.name) gradient of \(input.name)")
        }
    }

    /// float64 must agree to rounding; float32 may be a small multiple as far from PyTorch's as that is from float64.
    private func expectClose(_ found: Tensor, _ expected: Tensor, tolerance: Double, what: String) {
        #expect(found.shape == expected.shape, "\(what): shape \(found.shape), expected \(expected.shape)")
        guard found.shape == expected.shape else { return }
        let a = found.toArray(as: Double.self)
        let b = expected.toArray(as: Double.self)
        let scale = max(1, b.filter(\.isFinite).map(Swift.abs).max() ?? 1)
        for (i, (x, y)) in zip(a, b).enumerated() where !(x == y || (x.isNaN && y.isNaN)) {
            if !(Swift.abs(x - y) <= tolerance * scale) {
                Issue.record(
                    "\(what), \(found.dtype), element \(i): \(x), expected \(y) (tolerance \(tolerance * scale))")
                return
            }
        }
    }
}
