import Foundation
import Switchback

// What goes wrong where examples and labels come from: it shows in how validation compares to training.

extension Patient {
    /// With other labels for a share of the examples for training.
    fileprivate func mislabeled(_ share: Double) -> Patient {
        reading { data in
            let others = Tensor.randint(0..<4, data.targets.shape)
            data.targets = Tensor.where(Tensor.rand(data.targets.shape).lt(share), others, data.targets).to(.int64)
        }
    }
}

extension IllCase {
    public static var ofSources: [IllCase] { sourcesOfLabels + sourcesOfInputs }

    private static var sourcesOfLabels: [IllCase] {
        [
            IllCase(
                "two labels of five at random", [.labels], remedy: "correct the labels",
                Ordinary.points.mislabeled(0.4).validated(every: 40, steps: 240)
            ) { $0.data = Ordinary.points.data },
            IllCase(
                "two labels of five at random, learned by heart at last", [.labels], remedy: "correct the labels",
                Patient({ PatientModels.perceptron(width: 64) }, { PatientData.points(512) }).mislabeled(0.4).with {
                    $0.rate = 3e-3
                }.validated(every: 64, steps: 640)
            ) { $0.data = { PatientData.points(512) } },
            IllCase(
                "labels of other examples in training", [.labels], remedy: "shuffled apart",
                Ordinary.points.reading { data in
                    data.targets = data.targets.indexSelect(dim: 0, index: Tensor.randperm(data.targets.count))
                }.validated(every: 20, steps: 160)
            ) { $0.data = Ordinary.points.data },
            IllCase(
                "a target of a million among others of 1", [.targetScale], remedy: "correct or remove",
                Ordinary.curve.reading { data in
                    data.targets = data.targets + Tensor.arange(0, 256).reshape([256, 1]).eq(100).to(.float32) * 1e6
                }.with { $0.steps = 100 }
            ) { $0.data = Ordinary.curve.data },
        ]
    }

    private static var sourcesOfInputs: [IllCase] {
        [
            IllCase(
                "validation with examples for training", [.duplicates], remedy: "take them out",
                Ordinary.points.with {
                    let data = $0.data
                    $0.data = {
                        let training = data().training
                        func first(_ tensor: Tensor) -> Tensor { tensor.narrow(dim: 0, start: 0, length: 96) }
                        return (training, (first(training.inputs), first(training.targets)))
                    }
                }.validated(every: 20, steps: 80)
            ) { $0.data = Ordinary.points.data },
            IllCase(
                "half of the images blank", [.inputs], remedy: "could not be read",
                Ordinary.images.reading { data in
                    let isRead = Tensor.arange(0, 192).lt(96).to(.float32).reshape([192, 1, 1, 1])
                    data.inputs = data.inputs * isRead
                }.validated(every: 20, steps: 100)
            ) { $0.data = Ordinary.images.data },
            IllCase(
                "noise in the data for training alone", [.shift, .augmentation], remedy: "less noise",
                Ordinary.points.reading { $0.inputs = $0.inputs + Tensor.randn($0.inputs.shape) * 3 }
                    .validated(every: 20, steps: 160)
            ) { $0.data = Ordinary.points.data },
            IllCase(
                "validation that is scaled otherwise", [.shift], remedy: "same normalization",
                Ordinary.points.readingInValidation { $0.inputs = $0.inputs * 40 + 20 }
                    .validated(every: 20, steps: 160)
            ) { $0.data = Ordinary.points.data },
            IllCase(
                "a dozen examples", [.overfitting], remedy: "more data",
                Patient({ PatientModels.perceptron(width: 128) }, { PatientData.points(12, noise: 1.6) }).with {
                    $0.rate = 3e-3
                    $0.batch = 12
                }.validated(every: 20, steps: 300)
            ) {
                $0.data = Ordinary.points.data
                $0.steps = 60
                $0.batch = 32
            },
        ]
    }
}
