/// Which batches form one optimizer step. A step ends with its epoch.
package struct StepPlan: Sendable {
    /// The batches of an epoch.
    package let batchCount: Int
    /// The batches of a step.
    package let accumulate: Int
    /// The batches, from the first one of the training on, over which the number of those in a step rises from 1.
    package let warmupBatches: Int

    package init(batchCount: Int, accumulate: Int, warmupBatches: Int = 0) {
        self.batchCount = batchCount
        self.accumulate = accumulate
        self.warmupBatches = accumulate > 1 ? warmupBatches : 0
    }

    /// How many batches there are in the step that begins with batch `first` of an epoch; both counted from 0.
    package func batchesInStep(epoch: Int, from first: Int) -> Int {
        let left = max(batchCount - first, 1)
        if isSettled(epoch) { return min(accumulate, left) }
        return (1...left).first { $0 >= wanted(epoch * batchCount + first + $0 - 1) } ?? left
    }

    /// The epoch to which a step belongs, both counted from 0.
    package func epoch(ofStep step: Int) -> Int {
        var (epoch, before) = (0, 0)
        while !isSettled(epoch) {
            let count = starts(epoch).count
            if step < before + count { return epoch }
            before += count
            epoch += 1
        }
        return epoch + (step - before) / settledSteps
    }

    /// The steps of the first epochs together; the greatest number there is where that is too small.
    func stepCount(epochs: Int) -> Int {
        var (epoch, count) = (0, 0)
        while epoch < epochs && !isSettled(epoch) {
            count += starts(epoch).count
            epoch += 1
        }
        let (rest, overflow) = (epochs - epoch).multipliedReportingOverflow(by: settledSteps)
        let (sum, overflows) = count.addingReportingOverflow(rest)
        return overflow || overflows ? .max : sum
    }

    /// How many epochs it takes to make so many steps, the last one perhaps in part.
    func epochCount(steps: Int) -> Int { steps > 0 ? epoch(ofStep: steps - 1) + 1 : 0 }

    /// The steps of an epoch after the rise.
    var settledSteps: Int { (batchCount + accumulate - 1) / accumulate }

    private func isSettled(_ epoch: Int) -> Bool { epoch * batchCount >= warmupBatches }

    /// How many batches a step is to have that ends with a batch, counted from the beginning of the training.
    private func wanted(_ batch: Int) -> Int {
        guard batch < warmupBatches else { return accumulate }
        let share = Double(batch) / Double(warmupBatches)
        return max(Int((1 + Double(accumulate - 1) * share).rounded(.toNearestOrEven)), 1)
    }

    /// The first batches of an epoch's steps.
    private func starts(_ epoch: Int) -> [Int] {
        var starts: [Int] = []
        var first = 0
        while first < batchCount {
            starts.append(first)
            first += batchesInStep(epoch: epoch, from: first)
        }
        return starts
    }
}
