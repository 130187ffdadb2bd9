import Foundation
import Switchback
import SwitchbackDistributions
import TestSupport
import Testing

/// Distributions against PyTorch's (Tests/Fixtures/make_linear_algebra.py), gradients against central differences, and draws
/// against the moments.
@Suite struct DistributionTests {
    private static var x: Tensor { Tensor([0.3, 1.2, 0.7], dtype: .float64) }
    private static var y: Tensor { Tensor([1.5, 0.4, 2], dtype: .float64) }

    private func expect(_ found: Tensor, _ kind: String, _ name: String) throws {
        let file = try Data(contentsOf: fixtureFolder.appendingPathComponent("distributions.json"))
        let all = try #require(try JSONSerialization.jsonObject(with: file) as? [String: [String: Any]])
        let expected = try #require(all[name]?[kind] as? [Any]).map { ($0 as? NSNumber)?.doubleValue ?? .infinity }
        let numbers = found.toArray(as: Double.self)
        #expect(numbers.count == expected.count)
        for (a, b) in zip(numbers, expected) {
            #expect(a == b || abs(a - b) <= 1e-10 * max(1, abs(b)), "\(name) \(kind): \(a), expected \(b)")
        }
    }

    private func compare<D: Divergent>(_ name: String, _ p: D, _ q: D, at value: Tensor) throws {
        try expect(p.logProb(value), "log_prob", name)
        try expect(p.entropy(), "entropy", name)
        try expect(p.divergence(from: q), "kl", name)
    }

    @Test func valuesAreThoseOfPyTorch() throws {
        let (x, y) = (Self.x, Self.y)
        try compare(
            "normal", Normal(mean: x, standardDeviation: y), Normal(mean: y, standardDeviation: x), at: x + 0.1)
        try compare("uniform", Uniform(low: x, high: x + y), Uniform(low: x - 1, high: x + 3), at: x + 0.1)
        try compare("laplace", Laplace(mean: x, scale: y), Laplace(mean: y, scale: x), at: x + 0.1)
        try compare("exponential", Exponential(rate: y), Exponential(rate: x), at: x)
        let share = Tensor([0.2, 0.9, 0.5], dtype: .float64)
        let bernoulli = Bernoulli(probabilities: share)
        try compare(
            "bernoulli", bernoulli, Bernoulli(probabilities: Tensor([0.6, 0.3, 0.5], dtype: .float64)),
            at: Tensor([0.0, 1, 1]))
        try expect(bernoulli.variance, "variance", "bernoulli")
        try expect(Normal(mean: x, standardDeviation: y).variance, "variance", "normal")
        try expect(Uniform(low: x, high: x + y).variance, "variance", "uniform")
        try expect(Uniform(low: x, high: x + y).mean, "mean", "uniform")
        try expect(Laplace(mean: x, scale: y).variance, "variance", "laplace")
        try expect(Exponential(rate: y).mean, "mean", "exponential")
        let logits = Tensor([[0.1, 2, -1], [0.5, 0.5, 0]], dtype: .float64)
        let others = Tensor([[1.0, 0, 0.3], [0, 1, 2]], dtype: .float64)
        try compare("categorical", Categorical(logits: logits), Categorical(logits: others), at: Tensor([2, 0]))
    }

    @Test func gradientsAreCentralDifferences() throws {
        let (x, y) = (Self.x.clone(), Self.y.clone())
        for leaf in [x, y] { leaf.requiresGrad = true }
        try gradientCheck([x, y]) { p in
            let (normal, laplace) = (Normal(mean: p[0], standardDeviation: p[1]), Laplace(mean: p[0], scale: p[1]))
            let value = normal.logProb(Tensor([0.1, 2, 1])) + laplace.logProb(Tensor([0.1, 2, 1])) + normal.entropy()
            let drawn =
                normal.rsample([2], generator: Generator(seed: 1)) + laplace.rsample([2], generator: Generator(seed: 2))
            return Tensor.cat([
                value, drawn.sum(dim: 0), Normal(mean: p[1], standardDeviation: p[0]).divergence(from: normal),
            ])
        }
        try gradientCheck([x]) { p in
            let categorical = Categorical(logits: p[0])
            return Tensor.stack([categorical.entropy(), categorical.logProb(Tensor(1))])
        }
    }

    @Test func drawsHaveTheMoments() {
        func check(_ draws: Tensor, _ mean: Double, _ variance: Double) {
            let count = Double(draws.count)
            #expect(abs(draws.mean().item() - mean) < 5 * (variance / count).squareRoot())
            #expect(abs(draws.var().item() / variance - 1) < 0.1)
        }
        func drawn(_ distribution: some Distribution) -> Tensor {
            distribution.sample([20_000], generator: Generator(seed: 3)).to(.float64)
        }
        let (one, two) = (Tensor(1.0), Tensor(2.0))
        check(drawn(Normal(mean: one, standardDeviation: two)), 1, 4)
        check(drawn(Uniform(low: one, high: two)), 1.5, 1.0 / 12)
        check(drawn(Laplace(mean: one, scale: two)), 1, 8)
        check(drawn(Exponential(rate: two)), 0.5, 0.25)
        check(drawn(Bernoulli(probabilities: Tensor(0.3))), 0.3, 0.21)
        let categorical = Categorical(weights: Tensor([[1.0, 0, 3], [0, 1, 0]]))
        let categories = categorical.sample([4000], generator: Generator(seed: 3))
        #expect(categories.shape == [4000, 2] && categories.dtype == .int64)
        #expect(categories.select(dim: 1, index: 1).eq(1).all().item(as: Bool.self))
        check(categories.select(dim: 1, index: 0).to(.float64), 1.5, 0.75)
        #expect(!Normal(mean: Tensor([1.0], requiresGrad: true), standardDeviation: two).sample().requiresGrad)
        #expect(categorical.entropy().isfinite().all().item(as: Bool.self))
    }

    /// Probabilities of 0 and 1 stay what they are, where logits have to be finite.
    @Test func certaintiesStayCertain() {
        let certain = Bernoulli(probabilities: Tensor([0.0, 1, 0.5, 0]))
        #expect(certain.mean.toArray() == [0, 1, 0.5, 0] && certain.variance.toArray() == [0, 0, 0.25, 0])
        let draws = certain.sample([1000], generator: Generator(seed: 1)).mean(dim: 0).toArray()
        #expect(draws[0] == 0 && draws[1] == 1 && draws[3] == 0)
        let half = Bernoulli(probabilities: Tensor([0.5, 0.5, 0.5, 0.5]))
        let distances = half.divergence(from: certain).toArray()
        #expect(distances[0] == .infinity && distances[1] == .infinity && distances[2] == 0)
        #expect(certain.divergence(from: certain).toArray() == [0, 0, 0, 0])
    }

    @Test func saysWhatItCannotDo() throws {
        try expectStop("neither 0 nor 1") { _ = Bernoulli(logits: Tensor([0.5])).logProb(Tensor([0.5])) }
        try expectStop("a logit is NaN") { _ = Bernoulli(logits: Tensor([Double.nan])) }
        try expectStop("a mean is NaN") { _ = Normal(mean: Tensor(Double.nan), standardDeviation: Tensor(1.0)) }
        try expectStop("all weights of a row are 0") { _ = Categorical(weights: Tensor([[0.0, 1], [0, 0]])) }
        try expectStop("do not broadcast") {
            _ = Normal(mean: Tensor([1.0, 2]), standardDeviation: Tensor([1.0, 2, 3]))
        }
        try expectStop("not positive") { _ = Normal(mean: Tensor(1.0), standardDeviation: Tensor(0.0)) }
        try expectStop("not in 0...1") { _ = Bernoulli(probabilities: Tensor([0.5, 1.5])) }
        try expectStop("not below") { _ = Uniform(low: Tensor(1.0), high: Tensor(1.0)) }
    }
}
