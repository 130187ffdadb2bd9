import Switchback

// What is wrong with the network.

extension IllCase {
    static var ofModels: [IllCase] { initialWeights + units + depth + gradients + sequencesInTime }

    private static var initialWeights: [IllCase] {
        func fill(_ value: Double) -> (Module) -> Void {
            { model in noGrad { for parameter in model.parameters { parameter.fill(value) } } }
        }
        func scale(_ factor: Double) -> (Module) -> Void {
            { model in noGrad { for parameter in model.parameters where parameter.rank > 1 { parameter *= factor } } }
        }
        return [
            IllCase(
                "all weights 0", [.equalUnits], layer: "0", remedy: "random weights",
                Ordinary.points.with { $0.prepare = fill(0) }
            ) {
                $0.prepare = { _ in }
            },
            IllCase(
                "all weights 0.1", [.equalUnits], layer: "0", remedy: "random weights",
                Ordinary.points.with { $0.prepare = fill(0.1) }
            ) {
                $0.prepare = { _ in }
            },
            IllCase(
                "weights a thousand times too small", [.initialization], layer: "0", remedy: "larger weights",
                Ordinary.descent.with {
                    $0.model = { PatientModels.perceptron(depth: 5) }
                    $0.prepare = scale(1e-3)
                }
            ) {
                $0.prepare = kaiming
                $0.rate = 0.05
            },
            IllCase(
                "weights a hundred times too large", [.initialization, .lossScale], layer: "0",
                remedy: "smaller weights",
                Ordinary.descent.with { $0.prepare = scale(100) }
            ) { $0.prepare = { _ in } },
        ]
    }

    private static func kaiming(_ model: Module) {
        noGrad {
            for case let layer as Linear in model.namedModules().map(\.module) {
                layer.weight.copy(
                    from: Tensor.randn(layer.weight.shape) * (2 / Double(layer.weight.shape[1])).squareRoot())
            }
        }
    }

    private static var units: [IllCase] {
        func dead(_ name: String, _ activation: @escaping () -> Module) -> IllCase {
            IllCase(
                "\(name) dead from the start", [.dead], layer: "2", remedy: "biases of 0",
                Ordinary.points.with {
                    $0.model = { PatientModels.perceptron(activation: activation) }
                    $0.prepare = { model in noGrad { _ = linear("2", of: model).bias?.fill(-20) } }
                }
            ) { $0.prepare = { _ in } }
        }
        func saturated(_ name: String, _ activation: @escaping () -> Module) -> IllCase {
            IllCase(
                "\(name) saturated from the start", [.saturated, .initialization], layer: "0",
                remedy: "smaller weights",
                Ordinary.points.with {
                    $0.model = { PatientModels.perceptron(activation: activation) }
                    $0.prepare = { model in noGrad { linear("0", of: model).weight *= 60 } }
                }
            ) { $0.prepare = { _ in } }
        }
        return [
            dead("ReLU", { ReLU() }), dead("ReLU6", { ReLU6() }), dead("GELU", { GELU() }), dead("SiLU", { SiLU() }),
            saturated("tanh", { Tanh() }), saturated("sigmoid", { Sigmoid() }), saturated("hardtanh", { Hardtanh() }),
        ]
    }

    private static var depth: [IllCase] {
        [
            IllCase(
                "twelve layers of sigmoids", [.vanishing], remedy: "batch or layer normalization",
                Ordinary.points.with { $0.model = { PatientModels.perceptron(depth: 12, activation: { Sigmoid() }) } }
            ) {
                $0.model = {
                    Sequential(
                        (0..<12).flatMap { [Linear($0 == 0 ? 16 : 32, 32), BatchNorm1d(32), Sigmoid()] as [Module] } + [
                            Linear(32, 4)
                        ])
                }
                $0.rate = 1e-2
                $0.steps = 120
            },
            IllCase(
                "thirty plain layers", [.vanishing], remedy: "residual",
                Ordinary.descent.with {
                    $0.model = { PatientModels.perceptron(depth: 30) }
                    $0.rate = 0.02
                }
            ) {
                $0.model = {
                    Sequential(
                        [Linear(16, 32)]
                            + (0..<15).map { _ in Residual(Sequential(LayerNorm(32), ReLU(), Linear(32, 32))) } + [
                                Linear(32, 4)
                            ])
                }
                $0.rate = 0.02
            },
        ]
    }

    private static var gradients: [IllCase] {
        func custom(_ compute: @escaping (Module, Module, Tensor) -> Tensor) -> () -> Module {
            { PatientModels.Custom(Sequential(Linear(16, 32), ReLU()), Linear(32, 4), compute) }
        }
        let whole = custom { first, second, x in second(first(x)) }
        return [
            IllCase(
                "an encoder that is detached", [.noGradient], layer: "first.0.weight", remedy: "detach()",
                Ordinary.points.with { $0.model = custom { first, second, x in second(first(x).detach()) } }
            ) { $0.model = whole },
            IllCase(
                "an encoder inside noGrad", [.noGradient], layer: "first.0.weight", remedy: "forward",
                Ordinary.points.with { $0.model = custom { first, second, x in second(noGrad { first(x) }) } }
            ) { $0.model = whole },
            IllCase(
                "a layer that is not used", [.noGradient], layer: "first.0.weight", remedy: "remove it",
                Ordinary.points.with {
                    $0.model = {
                        PatientModels.Custom(Sequential(Linear(16, 32), ReLU()), Linear(16, 4)) { _, second, x in
                            second(x)
                        }
                    }
                }
            ) { $0.model = { Linear(16, 4) } },
            IllCase(
                "attention that is saturated", [.attention], layer: "first", remedy: "divide the scores",
                Ordinary.reading.with {
                    $0.model = { attending(scale: 400) }
                    $0.rate = 1e-3
                }
            ) {
                $0.model = { attending(scale: 1) }
                $0.rate = 1e-2
                $0.steps = 120
            },
        ]
    }

    /// A network in which each word looks for others by what they are.
    private static func attending(scale: Double) -> Module {
        PatientModels.Custom(Embedding(60, 16), Linear(16, 3)) { words, head, x in
            let hidden = words(x).unsqueeze(1)
            let seen = Tensor.scaledDotProductAttention(hidden * scale, hidden * scale, hidden)
            return head(seen.squeeze(1).mean(dim: 1))
        }
    }

    private static var sequencesInTime: [IllCase] {
        func remembering(_ kind: PatientModels.Reader.Kind, _ length: Int) -> Patient {
            Ordinary.sequences(kind).with {
                $0.data = { PatientData.sequences(96, length: length, place: 0) }
                $0.steps = 25
                $0.rate = 1e-3
            }
        }
        func short(_ patient: inout Patient) {
            patient.data = { PatientData.sequences(length: 8, place: 4) }
            patient.steps = 80
            patient.rate = 1e-2
        }
        return [
            IllCase(
                "a plain recurrent network over 60 steps", [.vanishingInTime], layer: "cell", remedy: "LSTM or GRU",
                remembering(.rnn, 60)
            ) {
                short(&$0)
                $0.model = { PatientModels.Reader(.gru) }
            },
            IllCase(
                "an LSTM over 100 steps", [.vanishingInTime], layer: "cell", remedy: "shorter sequences",
                remembering(.lstm, 100)
            ) {
                short(&$0)
            },
            IllCase(
                "recurrent weights that are too large", [.exploding], layer: "cell", remedy: "clip",
                Ordinary.sequences(.reluRNN).with {
                    $0.data = { PatientData.sequences(length: 24) }
                    $0.optimizer = .sgd
                    $0.momentum = 0
                    $0.rate = 0.02
                    $0.prepare = { model in
                        noGrad {
                            model.namedParameters.first { $0.name.hasSuffix("weight_hh_l0") }.map { $0.parameter *= 5 }
                        }
                    }
                }
            ) {
                $0.model = { PatientModels.Reader(.gru) }
                $0.prepare = { _ in }
                $0.optimizer = .adam
                $0.rate = 1e-2
            },
        ]
    }
}
