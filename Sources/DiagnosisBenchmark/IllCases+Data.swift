import Switchback

// What is wrong with the data and the loss.

extension IllCase {
    static var ofData: [IllCase] { inputs + labels + losses + numbers }

    private static var inputs: [IllCase] {
        func scaled(_ factor: Double, offset: Double = 0) -> Patient {
            Ordinary.descent.reading { $0.inputs = $0.inputs * factor + offset }
        }
        let whole = Ordinary.descent.data
        return [
            IllCase("pixels from 0 to 255", [.inputScale], remedy: "normalize", scaled(50, offset: 128)) {
                $0.data = whole
            },
            IllCase("inputs of millionths", [.inputScale], remedy: "normalize", scaled(1e-6)) { $0.data = whole },
            IllCase("inputs that are all 0", [.inputs], remedy: "look at a batch", scaled(0)) { $0.data = whole },
            IllCase(
                "a batch of one example", [.inputs], remedy: "look at a batch",
                Ordinary.points.reading { $0.inputs = $0.inputs * 0 + $0.inputs.narrow(dim: 0, start: 0, length: 1) }
            ) { $0.data = Ordinary.points.data },
            IllCase(
                "texts of padding", [.inputs], remedy: "similar length",
                Ordinary.sentences.with { patient in
                    patient.data = {
                        var sets = PatientData.sentences()
                        let padding = Tensor.zeros([sets.training.inputs.shape[0], 290], dtype: .int64)
                        sets.training.inputs = Tensor.cat([sets.training.inputs, padding], dim: 1)
                        return sets
                    }
                    patient.rate = 1e-3
                }
            ) { $0 = Ordinary.sentences },
        ]
    }

    private static var labels: [IllCase] {
        [
            IllCase(
                "labels at random", [.notLearning], remedy: "labels belong",
                Ordinary.descent.reading { $0.targets = Tensor.randint(0..<4, [$0.targets.count]) }.with {
                    $0.rate = 0.03
                }
            ) {
                $0.data = Ordinary.descent.data
                $0.rate = 0.1
            },
            IllCase(
                "labels of one class", [.oneClass], remedy: "labels as they are loaded",
                Ordinary.points.reading { $0.targets = $0.targets * 0 }
            ) {
                $0.data = Ordinary.points.data
            },
            IllCase(
                "one example in thirty is positive", [.imbalance], remedy: "weigh the classes",
                Ordinary.sides.with {
                    $0.data = { PatientData.sides(share: 0.03) }
                    $0.rate = 1e-3
                }
            ) {
                $0.data = { PatientData.sides() }
                $0.rate = 5e-3
            },
            IllCase(
                "targets of thousands", [.targetScale], remedy: "normalize",
                Ordinary.curve.reading { $0.targets = $0.targets * 3000 + 5000 }
            ) { $0.data = Ordinary.curve.data },
            IllCase(
                "labels of other examples in validation", [.shift], remedy: "labels belong",
                Ordinary.points.with {
                    $0.data = {
                        var sets = PatientData.points()
                        sets.validation?.targets = Tensor.randint(0..<4, [128])
                        return sets
                    }
                    $0.rate = 1e-2
                    $0.validateEvery = 10
                }
            ) { $0.data = Ordinary.points.data },
            IllCase(
                "few examples learned by heart", [.overfitting], remedy: "more data",
                Ordinary.points.with {
                    $0.model = { PatientModels.perceptron(width: 128) }
                    $0.data = { PatientData.points(40, noise: 1.8) }
                    $0.rate = 3e-3
                    $0.steps = 240
                    $0.validateEvery = 8
                }
            ) {
                $0.data = { PatientData.points(512) }
                $0.rate = 3e-3
            },
        ]
    }

    private static var losses: [IllCase] {
        func ending(_ end: @escaping () -> Module) -> Patient {
            Ordinary.points.with { $0.model = { PatientModels.perceptron(end: [end()]) } }
        }
        let plain: (inout Patient) -> Void = { $0.model = { PatientModels.perceptron() } }
        return [
            IllCase(
                "softmax before crossEntropy", [.outputActivation], remedy: "without the softmax",
                ending { Softmax(dim: 1) }, cure: plain),
            IllCase(
                "ReLU before crossEntropy", [.outputActivation], remedy: "remove the activation", ending { ReLU() },
                cure: plain),
            IllCase(
                "sigmoid before binaryCrossEntropyWithLogits", [.outputActivation], remedy: "without the sigmoid",
                Ordinary.sides.with { $0.model = { PatientModels.perceptron(8, classes: 1, end: [Sigmoid()]) } }
            ) { $0.model = { PatientModels.perceptron(8, classes: 1) } },
            IllCase(
                "nllLoss of scores", [.outputActivation], remedy: "logSoftmax",
                Ordinary.points.with { $0.loss = { $0.nllLoss($1) } }
            ) { $0.loss = { $0.crossEntropy($1) } },
            IllCase(
                "sigmoid before mseLoss of targets outside", [.outputActivation], remedy: "remove the activation",
                Ordinary.curve.with { $0.model = { PatientModels.perceptron(8, classes: 1, end: [Sigmoid()]) } }
            ) { $0.model = { PatientModels.perceptron(8, classes: 1) } },
            IllCase(
                "crossEntropy of one score", [.outputActivation], remedy: "binaryCrossEntropyWithLogits",
                Ordinary.sides.with { $0.loss = { $0.crossEntropy($1.to(.int64).reshape([$1.count]) * 0) } }
            ) { $0.loss = { $0.binaryCrossEntropyWithLogits($1) } },
            IllCase(
                "mseLoss of a column and a row", [.lossShape], remedy: "squeeze",
                Ordinary.curve.with { $0.loss = { $0.mseLoss($1.reshape([$1.count])) } }
            ) { $0.loss = { $0.mseLoss($1) } },
        ]
    }

    private static var numbers: [IllCase] {
        /// Of each row to itself, by the root of what it is squared.
        func distance(_ x: Tensor, _ smallest: Double) -> Tensor {
            ((x - x).square().sum(dim: 1, keepDim: true) + smallest).sqrt()
        }
        func damaged(_ value: Double) -> Patient {
            Ordinary.points.reading { data in
                noGrad {
                    data.inputs.narrow(dim: 0, start: 17, length: 1).narrow(dim: 1, start: 3, length: 1).fill(value)
                }
            }
        }
        func dividing(_ safe: Bool) -> Patient {
            Ordinary.points.with {
                $0.model = {
                    PatientModels.Custom(Sequential(Linear(16, 32), ReLU()), Linear(32, 4)) { first, second, x in
                        let hidden = first(x)
                        return second(hidden / (hidden.sum(dim: 1, keepDim: true) * 0 + (safe ? 1 : 0)))
                    }
                }
            }
        }
        func through(_ operation: @escaping (Tensor) -> Tensor) -> Patient {
            Ordinary.points.with {
                $0.model = {
                    PatientModels.Custom(Sequential(Linear(16, 32), ReLU()), Linear(32, 4)) { first, second, x in
                        second(operation(first(x)))
                    }
                }
            }
        }
        return [
            IllCase("NaN in an example", [.notANumber, .inputs], remedy: "data", damaged(.nan)) {
                $0.data = Ordinary.points.data
            },
            IllCase("infinity in an example", [.notANumber, .inputs], remedy: "data", damaged(.infinity)) {
                $0.data = Ordinary.points.data
            },
            IllCase(
                "NaN among the targets", [.notANumber], remedy: "data",
                Ordinary.curve.reading { data in
                    noGrad { data.targets.narrow(dim: 0, start: 5, length: 1).fill(Double.nan) }
                }
            ) { $0.data = Ordinary.curve.data },
            IllCase(
                "a weight that is NaN", [.notANumber], layer: "2.weight", remedy: "loaded",
                Ordinary.points.with {
                    $0.prepare = { model in
                        noGrad { linear("2", of: model).weight.narrow(dim: 0, start: 0, length: 1).fill(Double.nan) }
                    }
                }
            ) { $0.prepare = { _ in } },
            IllCase("the logarithm of 0", [.notANumber], remedy: "clamp", through { $0.log() }) {
                $0 = through { ($0 + 0.1).log() }
            },
            IllCase("the root of 0", [.notANumber], remedy: "small number", through { $0 * (distance($0, 0) + 1) }) {
                $0 = through { $0 * (distance($0, 1e-3) + 1) }
            },
            IllCase("exp of hundreds", [.notANumber, .inputScale], remedy: "exp", through { ($0 * 400).exp() }) {
                $0 = through { ($0 * 0.1).exp() }
            },
            IllCase("division by 0", [.notANumber], remedy: "small number", dividing(false)) { $0 = dividing(true) },
            IllCase(
                "gradients below the smallest number", [.underflow], remedy: "multiply the loss",
                Ordinary.points.with { $0.differentiated = { $0 * 1e-38 } }
            ) { $0.differentiated = { $0 } },
        ]
    }
}
