import Switchback
import SwitchbackVision
import Testing

@Suite struct ClassificationMetricsTests {
    @Test func twoClasses() throws {
        var metrics = ClassificationMetrics(classNames: ["no", "yes"])
        let second: [Float] = [0.1, 0.4, 0.35, 0.8, 0.4, 0.9]
        let scores = Tensor(second.flatMap { [1 - $0, $0] }, shape: [6, 2])
        metrics.add(scores, Tensor([0, 0, 1, 1, 1, 0]))
        #expect(metrics.top1 == 3.0 / 6)
        #expect(metrics.top5 == 1)
        // Pairs of a no and a yes: 0.1 is below all three, 0.4 below one, equal to one, and 0.9 below none.
        #expect(try abs(#require(metrics.areaUnderCurve) - 4.5 / 9) < 1e-12)
        #expect(metrics.confusion.counts == [[2, 2], [1, 1]])
        #expect(metrics.classes[1].precision == 0.5 && abs(metrics.classes[1].recall - 1.0 / 3) < 1e-12)
        #expect(abs(metrics.classes[1].f1 - 0.4) < 1e-12)
    }

    @Test func theFiveHighest() {
        var metrics = ClassificationMetrics(classNames: (0..<7).map(String.init))
        let scores = Tensor([[7.0, 6, 5, 4, 3, 2, 1], [1, 1, 1, 1, 1, 1, 1]])
        metrics.add(scores, Tensor([4, 5]))
        #expect(metrics.top1 == 0 && metrics.top5 == 0.5)
        #expect(metrics.areaUnderCurve == nil)
        metrics.add(scores, Tensor([0, 0]))
        #expect(metrics.top1 == 0.5 && metrics.top5 == 0.75)
        #expect(metrics.classes[6].precision == 0 && metrics.classes[0].examples == 2)
    }
}
