import Switchback
import Testing
import TestSupport

/// Every schedule against the rates that PyTorch, transformers and Ultralytics use, step by step.
@Suite struct ScheduleParityTests {
    static let base = 0.1

    static let schedules: [String: Schedule] = [
        "constant": .constant(factor: 0.3, steps: 5),
        "step": .step(every: 7, factor: 0.5),
        "multistep": .multiStep(milestones: [5, 12, 12, 30], factor: 0.3),
        "exponential": .exponential(factor: 0.93),
        "cosine": .cosine(steps: 40, minimum: 0.001),
        "cosine_past_end": .cosine(steps: 15),
        "cosine_warm_restarts": .cosineWithRestarts(steps: 6, growth: 2, minimum: 0.001),
        "linear_warmup": .linear(from: 0.1, to: 1, steps: 10),
        "polynomial": .polynomial(steps: 30, power: 2),
        "warmup_then_cosine": .cosine(steps: 32, minimum: 0.001).warmedUp(steps: 8, from: 0.01),
        "one_cycle": .oneCycle(maximum: 0.5, steps: 40),
        "one_cycle_linear": .oneCycle(maximum: 0.5, steps: 40, annealing: .linear),
        "one_cycle_three_phase": .oneCycle(maximum: 0.5, steps: 40, isThreePhase: true),
        "cyclic_triangular2": .cyclic(from: 0.01, to: 0.2, up: 4, down: 6, peaks: .halving),
        "hf_linear": Schedule.linear(from: 1, to: 0, steps: 35).warmedUp(steps: 5),
        "hf_cosine": Schedule.cosine(steps: 35).warmedUp(steps: 5),
        "yolo_linear": .linear(from: 1, to: 0.01, steps: 30),
        "yolo_cosine": .cosine(steps: 30, toFraction: 0.01),
    ]

    @Test(arguments: schedules.keys.sorted())
    func rates(_ name: String) throws {
        let schedule = try #require(Self.schedules[name])
        let expected = try rates(of: name)
        for (step, rate) in expected.enumerated() {
            expectEqual(schedule.rate(at: step, base: Self.base), rate, "\(name) at step \(step)")
        }
    }

    @Test func everyScheduleIsCompared() throws {
        let manifest = try OptimizerParityTests.fixture.get().manifest
        let names = Set(try #require(manifest["schedules"] as? [String: String]).keys)
        #expect(names == Set(Self.schedules.keys).union(["one_cycle_momentum", "plateau", "plateau_metric"]))
    }

    @Test func momentumOfOneCycle() throws {
        let schedule = Schedule.oneCycle(maximum: 0.5, steps: 40)
        for (step, momentum) in try rates(of: "one_cycle_momentum").enumerated() {
            let found = try #require(schedule.momentum(at: step))
            expectEqual(found, momentum, "momentum at step \(step)")
        }
    }

    @Test func plateau() throws {
        let optimizer = SGD([Parameter(Tensor.zeros([1]))], learningRate: Self.base)
        let plateau = ReduceOnPlateau(
            optimizer, factor: 0.5, patience: 2, threshold: .relative(1e-3), cooldown: 1, minimumRate: 0.004)
        for (rate, metric) in zip(try rates(of: "plateau"), try rates(of: "plateau_metric")) {
            expectEqual(optimizer.learningRate, rate, "before the metric \(metric)")
            plateau.observe(metric)
        }
    }

    private func rates(of name: String) throws -> [Double] {
        try #require(OptimizerParityTests.fixture.get().tensors["lr/\(name)"]).toArray(as: Double.self)
    }

    /// PyTorch multiplies from step to step where the closed form is used here: they agree to rounding.
    private func expectEqual(_ found: Double, _ expected: Double, _ what: String) {
        #expect(abs(found - expected) <= 1e-14, "\(what): \(found), expected \(expected)")
    }
}

/// What holds for schedules in general.
@Suite struct ScheduleTests {
    @Test func groupsKeepTheRatioOfTheirRates() {
        let groups = [
            ParameterGroup([Parameter(Tensor.zeros([1]))], learningRate: 0.1),
            ParameterGroup([Parameter(Tensor.zeros([1]))]),
        ]
        let optimizer = SGD(groups, learningRate: 0.4, momentum: 0.9)
        Schedule.step(every: 2, factor: 0.5).apply(to: optimizer, step: 5)
        #expect(optimizer.groups.map(\.learningRate) == [0.025, 0.1])
        #expect(optimizer.groups.map(\.momentum) == [0.9, 0.9])
    }

    @Test func momentumMovesWithOneCycle() {
        let optimizer = Adam([Parameter(Tensor.zeros([1]))])
        Schedule.oneCycle(maximum: 1, steps: 10).apply(to: optimizer, step: 0)
        #expect(optimizer.groups[0].momentum == 0.95)
    }

    @Test func chainedSchedulesMultiply() {
        let schedule = Schedule.constant(factor: 0.1, steps: 2).multiplied(by: .exponential(factor: 0.9))
        #expect(abs(schedule.rate(at: 1) - 0.09) < 1e-15)
        #expect(abs(schedule.rate(at: 2) - 0.81) < 1e-15)
    }

    @Test func schedulesPastTheirEndStay() {
        #expect(Schedule.polynomial(steps: 3).rate(at: 100) == 0)
        #expect(Schedule.linear(from: 1, to: 0.25, steps: 4).rate(at: 9) == 0.25)
    }
}
