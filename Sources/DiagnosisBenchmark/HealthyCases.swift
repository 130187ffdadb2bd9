import Foundation
import Switchback

extension HealthyCase {
    public static var all: [HealthyCase] {
        tasks + optimizers + habits + activations + fineTunings + options + validated
    }

    private static var tasks: [HealthyCase] {
        [
            HealthyCase("points", Ordinary.points), HealthyCase("images", Ordinary.images),
            HealthyCase(
                "images without normalization",
                Ordinary.images.with { $0.model = { PatientModels.convolutions(normalized: false) } }),
            HealthyCase("a curve", Ordinary.curve), HealthyCase("two sides", Ordinary.sides),
            HealthyCase("sequences by RNN", Ordinary.sequences(.rnn)),
            HealthyCase("sequences by LSTM", Ordinary.sequences(.lstm)),
            HealthyCase("sequences by GRU", Ordinary.sequences(.gru)), HealthyCase("sentences", Ordinary.sentences),
            HealthyCase("sentences by a transformer", Ordinary.reading), HealthyCase("text", Ordinary.text),
            HealthyCase(
                "a linear model",
                Ordinary.points.with {
                    $0.model = { PatientModels.perceptron(depth: 0) }
                    $0.rate = 2e-2
                }),
            HealthyCase("one hidden layer", Ordinary.points.with { $0.model = { PatientModels.perceptron(depth: 1) } }),
            HealthyCase(
                "twenty layers with ways around",
                Ordinary.points.with {
                    $0.model = {
                        Sequential(
                            [Linear(16, 32)]
                                + (0..<20).map { _ in Residual(Sequential(LayerNorm(32), ReLU(), Linear(32, 32))) } + [
                                    Linear(32, 4)
                                ])
                    }
                    $0.rate = 1e-3
                }),
            HealthyCase(
                "a large table with gradients of rows",
                Ordinary.sentences.with { $0.model = { PatientModels.WordMean(words: 5000, sparse: true) } }),
        ]
    }

    private static var optimizers: [HealthyCase] {
        let rates: [OptimizerKind: Double] = [
            .sgd: 0.05, .adam: 3e-3, .adamw: 3e-3, .adamax: 5e-3, .nadam: 3e-3, .radam: 1e-2, .rmsprop: 2e-3,
            .adagrad: 2e-2, .adadelta: 1, .lion: 1e-3,
            .musgd: 0.02,
        ]
        return rates.sorted { $0.key.rawValue < $1.key.rawValue }.flatMap { kind, rate in
            [
                HealthyCase(
                    "points with \(kind.rawValue)",
                    Ordinary.points.with {
                        $0.optimizer = kind
                        $0.rate = rate
                        $0.steps = 90
                    }),
                HealthyCase(
                    "images with \(kind.rawValue)",
                    Ordinary.images.with {
                        $0.optimizer = kind
                        $0.rate = rate
                    }),
            ]
        }
    }

    /// What users of other frameworks do that works as well.
    private static var habits: [HealthyCase] {
        func muon(_ model: Module, _ rate: Double) -> [Optimizer] {
            let isMatrix = { (entry: (name: String, parameter: Parameter)) in entry.parameter.rank > 1 }
            return [
                Muon([ParameterGroup(model.namedParameters.filter(isMatrix))], learningRate: rate),
                AdamW([ParameterGroup(model.namedParameters.filter { !isMatrix($0) })], learningRate: rate),
            ]
        }
        return [
            HealthyCase(
                "points with Muon, and AdamW for biases",
                Ordinary.points.with {
                    $0.makesOptimizers = muon
                    $0.rate = 5e-3
                }),
            HealthyCase(
                "zeroGrad() at the end of a step", Ordinary.points.with { $0.loop = [.differentiate, .step, .forget] }),
            HealthyCase(
                "gradients clipped by value", Ordinary.points.with { $0.clipValue = 0.5 }),
            HealthyCase(
                "logSoftmax before crossEntropy",
                Ordinary.points.with { $0.model = { PatientModels.perceptron(end: [LogSoftmax(dim: 1)]) } }),
            HealthyCase(
                "a column that is always the same",
                Ordinary.points.reading { data in
                    noGrad { data.inputs.narrow(dim: 1, start: 3, length: 1).fill(1) }
                }),
            HealthyCase(
                "a branch that is frozen beside a way around it",
                Ordinary.points.with {
                    $0.model = { PatientModels.branched() }
                    $0.prepare = { $0.freeze { $0.hasPrefix("first") } }
                    $0.rate = 1e-2
                }),
            HealthyCase(
                "batches in order, of shuffled data", Ordinary.points.with { $0.isShuffled = false }),
            HealthyCase(
                "text with letters of one class more often than others",
                Ordinary.text.reading { data in
                    noGrad { data.targets.narrow(dim: 1, start: 0, length: 4).fill(0) }
                }.with { $0.steps = 90 }),
            HealthyCase(
                "batch normalization of the inputs",
                Ordinary.points.reading { $0.inputs = ($0.inputs * 0.5).clamp(min: -3, max: 3) }.with {
                    $0.model = { Sequential(BatchNorm1d(16), Linear(16, 32), ReLU(), Linear(32, 4)) }
                }),
            HealthyCase(
                "soft labels",
                Ordinary.sides.reading { $0.targets = $0.targets * 0.9 + 0.05 }),
        ]
    }

    private static var activations: [HealthyCase] {
        let kinds: [(String, () -> Module)] = [
            ("ReLU6", { ReLU6() }), ("LeakyReLU", { LeakyReLU() }), ("GELU", { GELU() }), ("SiLU", { SiLU() }),
            ("tanh", { Tanh() }),
            ("sigmoid", { Sigmoid() }), ("ELU", { ELU() }), ("SELU", { SELU() }), ("Mish", { Mish() }),
            ("Hardswish", { Hardswish() }),
            ("Hardtanh", { Hardtanh() }), ("Softsign", { Softsign() }),
        ]
        return kinds.map { name, activation in
            HealthyCase(
                "points with \(name)",
                Ordinary.points.with {
                    $0.model = { PatientModels.perceptron(activation: activation) }
                    $0.rate = 5e-3
                })
        }
    }

    private static var fineTunings: [HealthyCase] {
        func tuned(_ patient: Patient) -> Patient {
            patient.with {
                $0.pretraining = 150
                $0.steps = 40
            }
        }
        return [
            HealthyCase("points, trained before", tuned(Ordinary.points)),
            HealthyCase("images, trained before", tuned(Ordinary.images)),
            HealthyCase(
                "images, trained before, at a tenth of the rate",
                tuned(Ordinary.images).with { $0.schedule = { _ in 0.1 } }),
            HealthyCase("text, trained before", tuned(Ordinary.text)),
            HealthyCase("a curve, trained before", tuned(Ordinary.curve)),
            HealthyCase(
                "points, trained before, under a cycle",
                tuned(Ordinary.points).with { $0.schedule = { sin(Double($0 + 1) / 41 * .pi) } }),
            HealthyCase(
                "images, all but the last layer frozen",
                Ordinary.images.with {
                    $0.prepare = { $0.freeze { !$0.hasPrefix("8") } }
                    $0.rate = 1e-2
                    $0.steps = 100
                }),
        ]
    }

    private static var options: [HealthyCase] {
        [
            HealthyCase("gradients clipped to 1", Ordinary.points.with { $0.clipNorm = 1 }),
            HealthyCase("gradients clipped to 0.1, with Adam", Ordinary.points.with { $0.clipNorm = 0.1 }),
            HealthyCase(
                "weight decay of 0.01",
                Ordinary.points.with {
                    $0.optimizer = .adamw
                    $0.weightDecay = 0.01
                }),
            HealthyCase(
                "dropout of 0.3",
                Ordinary.points.with {
                    $0.model = { Sequential(Linear(16, 64), ReLU(), Dropout(p: 0.3), Linear(64, 4)) }
                }),
            HealthyCase(
                "batches of 4",
                Ordinary.points.with {
                    $0.batch = 4
                    $0.rate = 1e-3
                    $0.steps = 150
                }),
            HealthyCase(
                "a cosine schedule", Ordinary.points.with { $0.schedule = { 0.5 * (1 + cos(Double($0) / 60 * .pi)) } }),
            HealthyCase(
                "a warm-up of six steps", Ordinary.points.with { $0.schedule = { min(1, Double($0 + 1) / 6) } }),
            HealthyCase(
                "four of five labels of one class",
                Ordinary.sides.with {
                    $0.data = { PatientData.sides(share: 0.2) }
                    $0.steps = 100
                }),
            HealthyCase(
                "one label in ten wrong",
                Ordinary.points.with {
                    $0.data = {
                        var sets = PatientData.points()
                        let isWrong = Tensor.rand([256]).lt(0.1)
                        sets.training.targets = Tensor.where(
                            isWrong, Tensor.randint(0..<4, [256]), sets.training.targets
                        ).to(.int64)
                        return sets
                    }
                }),
            HealthyCase("with validation", Ordinary.points.with { $0.validateEvery = 10 }),
            HealthyCase("images with validation", Ordinary.images.with { $0.validateEvery = 8 }),
            HealthyCase("Huber's loss", Ordinary.curve.with { $0.loss = { $0.huberLoss($1) } }),
            HealthyCase(
                "smoothed labels", Ordinary.points.with { $0.loss = { $0.crossEntropy($1, labelSmoothing: 0.1) } }),
            HealthyCase(
                "the sum of the losses", Ordinary.points.with { $0.loss = { $0.crossEntropy($1, reduction: .sum) } }),
            HealthyCase(
                "logSoftmax and nllLoss",
                Ordinary.points.with {
                    $0.model = { PatientModels.perceptron(end: [LogSoftmax(dim: 1)]) }
                    $0.loss = { $0.nllLoss($1) }
                }),
        ]
    }
}
