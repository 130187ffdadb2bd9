import Switchback

/// The optimizers of a training, each with its learning rate on schedule.
struct OptimizerSet {
    private let pairs: [(optimizer: Optimizer, schedule: Schedule)]
    /// The optimizer's steps in the whole training.
    let stepCount: Int

    /// One optimizer; except that Muon, which trains matrices only, leaves the other parameters to AdamW.
    init(_ options: TrainingConfiguration, _ groups: [ParameterGroup], stepCount: Int, stepsPerEpoch: Double) {
        self.stepCount = stepCount
        let warmup = min(options.warmupSteps ?? Int((options.warmupEpochs * stepsPerEpoch).rounded()), stepCount)
        func scheduled(_ kind: OptimizerKind, _ groups: [ParameterGroup], rate: Double?) -> (Optimizer, Schedule) {
            let usual = kind.defaultLearningRate * options.schedule.peakFactor
            let optimizer = kind.makeOptimizer(
                groups, learningRate: rate ?? usual, momentum: options.momentum, beta2: options.beta2,
                weightDecay: options.weightDecay, nesterov: options.nesterov)
            let schedule = options.schedule.schedule(
                steps: max(1, stepCount - warmup), learningRate: optimizer.learningRate, finalFraction: options.finalLr)
            return (optimizer, warmup > 0 ? schedule.warmedUp(steps: warmup, from: 1 / Double(warmup)) : schedule)
        }
        guard options.optimizer == .muon else {
            pairs = [scheduled(options.optimizer, groups, rate: options.lr)]
            return
        }
        let matrices = groups.map { $0.filtered { $0.rank == 2 } }
        let others = groups.map { $0.filtered { $0.rank != 2 } }
        pairs = [scheduled(.muon, matrices, rate: options.lr), scheduled(.adamw, others, rate: nil)]
    }

    var optimizers: [Optimizer] { pairs.map(\.optimizer) }
    var learningRate: Double { pairs[0].optimizer.learningRate }

    func zeroGrad() { for pair in pairs { pair.optimizer.zeroGrad() } }

    /// A step in which the optimizer that the configuration names has a learning rate off schedule; groups keep their
    /// proportions.
    func step(learningRate: Double) {
        let optimizer = pairs[0].optimizer
        let factor = learningRate / (optimizer.groups.first?.initialLearningRate ?? learningRate)
        for i in optimizer.groups.indices {
            optimizer.groups[i].learningRate = optimizer.groups[i].initialLearningRate * factor
        }
        for pair in pairs { pair.optimizer.step() }
    }

    /// Step `number` of the training, counted from 0.
    func step(_ number: Int, adjust: (Optimizer) -> Void) {
        for (optimizer, schedule) in pairs {
            schedule.apply(to: optimizer, step: number)
            adjust(optimizer)
            optimizer.step()
        }
    }
}

extension ParameterGroup {
    /// The same options for some of the parameters.
    fileprivate func filtered(_ isIncluded: (Parameter) -> Bool) -> ParameterGroup {
        ParameterGroup(
            parameters.filter { isIncluded($0.parameter) }, learningRate: learningRate, momentum: momentum,
            weightDecay: weightDecay)
    }
}
