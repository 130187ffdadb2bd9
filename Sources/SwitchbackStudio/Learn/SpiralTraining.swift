import Switchback
import SwitchbackTraining

/// A training on two spirals that goes on step by step, watched by a diagnosis. To be used by one thread at a time.
package final class SpiralTraining {
    /// The longest training.
    package static let mostSteps = 2000
    /// Cells along a side of the surface.
    static let side = 40

    package let options: SpiralOptions
    private let network: SpiralNetwork
    private let optimizer: Optimizer
    private let data: Spirals
    private let recorder: DiagnosisRecorder
    private var step = 0
    private var hasFailed = false

    /// The same network and points for the same options.
    package init(_ options: SpiralOptions) {
        self.options = options
        data = Spirals(seed: options.seed)
        network = Generator.withDefault(Generator(seed: UInt64(options.seed))) { SpiralNetwork(options) }
        optimizer = options.method(network, rate: options.rate)
        recorder = DiagnosisRecorder(network, every: 1)
    }

    /// Makes so many steps, or fewer where the loss stops being a number or the training has been long enough.
    package func advance(by count: Int) -> SpiralState {
        var losses: [Double] = []
        for _ in 0..<min(count, Self.mostSteps - step) where !hasFailed {
            let loss = recorder.record { trainingStep() }.item()
            step += 1
            if loss.isFinite {
                losses.append(loss)
            } else {
                hasFailed = true
                recorder.findBirthplace { self.loss.backward() }
            }
        }
        return state(losses)
    }

    private var loss: Tensor { network(data.inputs).binaryCrossEntropyWithLogits(data.targets) }

    private func trainingStep() -> Tensor {
        optimizer.zeroGrad()
        let loss = loss
        loss.backward()
        optimizer.step()
        return loss
    }

    // MARK: What there is to see

    private func state(_ losses: [Double]) -> SpiralState {
        SpiralState(
            step: step, losses: losses, accuracy: accuracy, surface: surface, gradients: gradients,
            findings: recorder.diagnosis.verdicts.map(SpiralState.Finding.init), hasFailed: hasFailed,
            isOver: hasFailed || step >= Self.mostSteps)
    }

    /// What the network says of points, in inference mode: the probability of the second spiral.
    private func probabilities(_ inputs: Tensor) -> Tensor {
        network.eval()
        defer { network.train() }
        return noGrad { network(inputs).sigmoid() }
    }

    private var accuracy: Double {
        let isSecond = probabilities(data.inputs).gt(0.5).to(.float32)
        return isSecond.eq(data.targets).to(.float32).mean().item()
    }

    private var surface: [Int] {
        probabilities(Spirals.grid(side: Self.side)).toArray(as: Float.self).map {
            $0.isFinite ? Int(($0 * 255).rounded()) : 128
        }
    }

    /// The norm of the gradient that arrives at the output of each layer with weights; `nil` where it is not a number,
    /// and none before the first step.
    private var gradients: [Double?] {
        recorder.diagnosis.layers.filter { $0.type == "Linear" }.map { layer in
            layer.signal.flatMap { $0.isFinite ? $0 : nil }
        }
    }

    /// Where the points lie.
    package var points: [SpiralState.Point] {
        let places: [Float] = data.inputs.toArray()
        return zip(stride(from: 0, to: places.count, by: 2), data.targets.toArray(as: Int.self)).map {
            SpiralState.Point(x: places[$0], y: places[$0 + 1], arm: $1)
        }
    }
}

/// How far a training is, and what the network makes of the plane.
package struct SpiralState: Encodable, Sendable {
    package struct Point: Encodable, Sendable {
        package let x, y: Float
        /// 0 or 1.
        package let arm: Int
    }

    /// A verdict of the diagnosis.
    package struct Finding: Encodable, Sendable {
        /// The name of `Verdict.Kind`, for which each language has words.
        package let kind: String
        package let severity: String
        /// The sentence, as the command line prints it.
        package let sentence: String

        init(_ verdict: Verdict) {
            (kind, severity) = (verdict.kind.key, verdict.severity.rawValue)
            sentence = verdict.description
        }
    }

    /// Steps made so far.
    package let step: Int
    /// Of the steps made just now.
    package let losses: [Double]
    package let accuracy: Double
    /// The probability of the second spiral, times 255, on a square grid, row by row from the top left.
    package let surface: [Int]
    /// The norm of the gradient that arrived at the output of each layer with weights in the last step, the first layer
    /// first; empty before the first step.
    package let gradients: [Double?]
    package let findings: [Finding]
    /// Whether the loss is no longer a number.
    package let hasFailed: Bool
    /// Whether no more steps can be made.
    package let isOver: Bool
}

extension Verdict.Kind {
    /// Its name in Swift: `rateTooHigh`.
    package var key: String { String(describing: self) }
}
