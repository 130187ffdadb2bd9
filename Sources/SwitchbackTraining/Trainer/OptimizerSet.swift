import Switchback

/// The optimizers of a training, each with its learning rate on schedule.
struct OptimizerSet {
    /// The first is the one that the configuration names.
    let optimizers: [Optimizer]
    private let options: TrainingConfiguration
    private var schedules: [Schedule] = []

    /// One optimizer; except that Muon, which trains matrices only, leaves the other parameters to AdamW.
    ///
    /// - Parameter steps: those of the training, from the end of the warm-up on.
    init(_ options: TrainingConfiguration, _ groups: [ParameterGroup], steps: Course) {
        func optimizer(_ kind: OptimizerKind, _ groups: [ParameterGroup], rate: Double?) -> Optimizer {
            let usual = kind.defaultLearningRate * options.schedule.peakFactor
            return kind.makeOptimizer(
                groups, learningRate: rate ?? usual, momentum: options.momentum, beta2: options.beta2,
                weightDecay: options.weightDecay, nesterov: options.nesterov)
        }
        self.options = options
        if options.optimizer == .muon {
            let matrices = groups.map { $0.filtered { $0.rank == 2 } }
            let others = groups.map { $0.filtered { $0.rank != 2 } }
            optimizers = [optimizer(.muon, matrices, rate: options.lr), optimizer(.adamw, others, rate: nil)]
        } else {
            optimizers = [optimizer(options.optimizer, groups, rate: options.lr)]
        }
        follow(steps)
    }

    /// Stretches the schedules over the steps of the training.
    mutating func follow(_ steps: Course) {
        let warmup = steps.start
        schedules = optimizers.map { optimizer in
            let schedule = options.schedule.schedule(
                steps: max(1, steps.end - warmup), learningRate: optimizer.groups.first?.initialLearningRate ?? 0,
                finalFraction: options.finalLr)
            return (warmup > 0 ? schedule.warmedUp(steps: warmup, from: 1 / Double(warmup)) : schedule).along(steps)
        }
    }

    var learningRate: Double { optimizers[0].learningRate }

    var parameters: [Parameter] { optimizers.flatMap { $0.groups.flatMap { $0.parameters.map(\.parameter) } } }

    func zeroGrad() { for optimizer in optimizers { optimizer.zeroGrad() } }

    /// A step in which the optimizer that the configuration names has a learning rate off schedule; groups keep their
    /// proportions.
    func step(learningRate: Double) {
        let optimizer = optimizers[0]
        let factor = learningRate / (optimizer.groups.first?.initialLearningRate ?? learningRate)
        for i in optimizer.groups.indices {
            optimizer.groups[i].learningRate = optimizer.groups[i].initialLearningRate * factor
        }
        for optimizer in optimizers { optimizer.step() }
    }

    /// A step of the training.
    ///
    /// - Parameter pace: that of a group, where it is not on schedule.
    func step(at place: StepPlace, pace: (Optimizer.Group) -> Pace?) {
        for (optimizer, schedule) in zip(optimizers, schedules) {
            for i in optimizer.groups.indices {
                let group = optimizer.groups[i]
                let pace = pace(group) ?? Pace(schedule, of: group, step: place.step)
                optimizer.groups[i].learningRate = pace.learningRate
                optimizer.groups[i].momentum = pace.momentum ?? group.momentum
            }
            optimizer.step()
        }
    }
}

extension Pace {
    fileprivate init(_ schedule: Schedule, of group: Optimizer.Group, step: Int) {
        self.init(
            learningRate: schedule.rate(at: step, base: group.initialLearningRate),
            momentum: schedule.momentum(at: step))
    }
}

extension Schedule {
    /// The schedule on a way whose end was moved: the rate continues from where it was.
    fileprivate func along(_ steps: Course) -> Schedule {
        Schedule { step, base in
            let place = steps.placeOnEvenWay(step)
            let before = Int(place)
            let part = place - Double(before)
            let (from, to) = (rate(at: before, base: base), rate(at: before + 1, base: base))
            return part == 0 ? from : from + (to - from) * part
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
