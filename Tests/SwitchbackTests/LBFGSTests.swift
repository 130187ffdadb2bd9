import Switchback
import SwitchbackAdditions
import TestSupport
import Testing

/// L-BFGS against PyTorch 2.13 in float64, on Rosenbrock's function of two parameters together.
struct LBFGSTests {
    private struct Problem {
        let parameters = [
            Parameter(Tensor([-1.2, 1, 0.5], dtype: .float64)), Parameter(Tensor([[0.3, -0.7]], dtype: .float64)),
        ]

        var point: Tensor { Tensor.cat(parameters.map { $0.reshape(-1) }) }

        func loss() -> Tensor {
            let x = point
            let (next, previous) = (x.narrow(dim: 0, start: 1, length: 4), x.narrow(dim: 0, start: 0, length: 4))
            return ((next - previous.square()).square() * 100 + (1 - previous).square()).sum()
        }
    }

    private func expectClose(_ found: [Double], _ expected: [Double]) {
        #expect(found.count == expected.count)
        for (a, b) in zip(found, expected) { #expect(abs(a - b) <= 1e-9 * max(1, abs(b)), "\(a), expected \(b)") }
    }

    private func run(
        _ problem: Problem, _ make: ([Parameter]) -> LBFGS, losses: [Double], end: [Double]
    ) {
        let optimizer = make(problem.parameters)
        expectClose((0..<3).map { _ in optimizer.step(problem.loss) }, losses)
        expectClose(problem.point.toArray(as: Double.self), end)
    }

    @Test func stepsAreThoseOfPyTorch() {
        run(
            Problem(), { LBFGS($0, learningRate: 0.001, iterations: 6) },
            losses: [112.6, 111.55633216528005, 110.32984583045382],
            end: [
                -1.195898237910492, 0.9975171209721102, 0.5028550689426475, 0.29993028329468796, -0.6873403605450163,
            ])
        run(
            Problem(), { LBFGS($0, iterations: 8, lineSearch: .strongWolfe) },
            losses: [112.6, 4.304717857622293, 4.0019395137238565],
            end: [
                -0.9630871196121219, 0.9373803406394826, 0.8840002839012859, 0.7837054986278439, 0.6130220913511801,
            ])
        run(
            Problem(),
            { LBFGS($0, learningRate: 0.5, evaluations: 12, historySize: 3, lineSearch: .strongWolfe) },
            losses: [112.6, 4.278326387718308, 4.031019166733413],
            end: [
                -0.9579807925796231, 0.9286144137783197, 0.8663005918970592, 0.7524909384457565, 0.5656231272057657,
            ])
    }

    @Test func loadedStateContinuesWithTheSameBits() throws {
        let (first, second) = (Problem(), Problem())
        func optimizer(_ problem: Problem) -> LBFGS {
            LBFGS(problem.parameters, iterations: 5, historySize: 4, lineSearch: .strongWolfe)
        }
        let (original, resumed) = (optimizer(first), optimizer(second))
        for _ in 0..<2 { original.step(first.loss) }
        noGrad {
            for (copy, parameter) in zip(second.parameters, first.parameters) { copy.copy(from: parameter) }
        }
        try resumed.load(original.state)
        original.step(first.loss)
        resumed.step(second.loss)
        #expect(first.point.equal(second.point))
    }

    @Test func reachesTheMinimum() {
        let problem = Problem()
        let optimizer = LBFGS(problem.parameters, lineSearch: .strongWolfe)
        for _ in 0..<20 { optimizer.step(problem.loss) }
        #expect(problem.loss().item() < 1e-12 || abs(problem.loss().item() - 3.9308) < 1e-3)
    }

    @Test func saysWhatItCannotDo() throws {
        let problem = Problem()
        try expectStop("a step computes the loss several times") {
            problem.loss().backward()
            LBFGS(problem.parameters).step()
        }
        try expectStop("cannot have 2 groups") {
            _ = LBFGS(
                [ParameterGroup([problem.parameters[0]], learningRate: 1), ParameterGroup([problem.parameters[1]])])
        }
        try expectStop("not a single loss") { LBFGS(problem.parameters).step { problem.point } }
    }
}
