import Foundation
import Switchback
import SwitchbackLanguage
import SwitchbackTraining
import SwitchbackVision

/// What a diagnosis costs in time: a step of a small training of each task, plain and measured in turn. Time of the
/// processor would count threads that only wait for the next kernel.
struct DiagnosisOverhead {
    let name: String
    let model: Module
    let optimizer: Optimizer
    let loss: () -> Tensor

    /// In milliseconds.
    struct Cost {
        /// A step that nothing watches, and one that is measured.
        let plain, measured: Double
        /// The look at the gradients of each step that the command line's trainings have.
        let checked: Double

        /// What a diagnosis adds to a training that measures one step in ten.
        var share: Double { ((measured - plain) / Double(DiagnosisLog.usualInterval) + checked) / plain }
    }

    /// The medians of so many steps of each kind.
    func measure(pairs: Int) -> Cost {
        let recorder = DiagnosisRecorder(model, every: 1)
        let parameters = model.parameters
        var times = [[Double]](repeating: [], count: 3)
        for pair in 0..<pairs + 5 {
            let start = now()
            _ = step().item()
            let plain = now()
            recorder.record(step)
            let measured = now()
            _ = makeGradients()
            let differentiated = now()
            // Before the step, as a trainer looks at them.
            _ = gradNorm(parameters).item()
            let checked = now()
            // The first steps still ask the system for memory, and a recorder looks closer at them.
            if pair < 5 { continue }
            times[0].append(plain - start)
            times[1].append(measured - plain)
            times[2].append(checked - differentiated)
        }
        let medians = times.map { $0.median * 1e3 }
        return Cost(plain: medians[0], measured: medians[1], checked: medians[2])
    }

    /// Makes a step and returns its loss.
    private func step() -> Tensor {
        let loss = makeGradients()
        optimizer.step()
        return loss
    }

    private func makeGradients() -> Tensor {
        optimizer.zeroGrad()
        let loss = self.loss()
        loss.backward()
        return loss.detach()
    }

    /// A table: of every task the times, and what a diagnosis adds.
    static func table(pairs: Int) -> String {
        let lines = all.map { make -> String in
            let task = make()
            let cost = task.measure(pairs: pairs)
            let name = task.name.padding(toLength: 16, withPad: " ", startingAt: 0)
            return name
                + String(
                    format: " %9.2f %12.2f %11.2f %12.1f %%", cost.plain, cost.measured, cost.checked, 100 * cost.share)
        }
        return (["task              plain ms  measured ms  checked ms  of a training"] + lines).joined(
            separator: "\n")
    }

    private static var all: [() -> DiagnosisOverhead] {
        [
            {
                classification(
                    "classify mlp", Sequential(Linear(784, 256), ReLU(), Linear(256, 10)), [64, 784])
            },
            {
                classification(
                    "classify resnet", ResNet(.resnet18, classes: 10, stem: .cifar), [16, 3, 32, 32])
            },
            { detection }, { text }, { translation }, { sentiment }, { recurrent },
        ]
    }

    private static func classification(
        _ name: String, _ model: Module, _ shape: Shape
    )
        -> DiagnosisOverhead
    {
        let (inputs, labels) = (Tensor.randn(shape), Tensor.randint(0..<10, [shape[0]]))
        return trained(name, model) { model(inputs).crossEntropy(labels) }
    }

    private static var detection: DiagnosisOverhead {
        let model = YOLO(.yolo11n, classes: ["a", "b", "c"])
        let images = Tensor.rand([2, 3, 320, 320])
        let box = Box(centerX: 160, centerY: 150, width: 90, height: 70)
        let objects = [[LabeledBox(box, classIndex: 1)], [LabeledBox(box, classIndex: 2)]]
        let loss = YOLOLoss()
        return trained("detect yolo11n", model) {
            loss(model.outputs(images), of: model, objects).total
        }
    }

    private static var text: DiagnosisOverhead {
        let model = GPT2(
            GPT2Configuration(
                vocabularySize: 65, contextLength: 64, width: 128, layers: 4, heads: 4, bias: false))
        let (tokens, targets) = (Tensor.randint(0..<65, [8, 64]), Tensor.randint(0..<65, [8, 64]))
        return trained("text gpt", model) { model.loss(tokens, targets: targets) }
    }

    private static var translation: DiagnosisOverhead {
        let model = SequenceToSequence(
            SequenceToSequenceConfiguration(
                sourceVocabulary: 2000, targetVocabulary: 2000, width: 128, layers: 2, heads: 4,
                feedForward: 256,
                dropout: 0))
        let (source, target) = (
            Tensor.randint(0..<2000, [16, 16]), Tensor.randint(0..<2000, [16, 17])
        )
        return trained("translate", model) { model.loss(source, target) }
    }

    /// A table of 100,000 words and pairs of words.
    private static var sentiment: DiagnosisOverhead {
        let model = SentenceClassifier(terms: (0..<100_000).map { "w\($0)" }, classes: ["bad", "good"])
        let sentences = (0..<32).map { line in
            (0..<20).map { "w\((line * 977 + $0 * 131) % 100_000)" }.joined(separator: " ")
        }
        let labels = Tensor.randint(0..<2, [32])
        return trained("sentiment", model) { model(sentences).crossEntropy(labels) }
    }

    private static var recurrent: DiagnosisOverhead {
        let model = LSTM(64, 128, batchFirst: true)
        let inputs = Tensor.randn([16, 32, 64])
        return trained("lstm", model) { model(inputs).output.square().mean() }
    }

    private static func trained(
        _ name: String, _ model: Module, loss: @escaping () -> Tensor
    )
        -> DiagnosisOverhead
    {
        let optimizer = Adam(model.parameters.filter(\.requiresGrad), learningRate: 1e-4)
        return DiagnosisOverhead(name: name, model: model, optimizer: optimizer, loss: loss)
    }
}
