import Switchback

/// How a model is trained. Every option has its default here, and nowhere else; `nil` says what it stands for.
///
/// The Swift API, the command line and the `args.yaml` of a run share it: a property `clipNorm` is the option
/// `--clip-norm` and the key `clip_norm`.
public struct TrainingConfiguration: Configuration {
    /// Passes over the examples.
    public var epochs = 10
    /// The optimizer's steps in all, instead of `epochs`.
    public var steps: Int?
    /// Examples in a batch; `nil` is what suits the task.
    public var batch: Int?
    /// How many batches make one step of the optimizer: its gradient is that of one batch of all their examples.
    public var accumulate = 1
    /// Over how many batches at the start that number rises from 1; 0 has it from the beginning.
    public var accumulateWarmup = 0

    /// Into how many parts, slots, each batch is cut. Each is computed by itself, by any of the processes that train
    /// together, and the sum of their gradients has one order: the weights depend on this number, and not on how many
    /// processes there are. `nil` is as many as there are processes when the training begins.
    ///
    /// Batch norm takes its statistics from the examples of a slot, unless `syncBatchNorm` is set.
    public var slots: Int?
    /// Whether batch norm takes its statistics from all examples of a batch that is cut into slots, in all processes. All slots
    /// of a process are then in memory at once.
    public var syncBatchNorm = false

    /// What products compute with in training; weights, their steps and validations are float32 in any case.
    public var precision = Precision.float32

    public var optimizer = OptimizerKind.adam
    /// The highest learning rate of the schedule; `nil` is what suits the optimizer and the schedule.
    public var lr: Double?
    /// `nil` is the optimizer's own default.
    public var momentum: Double?
    /// β₂ of Adam and its kin; `nil` is the optimizer's own default.
    public var beta2: Double?
    /// `nil` is the optimizer's own default.
    public var weightDecay: Double?
    /// Whether SGD looks ahead (Nesterov's momentum).
    public var nesterov = false
    /// The greatest norm of all gradients together; `nil` leaves them as they are.
    public var clipNorm: Double?

    public var schedule = ScheduleKind.oneCycle
    /// The final learning rate of the linear and cosine schedules, as a fraction of `lr`.
    public var finalLr = 0.0
    /// For how many epochs the learning rate rises from 0 before the schedule begins; parts of epochs count.
    public var warmupEpochs = 0.0
    /// The same in steps of the optimizer, instead of `warmupEpochs`.
    public var warmupSteps: Int?

    /// The decay of a running average of the weights, which is then what is validated and saved; `nil` for none.
    public var ema: Double?
    /// Over how many steps the average's decay rises: the average leaves the first weights behind soon.
    public var emaWarmup = 2000.0

    /// Validate every so many steps of the optimizer; `nil` is at the end of each epoch.
    public var validateEvery: Int?
    /// How many validations without improvement are borne before the training ends; `nil` for any number.
    public var patience: Int?
    /// How long the training may take, in minutes; `nil` for any time. As many epochs are made as fit in, instead of
    /// `epochs`, which are planned only until the first one has been measured: schedules follow. With `steps`, the time
    /// ends the training and changes nothing else.
    ///
    /// How many epochs fit in is measured, so the same seed need not give the same bits twice; a run that is resumed
    /// continues with what was planned and the time that was used.
    public var minutes: Double?

    /// Weights to start from: a safetensors or PyTorch file, of which names and shapes that fit are taken.
    public var weights: String?
    /// The parts of the model that are not trained, by the beginnings of their paths: `conv1`, `backbone.layer1`.
    public var freeze: [String] = []

    /// The random seed for initial weights, the order of examples and everything else that is random.
    public var seed: UInt64 = 0
    /// Threads that put batches together; results do not depend on it.
    public var workers = 1

    /// The longest time between two checkpoints, in minutes, within an epoch.
    public var saveMinutes = 10.0
    /// The greatest number of optimizer's steps between two checkpoints; `nil` for any number.
    public var saveSteps: Int?
    /// Of every so many-th epoch the weights are kept, as `weights/epoch10.safetensors`; `nil` for none beside the best and
    /// the last.
    public var savePeriod: Int?

    public init() {}

    public static let ranges: [String: NumberRange] = [
        "epochs": .from(1, to: 1_000_000), "steps": .count(), "batch": .from(1, to: 1_000_000),
        "accumulate": .from(1, to: 1_000_000), "slots": .from(1, to: 65_536), "accumulate_warmup": .count(from: 0),
        "lr": .above(0), "momentum": .from(0, below: 1), "beta2": .from(0, below: 1), "weight_decay": .from(0, to: 10),
        "clip_norm": .above(0), "final_lr": .from(0, to: 1), "warmup_epochs": .from(0, to: 1_000_000),
        "warmup_steps": .count(from: 0), "ema": .from(0, below: 1), "ema_warmup": .atLeast(0),
        "validate_every": .count(), "patience": .count(), "minutes": .above(0),
        "workers": .from(0, to: 64),
        "save_minutes": .above(0), "save_steps": .count(), "save_period": .count(),
    ]
}
