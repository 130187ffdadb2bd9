import Foundation
import Switchback

// Parts of a network, a loss or an optimizer that cannot work as they are put together.

extension IllCase {
    public static var ofParts: [IllCase] { partsOfModels + partsOfTraining }

    private static func ending(_ change: @escaping (Tensor) -> Tensor) -> () -> Module {
        {
            PatientModels.Custom(PatientModels.perceptron(8, classes: 1), Identity()) { model, _, x in
                change(model(x))
            }
        }
    }

    private static var partsOfModels: [IllCase] {
        let classes = Linear(24, 3)
        return [
            IllCase(
                "instance normalization of one pixel", [.normalization], layer: "1", remedy: "over more numbers",
                Ordinary.images.with {
                    $0.model = {
                        Sequential(
                            Conv2d(1, 16, kernelSize: 8), InstanceNorm2d(16), ReLU(), Flatten(), Linear(16, 4))
                    }
                }
            ) {
                $0.model = {
                    Sequential(
                        Conv2d(1, 16, kernelSize: 3), InstanceNorm2d(16), ReLU(), Flatten(), Linear(576, 4))
                }
            },
            IllCase(
                "an LSTM that takes the batch for time", [.mixedExamples], layer: "first", remedy: "batchFirst: true",
                Ordinary.sequences(.lstm).with {
                    $0.model = {
                        PatientModels.Custom(LSTM(4, 24), classes) { cell, head, x in
                            let output = cell(x)
                            return head(output.select(dim: 1, index: output.size(1) - 1))
                        }
                    }
                }
            ) { $0 = Ordinary.sequences(.lstm) },
            IllCase(
                "predictions that clamp() cuts off", [.outputActivation], remedy: "clamp",
                Ordinary.curve.reading { $0.targets = $0.targets * 2 + 4 }.with {
                    $0.model = ending { $0.clamp(min: 0.0, max: 1.0) }
                }
            ) { $0.model = ending { $0 * 2 + 4 } },
            IllCase(
                "dropout of the answers", [.dropout], layer: "3", remedy: "before the last layer",
                Ordinary.curve.with {
                    $0.model = { Sequential(Linear(8, 32), ReLU(), Linear(32, 1), Dropout(p: 0.5)) }
                }
            ) { $0.model = Ordinary.curve.model },
            IllCase(
                "attention without the root of its width", [.attention], layer: "key", remedy: "root of the width",
                Ordinary.sentences.with {
                    $0.model = { PatientModels.Attending(factor: 300) }
                    $0.rate = 3e-3
                }
            ) {
                $0.model = { PatientModels.Attending() }
                $0.rate = 2e-2
            },
            IllCase(
                "a last layer of weights a hundred times too large", [.lossScale], layer: "4",
                remedy: "smaller weights",
                Ordinary.points.with {
                    $0.prepare = { model in noGrad { linear("4", of: model).weight *= 100.0 } }
                }
            ) { $0.prepare = { _ in } },
        ]
    }

    private static var partsOfTraining: [IllCase] {
        [
            IllCase(
                "batch normalization of single images", [.batchNorm], layer: "1", remedy: "larger batches",
                Ordinary.images.with { $0.batch = 1 }.validated(every: 20, steps: 100)
            ) { $0 = Ordinary.images },
            IllCase(
                "Adam at a thousand times its rate", [.rateTooHigh], remedy: "learningRate",
                Ordinary.points.with { $0.rate = 1 }
            ) { $0.rate = 3e-3 },
        ]
    }
}
