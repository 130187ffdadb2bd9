import Foundation
import Switchback

// What goes wrong between parts that are each well: data and loss, model and optimizer, the loss and what is added to it.

extension IllCase {
    public static var ofMistakes: [IllCase] { mistakesOfData + mistakesOfLosses + mistakesOfOptimizers }

    private static var mistakesOfData: [IllCase] {
        [
            IllCase(
                "batches of four sorted by class", [.oneClass], remedy: "shuffle",
                Ordinary.points.sortedByClass.with { $0.batch = 4 }
            ) {
                $0.batch = 32
                $0.isShuffled = true
            },
            IllCase(
                "targets shuffled apart from their inputs in each batch", [.notLearning], remedy: "labels belong",
                Ordinary.points.with {
                    $0.loss = { $0.crossEntropy($1.indexSelect(dim: 0, index: Tensor.randperm($1.count))) }
                }
            ) { $0.loss = { $0.crossEntropy($1) } },
            IllCase(
                "pixels divided by 255 twice", [.inputScale], remedy: "normalize",
                Ordinary.descent.reading { $0.inputs = $0.inputs.sigmoid() / 255 }
            ) { $0 = Ordinary.descent },
            IllCase(
                "padding that is learned", [.labels], remedy: "ignoreIndex",
                Ordinary.text.reading { data in
                    let isPadding = Tensor.arange(0, 16).ge(3).unsqueeze(0)
                    data.inputs = data.inputs.maskedFill(isPadding, 0)
                    data.targets = data.targets.maskedFill(isPadding, 0)
                }
            ) { $0.data = Ordinary.text.data },
            IllCase(
                "a batch read as a sequence", [.notLearning], remedy: "labels belong",
                Ordinary.sequences(.gru).with {
                    let model = $0.model
                    $0.model = {
                        PatientModels.Custom(model(), Module()) { reader, _, x in reader(x.roll(1, dim: 0)) }
                    }
                }
            ) { $0 = Ordinary.sequences(.gru) },
        ]
    }

    private static var mistakesOfLosses: [IllCase] {
        [
            IllCase(
                "a penalty that drowns the loss", [.penalty], remedy: "factor",
                Ordinary.points.with {
                    $0.rate = 1e-2
                    $0.penalty = { model in
                        model.parameters.reduce(Tensor(0.0)) { $0 + $1.square().sum() } * 10
                    }
                }
            ) { $0.penalty = nil },
            IllCase(
                "a loss with a factor of 0", [.vanishing], layer: "4",
                remedy: "multiplies the loss",
                Ordinary.points.with { $0.differentiated = { $0 * 0 } }
            ) { $0.differentiated = { $0 } },
            IllCase(
                "logits divided by a thousand", [.rateTooLow], remedy: "divisor",
                Ordinary.descent.with { $0.loss = { ($0 / 1000).crossEntropy($1) } }
            ) { $0 = Ordinary.descent },
            IllCase(
                "label smoothing of 0.99", [.labels], remedy: "labelSmoothing",
                Ordinary.points.with { $0.loss = { $0.crossEntropy($1, labelSmoothing: 0.99) } }
            ) { $0.loss = { $0.crossEntropy($1) } },
            IllCase(
                "a weight for one class alone", [.labels], remedy: "weight above 0",
                Ordinary.points.with { $0.loss = { $0.crossEntropy($1, weight: Tensor([1.0, 0, 0, 0])) } }
            ) { $0.loss = { $0.crossEntropy($1) } },
        ]
    }

    private static var mistakesOfOptimizers: [IllCase] {
        [
            IllCase(
                "an optimizer of a model that was made anew", [.notInOptimizer], remedy: "this model's parameters",
                Ordinary.points.with { $0.trained = { _ in PatientModels.perceptron().namedParameters } }
            ) { $0.trained = { $0.namedParameters } },
            IllCase(
                "Adam with an ε of 1", [.rateTooLow], remedy: "raise",
                Ordinary.points.with {
                    $0.makesOptimizers = { [Adam($0.parameters, learningRate: $1, epsilon: 1)] }
                    $0.rate = 1e-3
                }
            ) {
                $0.makesOptimizers = nil
                $0.rate = 3e-3
            },
            IllCase(
                "weight decay of 100 on the scales of batch normalization", [.weightDecay],
                remedy: "lower the weight decay",
                Ordinary.images.with {
                    $0.makesOptimizers = { model, rate in
                        let isScale = { (entry: (name: String, parameter: Parameter)) in entry.parameter.rank == 1 }
                        return [
                            AdamW(
                                [
                                    ParameterGroup(model.namedParameters.filter(isScale), weightDecay: 100),
                                    ParameterGroup(model.namedParameters.filter { !isScale($0) }),
                                ], learningRate: rate)
                        ]
                    }
                }
            ) { $0.makesOptimizers = nil },
        ]
    }
}
