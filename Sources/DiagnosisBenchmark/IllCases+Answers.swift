import Switchback

// What a model is asked for and what it may see: texts and their targets, the places and examples that attention goes over,
// and losses and validations that measure something else than is meant.

extension IllCase {
    public static var ofAnswers: [IllCase] { answersOfTexts + answersOfModels + answersOfValidation }

    /// Text whose targets are so many places ahead.
    private static func text(ahead: Int) -> Patient {
        Ordinary.text.with { patient in
            patient.data = {
                func shifted(_ data: Patient.Data) -> Patient.Data {
                    let whole = Tensor.cat([data.inputs, data.targets.narrow(dim: 1, start: 15, length: 1)], dim: 1)
                    return (
                        whole.narrow(dim: 1, start: 0, length: 14), whole.narrow(dim: 1, start: ahead, length: 14)
                    )
                }
                let sets = PatientData.text()
                return (shifted(sets.training), sets.validation.map(shifted))
            }
        }
    }

    private static var answersOfTexts: [IllCase] {
        func padded(ignoring number: Int) -> Patient {
            Ordinary.text.reading { data in
                let isPadding = Tensor.arange(0, 16).ge(4).unsqueeze(0)
                data.inputs = data.inputs.maskedFill(isPadding, 11)
                data.targets = data.targets.maskedFill(isPadding, 11)
            }.with { $0.loss = { $0.crossEntropy($1, ignoreIndex: number) } }
        }
        return [
            IllCase(
                "a language model without a causal mask", [.answersInSight], layer: "layers.0.self_attn",
                remedy: "isCausal: true",
                Ordinary.text.with {
                    $0.model = { PatientModels.Reading(predictsNext: true, isCausal: false) }
                }
            ) { $0.model = { PatientModels.Reading(predictsNext: true) } },
            IllCase("text that is shifted twice", [.labels], remedy: "by one place", text(ahead: 2)) {
                $0 = text(ahead: 1)
            },
            IllCase(
                "padding of another number than is ignored", [.labels], remedy: "ignoreIndex", padded(ignoring: 0)
            ) { $0.data = Ordinary.text.data },
        ]
    }

    private static var answersOfModels: [IllCase] {
        [
            IllCase(
                "attention over the examples of a batch", [.mixedExamples], layer: "query", remedy: "softmax(dim: -1)",
                Ordinary.sentences.with {
                    $0.model = { PatientModels.Attending(softmax: 0, hasKeys: false) }
                    $0.rate = 5e-3
                }
            ) {
                $0.model = { PatientModels.Attending(softmax: 2, hasKeys: false) }
                $0.rate = 2e-2
            },
            IllCase(
                "a hidden layer of one unit", [.underfitting], layer: "2", remedy: "wider",
                Patient(
                    { Sequential(Linear(16, 32), ReLU(), Linear(32, 1), ReLU(), Linear(1, 8)) },
                    { PatientData.points(classes: 8) }
                ).with {
                    $0.rate = 5e-3
                    $0.steps = 100
                }
            ) {
                $0.model = { PatientModels.perceptron(classes: 8) }
            },
            IllCase(
                "differences of a column and a row, written out", [.lossShape], remedy: "same shape",
                Ordinary.curve.with { $0.loss = { ($0 - $1.reshape([$1.count])).square().mean() } }
            ) { $0.loss = { $0.mseLoss($1) } },
            IllCase(
                "inputs that hardly differ beside what they have in common", [.inputScale], remedy: "normalize",
                Ordinary.descent.reading { $0.inputs = $0.inputs.sigmoid() / 58 - 2 }
            ) { $0.data = Ordinary.descent.data },
        ]
    }

    private static var answersOfValidation: [IllCase] {
        func mislabeled(_ data: inout Patient.Data) {
            let others = Tensor.randint(0..<4, data.targets.shape)
            let isWrong = Tensor.rand(data.targets.shape).lt(0.4)
            data.targets = Tensor.where(isWrong, others, data.targets).to(.int64)
        }
        let many = Ordinary.points.with { $0.data = { PatientData.points(512) } }
        return [
            IllCase(
                "two labels of five at random, in validation as well", [.labels], remedy: "correct the labels",
                many.reading(mislabeled).readingInValidation(mislabeled).validated(every: 40, steps: 240)
            ) { $0.data = many.data },
            IllCase(
                "targets of validation that are not normalized", [.shift], remedy: "same normalization",
                Ordinary.curve.readingInValidation { $0.targets = $0.targets * 50 + 100 }.validated(
                    every: 20, steps: 120)
            ) { $0.data = Ordinary.curve.data },
            IllCase(
                "dropout in validation", [.evaluationMode], remedy: "model.eval()",
                Ordinary.points.with {
                    $0.model = { Sequential(Linear(16, 64), ReLU(), Dropout(p: 0.5), Linear(64, 4)) }
                    $0.validatesInTraining = true
                }.validated(every: 20, steps: 120)
            ) { $0.validatesInTraining = false },
        ]
    }
}
