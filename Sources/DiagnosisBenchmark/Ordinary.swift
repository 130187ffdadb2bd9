import Switchback

/// Ordinary trainings of each task, which go well as they are.
enum Ordinary {
    static var points: Patient {
        Patient({ PatientModels.perceptron() }, { PatientData.points() }).with { $0.rate = 3e-3 }
    }

    static var images: Patient {
        Patient({ PatientModels.convolutions() }, { PatientData.images() }).with {
            $0.rate = 3e-3
            $0.steps = 40
        }
    }

    static var curve: Patient {
        Patient({ PatientModels.perceptron(8, classes: 1) }, { PatientData.curve() }).with {
            $0.rate = 5e-3
            $0.loss = { $0.mseLoss($1) }
        }
    }

    static var sides: Patient {
        Patient({ PatientModels.perceptron(8, classes: 1) }, { PatientData.sides() }).with {
            $0.rate = 5e-3
            $0.loss = { $0.binaryCrossEntropyWithLogits($1) }
        }
    }

    static func sequences(_ kind: PatientModels.Reader.Kind) -> Patient {
        Patient({ PatientModels.Reader(kind) }, { PatientData.sequences() }).with {
            $0.rate = 5e-3
            $0.steps = 50
        }
    }

    static var sentences: Patient {
        Patient({ PatientModels.WordMean() }, { PatientData.sentences() }).with { $0.rate = 2e-2 }
    }

    static var text: Patient {
        Patient({ PatientModels.Reading(predictsNext: true) }, { PatientData.text() }).with { $0.rate = 5e-3 }
    }

    static var reading: Patient {
        Patient({ PatientModels.Reading(words: 60, classes: 3, predictsNext: false) }, { PatientData.sentences() }).with
        {
            $0.rate = 3e-3
        }
    }

    /// The same, with stochastic gradient descent.
    static var descent: Patient {
        points.with {
            $0.optimizer = .sgd
            $0.momentum = 0
            $0.rate = 0.1
        }
    }
}

extension Patient {
    /// With changes to what the training reads.
    func reading(_ change: @escaping (inout Patient.Data) -> Void) -> Patient {
        let data = data
        return with {
            $0.data = {
                var sets = data()
                change(&sets.training)
                return sets
            }
        }
    }

    /// With changes to what the validation reads.
    func readingInValidation(_ change: @escaping (inout Patient.Data) -> Void) -> Patient {
        let data = data
        return with {
            $0.data = {
                var sets = data()
                if var validation = sets.validation {
                    change(&validation)
                    sets.validation = validation
                }
                return sets
            }
        }
    }

    /// With a validation every so many steps.
    func validated(every interval: Int, steps: Int) -> Patient {
        with {
            $0.validateEvery = interval
            $0.steps = steps
        }
    }

    /// With examples that come in the order of their classes.
    var sortedByClass: Patient {
        reading { data in
            let order = data.targets.argsort()
            data = (data.inputs.indexSelect(dim: 0, index: order), data.targets.indexSelect(dim: 0, index: order))
        }.with { $0.isShuffled = false }
    }
}

/// The layer of a path.
func layer(_ path: String, of model: Module) -> Module { model.namedModules().first { $0.name == path }!.module }

/// A linear layer of a path.
func linear(_ path: String, of model: Module) -> Linear {
    guard let linear = layer(path, of: model) as? Linear else { fail("linear", "\(path) is no linear layer") }
    return linear
}
