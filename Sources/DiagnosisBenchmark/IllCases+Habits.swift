import Foundation
import Switchback

// What users of other frameworks bring with them: loops, losses and data as questions and issue trackers have them. The
// rules were not written with these.

extension IllCase {
    public static var ofHabits: [IllCase] {
        habitsOfLoops + habitsOfData + habitsOfLosses + habitsOfModels + habitsOfRates
    }

    private static var habitsOfLoops: [IllCase] {
        let plain = Ordinary.points.loop
        func normalized() -> Module { Sequential(Linear(16, 32), BatchNorm1d(32), ReLU(), Linear(32, 4)) }
        return [
            IllCase(
                "zeroGrad() between backward() and step()", [.noSteps], remedy: "in this order",
                Ordinary.points.with { $0.loop = [.differentiate, .forget, .step] }
            ) { $0.loop = plain },
            IllCase(
                "step() before backward()", [.noSteps], remedy: "in this order",
                Ordinary.points.with { $0.loop = [.forget, .step, .differentiate] }
            ) { $0.loop = plain },
            IllCase(
                "backward() forgotten", [.noSteps], remedy: "in this order",
                Ordinary.points.with { $0.loop = [.forget, .step] }
            ) { $0.loop = plain },
            IllCase(
                "train() forgotten after the first validation", [.evaluationMode], remedy: "after each validation",
                Ordinary.points.with {
                    $0.model = normalized
                    $0.validateEvery = 10
                    $0.returnsToTraining = false
                }
            ) { $0.returnsToTraining = true },
            IllCase(
                "a head that was replaced after the optimizer was made", [.notInOptimizer], layer: "4.weight",
                remedy: "this model's parameters",
                Ordinary.points.with {
                    $0.trained = { model in
                        let head = PatientModels.perceptron().namedParameters.filter { $0.name.hasPrefix("4") }
                        return model.namedParameters.filter { !$0.name.hasPrefix("4") } + head
                    }
                }
            ) { $0.trained = { $0.namedParameters } },
            IllCase(
                "gradients clipped to a ten-thousandth by value", [.clipping], remedy: "clip above",
                Ordinary.descent.with { $0.clipValue = 1e-6 }
            ) { $0.clipValue = 1 },
        ]
    }

    private static var habitsOfData: [IllCase] {
        [
            IllCase(
                "labels shifted by one example", [.notLearning], remedy: "labels belong",
                Ordinary.images.reading { $0.targets = $0.targets.roll(1, dim: 0) }.with {
                    $0.model = { PatientModels.convolutions(normalized: false) }
                    $0.rate = 1e-3
                }
            ) { $0.data = Ordinary.images.data },
            IllCase(
                "batches sorted by class", [.oneClass], remedy: "shuffle",
                Ordinary.points.sortedByClass.with { $0.rate = 1e-2 }
            ) { $0.isShuffled = true },
            IllCase(
                "one column of tens of thousands among others of 1", [.inputScale], remedy: "normalize",
                Ordinary.descent.reading { data in
                    let large = data.inputs.narrow(dim: 1, start: 0, length: 1) * 3e4 + 5e4
                    data.inputs = Tensor.cat([large, data.inputs.narrow(dim: 1, start: 1, length: 15)], dim: 1)
                }
            ) { $0.data = Ordinary.descent.data },
            IllCase(
                "bytes of images into tanh", [.inputScale], remedy: "normalize",
                Ordinary.points.reading { $0.inputs = ($0.inputs * 60 + 128).clamp(min: 0, max: 255) }.with {
                    $0.model = { PatientModels.perceptron(activation: { Tanh() }) }
                }
            ) { $0.data = Ordinary.points.data },
            IllCase(
                "validation that is not normalized as training is", [.shift], remedy: "normalization",
                Ordinary.images.readingInValidation { $0.inputs = $0.inputs * 60 + 128 }.with {
                    $0.rate = 1e-2
                    $0.validateEvery = 8
                }
            ) { $0.data = Ordinary.images.data },
            IllCase(
                "channels in another order in validation", [.shift], remedy: "compare an example",
                Ordinary.images.with {
                    $0.model = { PatientModels.convolutions(channels: 3) }
                    $0.data = { colored(reversed: true) }
                    $0.rate = 1e-2
                    $0.validateEvery = 8
                }
            ) { $0.data = { colored(reversed: false) } },
            IllCase(
                "noise in training that the data do not have", [.augmentation], remedy: "augment less",
                Ordinary.points.with {
                    $0.model = { noisy(4) }
                    $0.data = { PatientData.points(512, noise: 0.3) }
                    $0.rate = 1e-2
                    $0.steps = 120
                    $0.validateEvery = 10
                }
            ) { $0.model = { noisy(0.1) } },
            IllCase(
                "the same few examples over and over", [.duplicates], remedy: "more data",
                Ordinary.points.with {
                    $0.data = {
                        var sets = PatientData.points(24, noise: 1.6)
                        let (inputs, targets) = sets.training
                        sets.training = (inputs.repeat(10, 1), targets.repeat(10))
                        return sets
                    }
                    $0.rate = 1e-2
                    $0.steps = 150
                    $0.validateEvery = 10
                }
            ) {
                $0.data = { PatientData.points(512) }
                $0.rate = 3e-3
            },
            IllCase(
                "forty-nine of fifty labels of one class", [.imbalance], remedy: "weigh the classes",
                Ordinary.points.reading { data in
                    let rare = Tensor.rand([data.targets.count]).lt(0.02)
                    data.targets = Tensor.where(rare, data.targets, data.targets * 0).to(.int64)
                }.with { $0.rate = 1e-3 }
            ) {
                $0.data = Ordinary.points.data
                $0.rate = 3e-3
            },
            IllCase(
                "prices of houses", [.targetScale], remedy: "normalize",
                Ordinary.curve.reading { $0.targets = $0.targets * 1e5 + 3e5 }.with {
                    $0.optimizer = .sgd
                    $0.rate = 0.05
                }
            ) { $0 = Ordinary.curve },
            IllCase(
                "text whose targets are its inputs", [.labels], remedy: "one place",
                Ordinary.text.reading { $0.targets = $0.inputs }
            ) { $0.data = Ordinary.text.data },
        ]
    }

    /// A network that adds noise to what it is trained with, anew in each step.
    private static func noisy(_ size: Double) -> Module {
        PatientModels.Custom(Sequential(Linear(16, 32), ReLU()), Linear(32, 4)) { first, second, x in
            second(first(first.isTraining ? x + Tensor.randn(x.shape) * size : x))
        }
    }

    /// Images whose class is the color that is strongest.
    private static func colored(reversed: Bool) -> PatientData.Sets {
        func draw(_ count: Int) -> Patient.Data {
            let labels = Tensor.randint(0..<3, [count])
            let colors = Tensor.eye(3).indexSelect(dim: 0, index: labels).reshape([count, 3, 1, 1])
            return (Tensor.randn([count, 3, 8, 8]) * 0.5 + colors, labels)
        }
        let training = draw(192)
        let (inputs, labels) = draw(96)
        return (training, (reversed ? inputs.flip(1) : inputs, labels))
    }

    private static var habitsOfLosses: [IllCase] {
        func columns(_ low: Double, _ high: Double) -> Patient {
            Ordinary.sides.reading { $0.targets = $0.targets * (high - low) + low }
        }
        return [
            IllCase(
                "the sum over the batch at the rate of the mean", [.rateTooHigh], remedy: "mean",
                Ordinary.descent.with {
                    $0.loss = { $0.crossEntropy($1, reduction: .sum) }
                    $0.rate = 0.5
                }
            ) {
                $0.loss = { $0.crossEntropy($1) }
                $0.rate = 0.1
            },
            IllCase(
                "softmax twice in a convolutional network", [.outputActivation], remedy: "softmax",
                Ordinary.images.with {
                    $0.model = { Sequential(PatientModels.convolutions(), Softmax(dim: 1)) }
                }
            ) { $0.model = { PatientModels.convolutions() } },
            IllCase(
                "logSoftmax along the batch", [.outputActivation], remedy: "dim: 1",
                Ordinary.points.with {
                    $0.model = { PatientModels.perceptron(end: [LogSoftmax(dim: 0)]) }
                    $0.loss = { $0.nllLoss($1) }
                }
            ) { $0.model = { PatientModels.perceptron(end: [LogSoftmax(dim: 1)]) } },
            IllCase(
                "labels of 1 and 2 for a binary loss", [.labels], remedy: "0 and 1", columns(1, 2)
            ) { $0.data = Ordinary.sides.data },
            IllCase(
                "labels of -1 and 1 for a binary loss", [.labels], remedy: "0 and 1", columns(-1, 1)
            ) { $0.data = Ordinary.sides.data },
            IllCase(
                "tanh before mseLoss of targets outside", [.outputActivation], remedy: "remove the activation",
                Ordinary.curve.reading { $0.targets = $0.targets * 3 }.with {
                    $0.model = { PatientModels.perceptron(8, classes: 1, end: [Tanh()]) }
                }
            ) { $0.model = { PatientModels.perceptron(8, classes: 1) } },
            IllCase(
                "all labels ignored", [.notLearning, .notANumber], remedy: "are ignored",
                Ordinary.points.with { $0.loss = { $0.crossEntropy($1 * 0, ignoreIndex: 0) } }
            ) { $0.loss = { $0.crossEntropy($1) } },
            IllCase(
                "the logarithm of a softmax that underflows", [.notANumber], remedy: "logSoftmax",
                Ordinary.points.with {
                    $0.loss = { ($0 * 500).softmax(dim: 1).log().nllLoss($1) }
                    $0.rate = 1e-3
                }
            ) {
                $0.loss = { $0.crossEntropy($1) }
                $0.rate = 3e-3
            },
        ]
    }

    private static var habitsOfModels: [IllCase] {
        func initialized(_ values: @escaping (Shape) -> Tensor) -> (Module) -> Void {
            { model in
                noGrad {
                    for parameter in model.parameters where parameter.rank > 1 {
                        parameter.copy(from: values(parameter.shape))
                    }
                }
            }
        }
        return [
            IllCase(
                "weights of randn in a wide network", [.initialization, .lossScale], remedy: "smaller weights",
                Ordinary.descent.with {
                    $0.model = { PatientModels.perceptron(width: 256, depth: 4) }
                    $0.prepare = initialized { Tensor.randn($0) }
                }
            ) { $0.prepare = { _ in } },
            IllCase(
                "weights of rand, all positive", [.initialization, .lossScale], remedy: "smaller weights",
                Ordinary.descent.with {
                    $0.model = { PatientModels.perceptron(width: 64, depth: 3) }
                    $0.prepare = initialized { Tensor.rand($0) }
                }
            ) { $0.prepare = { _ in } },
            IllCase(
                "convolutions with sigmoids", [.vanishing], remedy: "normalization",
                Ordinary.images.with {
                    $0.model = {
                        Sequential(
                            (0..<9).flatMap {
                                [Conv2d($0 == 0 ? 1 : 8, 8, kernelSize: 3, padding: 1), Sigmoid()] as [Module]
                            }
                                + [Flatten(), Linear(512, 4)])
                    }
                    $0.rate = 1e-3
                }
            ) { $0.model = { PatientModels.convolutions() } },
            IllCase(
                "a branch that is detached beside a way around it", [.noGradient], layer: "first.0.weight",
                remedy: "detach()",
                Ordinary.points.with { $0.model = { PatientModels.branched { $0.detach() } } }
            ) { $0.model = { PatientModels.branched() } },
            IllCase(
                "an output of ReLU for targets below 0", [.outputActivation], remedy: "remove the activation",
                Ordinary.curve.with { $0.model = { PatientModels.perceptron(8, classes: 1, end: [ReLU()]) } }
            ) { $0.model = { PatientModels.perceptron(8, classes: 1) } },
            IllCase(
                "batch normalization of two examples", [.batchNorm, .noise], remedy: "larger batches",
                Ordinary.points.with {
                    $0.model = { Sequential(Linear(16, 32), BatchNorm1d(32), ReLU(), Linear(32, 4)) }
                    $0.batch = 2
                    $0.validateEvery = 20
                }
            ) { $0.batch = 32 },
            IllCase(
                "dropout of nine tenths in each layer", [.dropout], remedy: "drop less",
                Ordinary.points.with {
                    $0.model = {
                        Sequential(
                            Linear(16, 32), ReLU(), Dropout(p: 0.9), Linear(32, 32), ReLU(), Dropout(p: 0.9),
                            Linear(32, 4))
                    }
                }
            ) { $0.model = { PatientModels.perceptron() } },
            IllCase(
                "recurrent weights that are too large for tanh", [.exploding, .saturated, .initialization],
                layer: "cell",
                remedy: "GRU",
                Ordinary.sequences(.rnn).with {
                    $0.data = { PatientData.sequences(96, length: 40, place: 0) }
                    $0.prepare = { model in
                        noGrad {
                            model.namedParameters.first { $0.name.hasSuffix("weight_hh_l0") }.map { $0.parameter *= 20 }
                        }
                    }
                    $0.steps = 25
                    $0.rate = 1e-3
                }
            ) { $0 = Ordinary.sequences(.gru) },
        ]
    }

    private static var habitsOfRates: [IllCase] {
        [
            IllCase(
                "Lion at the rate of Adam times ten", [.rateTooHigh], remedy: "lower the learning rate",
                Ordinary.points.with {
                    $0.optimizer = .lion
                    $0.rate = 0.3
                }
            ) {
                $0.optimizer = .adam
                $0.rate = 3e-3
            },
            IllCase(
                "RMSprop at the rate of SGD", [.rateTooHigh], remedy: "lower the learning rate",
                Ordinary.images.with {
                    $0.optimizer = .rmsprop
                    $0.rate = 1
                    $0.model = { PatientModels.convolutions(normalized: false) }
                }
            ) { $0.rate = 2e-3 },
            IllCase(
                "a trained network at a high rate", [.rateTooHigh], remedy: "lower the learning rate",
                Ordinary.images.with {
                    $0.pretraining = 150
                    $0.schedule = { _ in 300 }
                }
            ) { $0.schedule = { _ in 1 } },
            IllCase(
                "SGD at the rate of Adam", [.rateTooLow], remedy: "raise",
                Ordinary.descent.with { $0.rate = 1e-4 }
            ) { $0.rate = 0.1 },
            IllCase(
                "a schedule of epochs that is followed by steps", [.schedule], remedy: "stretch",
                Ordinary.points.with {
                    $0.schedule = { pow(0.5, Double($0)) }
                    $0.rate = 1e-3
                }
            ) {
                $0.schedule = { _ in 1 }
                $0.rate = 3e-3
            },
            IllCase(
                "weight decay of 1 with Adam", [.weightDecay], remedy: "lower the weight decay",
                Ordinary.points.with { $0.weightDecay = 1 }
            ) { $0.weightDecay = 1e-5 },
            IllCase(
                "steps that bfloat16 rounds away", [.noSteps], remedy: "float32",
                Ordinary.descent.with {
                    $0.prepare = { _ = $0.to(.bfloat16) }
                    $0.data = {
                        let sets = PatientData.points()
                        return ((sets.training.inputs.to(.bfloat16), sets.training.targets), nil)
                    }
                    $0.rate = 1e-5
                }
            ) { $0 = Ordinary.descent },
        ]
    }
}
