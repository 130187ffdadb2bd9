import SwitchbackTraining
import Testing

@Suite struct StepPlanTests {
    /// The steps of some epochs, each as the numbers of its batches.
    private func steps(_ plan: StepPlan, epochs: Int) -> [[Int]] {
        (0..<epochs).flatMap { epoch -> [[Int]] in
            var steps: [[Int]] = []
            var first = 0
            while first < plan.batchCount {
                let count = plan.batchesInStep(epoch: epoch, from: first)
                steps.append((first..<first + count).map { epoch * plan.batchCount + $0 })
                first += count
            }
            return steps
        }
    }

    @Test func aStepEndsWithItsEpoch() {
        let found = steps(StepPlan(batchCount: 5, accumulate: 2), epochs: 2)
        #expect(found == [[0, 1], [2, 3], [4], [5, 6], [7, 8], [9]])
    }

    @Test func theNumberOfBatchesRisesFromOne() {
        let found = steps(StepPlan(batchCount: 6, accumulate: 4, warmupBatches: 12), epochs: 3)
        #expect(found.map(\.count) == [1, 1, 2, 2, 3, 3, 4, 2])
        #expect(found.flatMap { $0 } == Array(0..<18))
    }

    @Test(arguments: [(1, 1, 0), (1, 4, 3), (7, 3, 0), (7, 3, 10), (19, 4, 57), (5, 8, 2)])
    func epochsAgreeWithSteps(_ batchCount: Int, _ accumulate: Int, _ warmup: Int) {
        let plan = StepPlan(batchCount: batchCount, accumulate: accumulate, warmupBatches: warmup)
        for (number, step) in steps(plan, epochs: 8).enumerated() {
            #expect(plan.epoch(ofStep: number) == step[step.count - 1] / batchCount)
        }
    }
}
