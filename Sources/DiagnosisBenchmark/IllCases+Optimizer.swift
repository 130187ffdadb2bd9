import Switchback

// What is wrong with the optimizer and how the loop uses it.

extension IllCase {
    static var ofOptimizers: [IllCase] { rates + loops + strengths + modes }

    private static var rates: [IllCase] {
        [
            IllCase(
                "Adam at a hundred times its rate", [.rateTooHigh], remedy: "learning",
                Ordinary.images.with { $0.rate = 10 }
            ) { $0.rate = 3e-3 },
            IllCase(
                "Adam at a hundred times its rate, without normalization", [.rateTooHigh], remedy: "learning",
                Ordinary.images.with {
                    $0.model = { PatientModels.convolutions(normalized: false) }
                    $0.rate = 3
                }
            ) { $0.rate = 3e-3 },
            IllCase(
                "SGD at a thousand times its rate", [.rateTooHigh], remedy: "learning",
                Ordinary.descent.with { $0.rate = 100 }
            ) { $0.rate = 0.1 },
            IllCase(
                "a perceptron of tanh at a high rate", [.rateTooHigh], remedy: "learning",
                Ordinary.points.with {
                    $0.model = { PatientModels.perceptron(activation: { Tanh() }) }
                    $0.rate = 1
                }
            ) { $0.rate = 3e-3 },
            IllCase(
                "Adam at a thousandth of its rate", [.rateTooLow], remedy: "raise",
                Ordinary.points.with { $0.rate = 1e-6 }
            ) { $0.rate = 3e-3 },
            IllCase(
                "SGD at a thousandth of its rate", [.rateTooLow], remedy: "raise",
                Ordinary.descent.with { $0.rate = 1e-5 }
            ) { $0.rate = 0.1 },
            IllCase(
                "a loss divided by a million", [.rateTooLow], remedy: "raise",
                Ordinary.descent.with { $0.differentiated = { $0 * 1e-6 } }
            ) { $0.differentiated = { $0 } },
            IllCase("a rate of 0", [.schedule], remedy: "above 0", Ordinary.points.with { $0.schedule = { _ in 0 } }) {
                $0.schedule = { _ in 1 }
            },
            IllCase(
                "a schedule that ends after a tenth", [.schedule], remedy: "stretch",
                Ordinary.points.with {
                    $0.schedule = { $0 < 6 ? 1 : 0 }
                    $0.rate = 1e-3
                }
            ) {
                $0.schedule = { _ in 1 }
                $0.rate = 3e-3
            },
            IllCase(
                "a warm-up longer than the training", [.warmup], remedy: "warm up",
                Ordinary.points.with { $0.schedule = { Double($0 + 1) / 5000 } }
            ) {
                $0.schedule = { _ in 1 }
            },
        ]
    }

    private static var loops: [IllCase] {
        let remembering: [Patient.LoopPart] = [.differentiate, .clip, .step]
        return [
            IllCase(
                "zeroGrad() forgotten", [.staleGradients], remedy: "zeroGrad()",
                Ordinary.descent.with {
                    $0.loop = remembering
                    $0.rate = 1
                }
            ) {
                $0.loop = Ordinary.descent.loop
                $0.rate = 0.1
            },
            IllCase(
                "zeroGrad() forgotten with Adam", [.staleGradients], remedy: "zeroGrad()",
                Ordinary.points.with { $0.loop = remembering }
            ) {
                $0.loop = Ordinary.points.loop
            },
            IllCase(
                "step() forgotten", [.noSteps], remedy: "optimizer.step()",
                Ordinary.points.with { $0.loop = [.forget, .differentiate] }
            ) { $0.loop = Ordinary.points.loop },
            IllCase(
                "steps up the loss", [.wrongDirection], remedy: "maximizes",
                Ordinary.descent.with {
                    $0.makesOptimizers = {
                        [SGD([ParameterGroup($0.namedParameters)], learningRate: $1, maximizes: true)]
                    }
                    $0.rate = 0.01
                }
            ) {
                $0.makesOptimizers = nil
                $0.rate = 0.1
            },
            IllCase(
                "a loss with its sign turned", [.wrongDirection], remedy: "sign",
                Ordinary.descent.with {
                    $0.differentiated = { -$0 }
                    $0.rate = 0.02
                }
            ) {
                $0.differentiated = { $0 }
                $0.rate = 0.1
            },
            IllCase(
                "the parameters of another model", [.notInOptimizer, .noSteps], remedy: "this model's parameters",
                Ordinary.points.with { $0.trained = { _ in PatientModels.perceptron().namedParameters } }
            ) { $0.trained = { $0.namedParameters } },
            IllCase(
                "an optimizer without the last layer", [.notInOptimizer], layer: "4.weight",
                remedy: "this model's parameters",
                Ordinary.points.with { $0.trained = { $0.namedParameters.filter { !$0.name.hasPrefix("4") } } }
            ) { $0.trained = { $0.namedParameters } },
            IllCase(
                "all but the first bias frozen", [.frozen], remedy: "freeze",
                Ordinary.points.with { $0.prepare = { $0.freeze { $0 != "0.bias" } } }
            ) { $0.prepare = { _ in } },
        ]
    }

    private static var strengths: [IllCase] {
        [
            IllCase(
                "clipping to a millionth", [.clipping], remedy: "clip above",
                Ordinary.descent.with { $0.clipNorm = 1e-5 }
            ) { $0.clipNorm = 1 },
            IllCase(
                "weight decay of 5 with SGD", [.weightDecay], remedy: "lower the weight decay",
                Ordinary.descent.with { $0.weightDecay = 5 }
            ) { $0.weightDecay = 1e-4 },
            IllCase(
                "weight decay of 100 with AdamW", [.weightDecay], remedy: "lower the weight decay",
                Ordinary.points.with {
                    $0.optimizer = .adamw
                    $0.weightDecay = 100
                    $0.rate = 1e-3
                }
            ) {
                $0.weightDecay = 1e-2
                $0.rate = 3e-3
            },
            IllCase(
                "a momentum of 0.999", [.momentum], remedy: "lower the momentum",
                Ordinary.descent.with {
                    $0.momentum = 0.999
                    $0.rate = 0.1
                    $0.steps = 100
                }
            ) {
                $0.momentum = 0.9
                $0.rate = 0.03
            },
            IllCase(
                "batches of one example", [.noise], remedy: "larger batches",
                Ordinary.descent.with {
                    $0.data = { PatientData.points(noise: 6) }
                    $0.batch = 1
                    $0.rate = 0.05
                }
            ) { $0 = Ordinary.descent },
        ]
    }

    private static var modes: [IllCase] {
        func dropping(_ share: Double) -> () -> Module {
            { Sequential(Linear(16, 32), ReLU(), Dropout(p: share), Linear(32, 4)) }
        }
        func normalizing(_ momentum: Double) -> () -> Module {
            { Sequential(Linear(16, 32), BatchNorm1d(32, momentum: momentum), ReLU(), Linear(32, 4)) }
        }
        return [
            IllCase(
                "dropout of 0.98", [.dropout], layer: "2", remedy: "drop less",
                Ordinary.points.with { $0.model = dropping(0.98) }
            ) { $0.model = dropping(0.2) },
            IllCase(
                "training in inference mode", [.evaluationMode], remedy: "model.train()",
                Ordinary.points.with {
                    $0.model = normalizing(0.1)
                    $0.isInTraining = false
                }
            ) { $0.isInTraining = true },
            IllCase(
                "running statistics that stay behind", [.batchNorm], layer: "1", remedy: "momentum of 0.1",
                Ordinary.points.reading { $0.inputs = $0.inputs + 6 }.readingInValidation { $0.inputs = $0.inputs + 6 }
                    .with {
                        $0.model = normalizing(1e-4)
                        $0.validateEvery = 15
                        $0.rate = 1e-2
                    }
            ) { $0.model = normalizing(0.1) },
        ]
    }
}
