// Trainings that fail, and what the diagnosis says and draws of each: the tutorial "Seeing backpropagation".
// Its images are saved in the folder that is named as the argument, or here.

import Foundation
import Switchback
import SwitchbackTraining

let folder = CommandLine.arguments.dropFirst().first ?? "."
manualSeed(0)
let inputs = Tensor.randn([64, 32])
let labels = inputs.narrow(dim: 1, start: 0, length: 8).argmax(dim: 1)

/// Trains a model, and watches every fourth step.
func diagnose(
    _ model: Module, _ optimizer: Optimizer, steps: Int = 200, _ loss: (Module) -> Tensor
) -> Diagnosis {
    let recorder = DiagnosisRecorder(model, every: 4)
    for _ in 0..<steps {
        recorder.record(learningRate: optimizer.learningRate) {
            optimizer.zeroGrad()
            let loss = loss(model)
            loss.backward()
            optimizer.step()
            return loss
        }
    }
    return recorder.diagnosis
}

/// Prints what was found, and saves the image.
func show(_ diagnosis: Diagnosis, _ image: String) throws {
    print("\(image): \(diagnosis)\n")
    try diagnosis.figure.write(to: "\(folder)/\(image)", scale: 1)
}

// 1. The gradient vanishes.

let deep = Sequential((0..<30).flatMap { _ in [Linear(32, 32), Sigmoid()] } + [Linear(32, 8)])
try show(diagnose(deep, SGD(deep, learningRate: 0.1)) { $0(inputs).crossEntropy(labels) }, "vanishing.png")

// 2. The gradient explodes in time.

final class Reader: Module {
    let rnn = RNN(4, 32, nonlinearity: .relu, batchFirst: true)
    let head = Linear(32, 8)

    override func forward(_ x: Tensor) -> Tensor {
        let states = rnn(x).output
        return head(states.select(dim: 1, index: states.size(1) - 1))
    }
}

let sequences = inputs.repeatInterleave(3, dim: 1).reshape([64, 24, 4])
let reader = Reader()
noGrad { reader.rnn.parameters[1] *= 3.0 }
try show(diagnose(reader, SGD(reader, learningRate: 0.01)) { $0(sequences).crossEntropy(labels) }, "exploding.png")

// 3. A part is cut off.

final class Transfer: Module {
    let encoder = Linear(32, 16)
    let head = Linear(16, 8)

    override func forward(_ x: Tensor) -> Tensor { head(encoder(x).relu().detach()) }
}

let transfer = Transfer()
let graph = Graph(of: transfer(inputs).crossEntropy(labels), model: transfer)
print("detached.svg: \(diagnose(transfer, Adam(transfer)) { $0(inputs).crossEntropy(labels) })\n")
try graph.svg.write(toFile: "\(folder)/detached.svg", atomically: true, encoding: .utf8)

// 4. Softmax comes twice.

let twice = Sequential(Linear(32, 64), ReLU(), Linear(64, 8), Softmax(dim: 1))
try show(diagnose(twice, Adam(twice)) { $0(inputs).crossEntropy(labels) }, "softmax.png")
