// How a trainer keeps to a time: as many epochs are planned as fit in.

extension Trainer {
    /// How long the training is to be: as it was fitted to the time, or, until an epoch has been measured, as the
    /// configuration asks for.
    var plan: TrainingPlan { state.plan ?? askedPlan }

    /// Continues with the plan of the state; or with a new one, where other options of it came with the resumed run.
    func takeUpPlan() {
        let seconds = configuration.minutes.map { $0 * 60 }
        if state.budget?.seconds != seconds {
            state.plan = nil
            state.budget = seconds.map {
                state.budget?.allowing($0) ?? TimeBudget(seconds: $0, used: state.seconds)
            }
            if let budget = state.budget, state.epoch > 0 {
                let begun = state.batch > 0 ? state.epoch + 1 : state.epoch
                state.plan = TrainingPlan(
                    configuration, stepPlan, epochCount: max(budget.epochs(done: state.epoch), begun))
            }
        }
        if configuration.steps != nil { state.plan = nil }
        followPlan()
        countedUntil = clock.seconds()
    }

    /// Between two epochs, plans as many epochs as fit into the time. Those that the task treats apart because they are
    /// the last stay the last: once they have begun, no more than their number is still to come.
    func fitPlan() throws {
        guard configuration.steps == nil, state.batch == 0, state.step < plan.steps.end else { return }
        if state.epoch == 1 { state.budget?.endFirstEpoch() }
        guard let budget = state.budget else { return }
        var count = budget.epochs(done: state.epoch)
        if let fitted = state.plan {
            let isClosing = fitted.epochs.end - state.epoch < task.closingEpochs
            if isClosing { count = min(count, state.epoch + task.closingEpochs) }
            if count == fitted.epochs.end { return }
        }
        var fitted = plan
        fitted.move(toEpochs: count, after: state.epoch, stepPlan)
        state.plan = fitted
        followPlan()
        try tell(.planned(fitted, seconds: budget.seconds))
    }

    private func followPlan() {
        task.follow(plan)
        optimizers.follow(plan.steps)
    }

    /// Counts the time since it was last counted.
    func countTime() {
        let now = clock.seconds()
        state.budget?.use(now - countedUntil)
        countedUntil = now
    }
}
