import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackStudio
import Testing

/// The first example of the page `/learn` against values derived by hand, and optimizers against PyTorch.
struct FirstExampleTests {
    private func fields(_ json: String) throws -> ConfigurationFields {
        try ConfigurationFields(body: Array(json.utf8))
    }

    /// dL/dw = 2(wx − 10) · x = −24, as the README says.
    @Test func theReadmesNumbers() {
        let walk = BackwardWalk(FirstExample())
        let values = Dictionary(uniqueKeysWithValues: walk.nodes.map { ($0.id, $0.value) })
        #expect(values == ["w": 2, "x": 3, "p": 6, "t": 10, "d": -4, "L": 16])
        let gradients = Dictionary(uniqueKeysWithValues: walk.nodes.map { ($0.id, $0.gradient) })
        #expect(gradients == ["w": -24, "x": nil, "p": -8, "t": nil, "d": -8, "L": 1])
        #expect(walk.rules.map(\.to) == ["d", "p", "w"])
        #expect(walk.rules.map(\.local) == [-8, 1, 3])
        #expect(walk.rules.map(\.incoming) == [1, -8, -8])
        #expect(walk.rules.map(\.gradient) == [-8, -8, -24])
    }

    /// What arrives is the derivative times what came in, and dL/dw is 2(wx − target)x, whatever the numbers.
    @Test(arguments: [(-1.0, -4.0, 12.0), (7, 4, -12), (0, 0, 0), (0.3, -1.7, 2.5), (3, 0, 5)])
    func everyRuleMultiplies(w: Double, x: Double, target: Double) {
        let walk = BackwardWalk(FirstExample(w: w, x: x, target: target))
        for rule in walk.rules { #expect(abs(rule.local * rule.incoming - rule.gradient) < 1e-4) }
        let slope = 2 * (w * x - target) * x
        #expect(abs(walk.rules[2].gradient - slope) < 1e-4 * max(1, abs(slope)))
    }

    @Test func theCurveIsTheLoss() throws {
        let curve = FirstExample().curve
        #expect(curve.first?.w == -1 && curve.last?.w == 7)
        for point in curve {
            let expected = (3 * point.w - 10) * (3 * point.w - 10)
            #expect(abs(point.loss - expected) < 1e-3)
        }
    }

    /// torch.optim, three steps from w = 2 at lr = 0.1:
    /// ```python
    /// for make in (lambda p: SGD(p, 0.1), lambda p: SGD(p, 0.1, momentum=0.9), lambda p: Adam(p, 0.1)):
    ///     w = torch.tensor([2.0], requires_grad=True); o = make([w])
    ///     for _ in range(3): o.zero_grad(); ((w * 3 - 10) ** 2).backward(); o.step(); print(w.item())
    /// ```
    @Test func hikersStepAsPyTorch() {
        let paths = Hike(rate: 0.1, stepCount: 3).paths
        let expected: [[Double]] = [[4.4, 2.48, 4.016], [4.4, 4.639999, 2.504], [2.1, 2.199721, 2.298942]]
        for (path, expected) in zip(paths, expected) {
            for (point, w) in zip(path.points.dropFirst(), expected) { #expect(abs(point.w - w) < 1e-5) }
            #expect(path.points.count == 4 && path.points[0].w == 2 && path.points[0].loss == 16)
        }
    }

    /// x = 3: the loss curves by 18, so that steps of SGD shrink the distance below a rate of 1/9, and grow it above.
    @Test func learningRatesTooSmallAndTooLarge() {
        func outcomes(_ rate: Double) -> [Hike.Outcome] { Hike(rate: rate).paths.map(\.outcome) }
        #expect(outcomes(0.0001)[0] == .slow && outcomes(0.0001)[2] == .slow)
        #expect(outcomes(0.1)[0] == .arrived && outcomes(0.1)[2] == .arrived)
        #expect(outcomes(0.12)[0] == .lost)
        #expect(outcomes(1).prefix(2) == [.lost, .lost])
        let lost = Hike(rate: 10, stepCount: 200).paths[0]
        #expect(lost.points.count < 20 && lost.points.allSatisfy { $0.loss.isFinite })
    }

    @Test(arguments: [
        (#"{"w": 99}"#, "field w: 99 is not between -1 and 7"), (#"{"x": "3"}"#, "field x: a number is needed"),
        (#"{"target": 1e400}"#, "field target"), (#"{"rate": 0}"#, "field rate: 0 is not between 1e-06 and 10"),
        (#"{"steps": 100000}"#, "field steps: 100000 is more than 200"), (#"{"steps": 0}"#, "field steps"),
        ("[]", "JSON object"),
    ])
    func otherNumbersAreRefused(json: String, problem: String) throws {
        let error = #expect(throws: InputError.self) { try Hike(fields(json)) }
        #expect(error?.description.contains(problem) == true, "\(String(describing: error))")
    }
}
