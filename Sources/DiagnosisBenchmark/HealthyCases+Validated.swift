import Foundation
import Switchback

// Trainings that go well and could look ill beside their validation.

extension HealthyCase {
    static var validated: [HealthyCase] { validatedTasks + validatedHabits }

    private static var validatedTasks: [HealthyCase] {
        [
            HealthyCase(
                "classes that overlap",
                Patient({ PatientModels.perceptron(depth: 1) }, { PatientData.points(600, noise: 2.6) })
                    .with { $0.rate = 3e-3 }.validated(every: 40, steps: 200)),
            HealthyCase(
                "classes that overlap much",
                Patient({ Linear(16, 4) }, { PatientData.points(1200, noise: 4) }).with { $0.rate = 5e-3 }
                    .validated(every: 40, steps: 200)),
            HealthyCase(
                "inputs of which most are 0",
                Patient(
                    { PatientModels.perceptron(100, width: 64) },
                    {
                        var sets = PatientData.points(400, features: 100, noise: 0.5)
                        func thinned(_ data: Patient.Data) -> Patient.Data {
                            (data.inputs * Tensor.rand(data.inputs.shape).lt(0.15).to(.float32), data.targets)
                        }
                        sets.training = thinned(sets.training)
                        sets.validation = sets.validation.map(thinned)
                        return sets
                    }
                ).with { $0.rate = 3e-3 }.validated(every: 30, steps: 150)),
            HealthyCase(
                "one label in ten positive, and learned",
                Ordinary.sides.with { $0.data = { PatientData.sides(512, share: 0.1) } }
                    .validated(every: 40, steps: 200)),
            HealthyCase(
                "a large network and few examples",
                Patient({ PatientModels.perceptron(width: 256, depth: 3) }, { PatientData.points(64, noise: 0.5) })
                    .with { $0.rate = 1e-3 }.validated(every: 20, steps: 120)),
            HealthyCase(
                "a density, whose loss falls below 0",
                Patient({ PatientModels.perceptron(8, classes: 2) }, { PatientData.curve(512) }).with {
                    $0.rate = 5e-3
                    $0.loss = { prediction, target in
                        let variance = prediction.narrow(dim: 1, start: 1, length: 1).exp() + 1e-3
                        return prediction.narrow(dim: 1, start: 0, length: 1).gaussianNLLLoss(
                            target, variance: variance)
                    }
                }.validated(every: 50, steps: 300)),
            HealthyCase(
                "a thousand outputs for four classes",
                Ordinary.points.with { $0.model = { PatientModels.perceptron(classes: 1000) } }
                    .validated(every: 30, steps: 150)),
        ]
    }

    private static var validatedHabits: [HealthyCase] {
        [
            HealthyCase(
                "a warm-up of a fifth",
                Ordinary.points.with { $0.schedule = { min(1, Double($0 + 1) / 30) } }.validated(every: 30, steps: 150)),
            HealthyCase(
                "cosines with restarts",
                Ordinary.points.with { $0.schedule = { 0.5 * (1 + cos(.pi * Double($0 % 40) / 40)) } }
                    .validated(every: 20, steps: 160)),
            HealthyCase(
                "dropout of 0.5 in two layers",
                Ordinary.points.with {
                    $0.model = {
                        Sequential(
                            Linear(16, 64), ReLU(), Dropout(), Linear(64, 64), ReLU(), Dropout(), Linear(64, 4))
                    }
                }.validated(every: 40, steps: 200)),
            HealthyCase(
                "a little noise in training",
                Ordinary.points.with {
                    $0.model = {
                        PatientModels.Custom(PatientModels.perceptron(), Identity()) { model, _, x in
                            model(model.isTraining ? x + Tensor.randn(x.shape) * 0.5 : x)
                        }
                    }
                }.validated(every: 20, steps: 160)),
            HealthyCase(
                "Adagrad with validation",
                Ordinary.points.with {
                    $0.optimizer = .adagrad
                    $0.rate = 0.05
                }.validated(every: 20, steps: 80)),
            HealthyCase(
                "smoothed labels with validation",
                Ordinary.points.with { $0.loss = { $0.crossEntropy($1, labelSmoothing: 0.1) } }
                    .validated(every: 20, steps: 160)),
            HealthyCase(
                "fine-tuning at a low rate with validation",
                Ordinary.points.with {
                    $0.pretraining = 200
                    $0.rate = 1e-4
                }.validated(every: 20, steps: 100)),
        ]
    }
}
