import Switchback
import SwitchbackTraining

// Networks that have a disease, and the same ones cured.

enum Patients {
    static let width = 32

    /// So many layers with sigmoids between them.
    static func sigmoids(_ depth: Int, normalized: Bool) -> Sequential {
        let layers = (0..<depth).flatMap { _ -> [Module] in
            normalized ? [Linear(width, width), BatchNorm1d(width), Sigmoid()] : [Linear(width, width), Sigmoid()]
        }
        return Sequential(layers + [Linear(width, 4)])
    }

    /// So many layers with rectifiers, each with or without a way around it.
    static func rectifiers(_ depth: Int, residual: Bool) -> Sequential {
        let blocks = (0..<depth).map { _ -> Module in
            let body = Sequential(ReLU(), Linear(width, width))
            return residual ? Residual(body) : body
        }
        return Sequential([Linear(width, width)] + blocks + [Linear(width, 4)])
    }

    /// Reads a sequence and answers at its end, with recurrent weights that are too large.
    final class Reader: Module {
        let rnn = RNN(4, width, nonlinearity: .relu, batchFirst: true)
        let head = Linear(width, 4)

        override init() {
            super.init()
            noGrad { rnn.namedParameters.first { $0.name == "weight_hh_l0" }.map { $0.parameter *= 3.2 } }
        }

        override func forward(_ x: Tensor) -> Tensor {
            head(rnn.forward(x).narrow(dim: 1, start: x.size(1) - 1, length: 1).squeeze(1))
        }
    }

    /// A network whose rectifiers are used without layers of their own.
    final class Functional: Module {
        let first = Linear(width, 64)
        let second = Linear(64, 64)
        let unused = Linear(3, 3)
        let third = Linear(64, 4)
        private let usesAll: Bool

        init(usesAll: Bool) { self.usesAll = usesAll }

        override func forward(_ x: Tensor) -> Tensor {
            let hidden = second(first(x).relu()).relu()
            let output = third(hidden)
            return usesAll
                ? output * (unused(x.narrow(dim: 1, start: 0, length: 3)).mean(dim: 1, keepDim: true) + 1) : output
        }
    }

    /// Divides by zero on the way back: the root's slope at 0 is infinite.
    final class Rooted: Module {
        let first = Linear(width, 8)
        let second = Linear(8, 4)
        let safe: Bool

        init(safe: Bool) { self.safe = safe }

        override func forward(_ x: Tensor) -> Tensor { second(((first(x).relu()) + (safe ? 1e-3 : 0)).sqrt()) }
    }

    /// Takes the logarithm of numbers that are not positive.
    final class Logarithmic: Module {
        let first = Linear(width, 8)
        let inner = Log()

        final class Log: Module {
            override func forward(_ x: Tensor) -> Tensor { x.log() }
        }

        override func forward(_ x: Tensor) -> Tensor { inner(first(x)) }
    }
}

/// Trains a model to tell apart four classes that a linear map could, for some steps, watched.
func course(
    of model: Module, steps: Int = 40, every interval: Int = 2, rate: Double = 0.05, clipNorm: Double? = nil,
    inputShape: Shape = [64, Patients.width]
) -> Diagnosis {
    let generator = Generator(seed: 3)
    let inputs = Tensor.randn(inputShape, generator: generator)
    let features = inputs.rank == 3 ? inputs.mean(dim: 1) : inputs
    let labels = features.narrow(dim: 1, start: 0, length: 4).argmax(dim: 1)
    let optimizer = SGD(model.parameters, learningRate: rate)
    let recorder = DiagnosisRecorder(model, every: interval)
    for _ in 0..<steps {
        recorder.record(learningRate: rate) {
            optimizer.zeroGrad()
            let loss = model(inputs).crossEntropy(labels)
            loss.backward()
            if let clipNorm { clipGradNorm(model.parameters, maxNorm: clipNorm) }
            optimizer.step()
            return loss
        }
    }
    return recorder.diagnosis
}
