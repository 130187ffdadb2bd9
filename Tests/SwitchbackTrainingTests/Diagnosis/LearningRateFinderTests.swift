import Switchback
import SwitchbackTraining
import Testing

@Suite(.serialized) struct LearningRateFinderTests {
    private var options: TrainingConfiguration {
        var options = TrainingConfiguration()
        options.optimizer = .sgd
        options.schedule = .constant
        return options
    }

    @Test func theSuggestionTrainsAndTheModelIsUntouched() throws {
        manualSeed(0)
        let task = SmallTask()
        let before = task.model.stateDict().mapValues { $0.toArray() }
        let random = Generator.default.state
        let curve = try LearningRateFinder().run(task, options)
        #expect(task.model.stateDict().mapValues { $0.toArray() } == before && Generator.default.state == random)
        #expect(task.model.parameters.allSatisfy { $0.grad == nil })
        let rates = curve.points.map(\.rate)
        #expect(rates[0] == 1e-7 && rates.last ?? 0 <= 10 && zip(rates, rates.dropFirst()).allSatisfy { $0 < $1 })
        // The test goes on until the loss is far above its lowest.
        #expect((curve.points.last?.smoothLoss ?? 0) > (curve.points.map(\.smoothLoss).min() ?? 0) * 2)
        let suggestion = try #require(curve.suggestion)
        #expect((1e-3...0.5).contains(suggestion))
        func loss(_ rate: Double) throws -> Double {
            var configuration = options
            configuration.lr = rate
            configuration.epochs = 10
            return try SmallTask.trainer(configuration).run().history.last?.validation["loss"] ?? .nan
        }
        #expect(try loss(suggestion) < loss(suggestion / 1000) / 2)
    }

    @Test func aLossThatCannotFallSuggestsNothing() {
        let flat = (0..<100).map { LearningRateCurve.Point(rate: Double($0 + 1), loss: 1, smoothLoss: 1) }
        #expect(LearningRateCurve(points: flat).suggestion == nil && LearningRateCurve(points: []).suggestion == nil)
        let steep = (0..<100).map { i -> LearningRateCurve.Point in
            let loss = i < 40 ? 1 : i < 60 ? 1 - Double(i - 40) / 40 : Double(i - 50) / 20
            return LearningRateCurve.Point(rate: Double(i + 1), loss: loss, smoothLoss: loss)
        }
        #expect((40...60).contains(LearningRateCurve(points: steep).suggestion ?? 0))
    }
}
