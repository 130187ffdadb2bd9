import Foundation
import Switchback
import SwitchbackTraining
import TestSupport
import Testing

@Suite(.seeded(), .serialized) struct LearningRateFinderTests {
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
        // With one of its small batches a step, the losses vary more than they fall.
        var accumulating = options
        accumulating.accumulate = 4
        let curve = try LearningRateFinder().run(task, accumulating)
        #expect(task.model.stateDict().mapValues { $0.toArray() } == before && Generator.default.state == random)
        #expect(task.model.parameters.allSatisfy { $0.grad == nil })
        let rates = curve.points.map(\.rate)
        #expect(rates[0] == 1e-7 && rates.last ?? 0 <= 10 && zip(rates, rates.dropFirst()).allSatisfy { $0 < $1 })
        // The test continues until the loss is far above its lowest.
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

    /// Points as the finder makes them, of losses by the number of the step.
    private func curve(_ loss: (Int) -> Double) -> LearningRateCurve {
        var average = 0.0
        return LearningRateCurve(
            points: (0..<100).map { i in
                average = 0.9 * average + 0.1 * loss(i)
                return LearningRateCurve.Point(
                    rate: pow(10, Double(i) * 8 / 99 - 7), loss: loss(i),
                    smoothLoss: average / (1 - pow(0.9, Double(i + 1))))
            })
    }

    /// Losses of trained weights: next to nothing, now and then twenty times that, until the steps spoil the weights.
    @Test func ofTrainedWeightsTheRiseIsFound() {
        let trained = curve { i in
            i < 70 ? (i % 9 == 4 ? 4e-3 : 2e-4) : 2e-4 * pow(1.6, Double(i - 70))
        }
        #expect(trained.suggestion == nil)
        #expect((0.05...1).contains(trained.rise ?? 0), "\(trained.rise ?? .nan)")
        #expect(trained.gentleRate.map { $0 * 10 } == trained.rise)
        #expect(curve { $0 % 2 == 0 ? 1 : 1.1 }.rise == nil)
        #expect(LearningRateCurve(points: []).rise == nil)
    }

    @Test func noiseSuggestsNothing() {
        for seed in 0..<50 {
            let noise = Tensor.randn([100], generator: Generator(seed: UInt64(seed))).toArray(as: Double.self)
            for deviation in [0.05, 0.3, 1] {
                #expect(curve { 5 + deviation * noise[$0] }.suggestion == nil)
            }
            // A fall that is plain in spite of it is found.
            let found = curve { i in (i < 50 ? 5 : i < 80 ? 5 - Double(i - 50) / 10 : 10) + 0.3 * noise[i] }.suggestion
            #expect((1e-4...1).contains(found ?? 0), "\(seed): \(found ?? .nan)")
        }
    }

    /// The loss of a step is that of all its batches, so accumulation changes nothing but the speed.
    @Test(arguments: [nil, BatchLoss.Reduction.sum]) func accumulationChangesLittle(
        _ reduction: BatchLoss.Reduction?
    ) throws {
        func find(_ accumulate: Int) throws -> LearningRateCurve {
            manualSeed(0)
            var options = options
            options.accumulate = accumulate
            return try LearningRateFinder().run(SmallTask(reduction: reduction), options)
        }
        let (one, four) = try (find(1), find(4))
        func start(_ curve: LearningRateCurve) -> Double { curve.points.prefix(10).reduce(0) { $0 + $1.loss } / 10 }
        #expect(abs(start(one) - start(four)) < 0.25 * start(one))
        let suggestion = try #require(four.suggestion)
        #expect((1e-6...0.5).contains(suggestion))
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
