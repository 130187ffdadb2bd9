import Switchback
import SwitchbackTraining
import TestSupport
import Testing

/// What the structure of a first step shows: each fault in a network that has it, and silence about those that do not.
@Suite(.seeded(5), .serialized) struct GraphFindingsTests {
    private let inputs = Tensor.randn([8, 6], generator: Generator(seed: 1))
    private let classes = Tensor([0, 1, 2, 3, 0, 1, 2, 3])
    private let values = Tensor.randn([8], generator: Generator(seed: 2))

    /// The findings of one step.
    private func findings(_ model: Module, _ loss: (Module) -> Tensor) -> [Verdict] {
        let optimizer = SGD(model.parameters, learningRate: 0.01)
        let recorder = DiagnosisRecorder(model, every: 1)
        recorder.record {
            optimizer.zeroGrad()
            let loss = loss(model)
            loss.backward()
            optimizer.step()
            return loss
        }
        return recorder.diagnosis.findings
    }

    private func classifier(_ last: Module...) -> Sequential {
        Sequential([Linear(6, 8), ReLU(), Linear(8, 4)] + last)
    }

    // MARK: Losses

    @Test func activationsBeforeCrossEntropyAreFound() throws {
        for last in [Softmax(dim: 1), Sigmoid(), Tanh(), ReLU(), ReLU6()] as [Module] {
            let found = findings(classifier(last)) { $0(inputs).crossEntropy(classes) }
            let verdict = try #require(found.first)
            #expect(found.count == 1 && verdict.kind == .outputActivation && verdict.layer == "3", "\(found)")
            #expect(verdict.onset == 0 && verdict.finding.contains("crossEntropy") && verdict.remedy != nil)
        }
    }

    @Test func logitsAreWhatCrossEntropyWants() {
        #expect(findings(classifier()) { $0(inputs).crossEntropy(classes) }.isEmpty)
        // The logarithm of softmax is its own logarithm of softmax.
        #expect(findings(classifier(LogSoftmax(dim: 1))) { $0(inputs).crossEntropy(classes) }.isEmpty)
        #expect(findings(classifier(LogSoftmax(dim: 1))) { $0(inputs).nllLoss(classes) }.isEmpty)
        #expect(findings(classifier()) { ($0(inputs).tanh() * 30).crossEntropy(classes) }.isEmpty)
    }

    @Test func nllLossWantsLogarithms() {
        #expect(findings(classifier()) { $0(inputs).nllLoss(classes) }.map(\.kind) == [.outputActivation])
        let soft = findings(classifier(Softmax(dim: 1))) { $0(inputs).nllLoss(classes) }
        #expect(soft.first?.remedy?.contains("logSoftmax") ?? false, "\(soft)")
    }

    @Test func softmaxTwiceIsFound() {
        let found = findings(classifier(Softmax(dim: 1), Softmax(dim: 1))) {
            -($0(inputs).log() * classes.oneHot(classes: 4).to(.float32)).sum()
        }
        #expect(found.map(\.kind) == [.outputActivation], "\(found)")
    }

    @Test func binaryLossesWantWhatTheyTake() {
        let target = values.gt(0).to(.float32).unsqueeze(1)
        let model = { Sequential([Linear(6, 1)] + $0) }
        let raw = findings(model([])) { $0(inputs).binaryCrossEntropyWithLogits(target) }
        let squashed = findings(model([Sigmoid()])) { $0(inputs).binaryCrossEntropy(target) }
        #expect(raw.isEmpty && squashed.isEmpty)
        let twice = findings(model([Sigmoid()])) { $0(inputs).binaryCrossEntropyWithLogits(target) }
        #expect(twice.map(\.kind) == [.outputActivation] && twice[0].finding.contains("0.73"), "\(twice)")
    }

    @Test func shapesThatGrowInALossAreFound() throws {
        let model = Sequential(Linear(6, 1))
        let found = findings(model) { $0(inputs).mseLoss(values) }
        let verdict = try #require(found.first)
        #expect(verdict.kind == .lossShape && verdict.finding.contains("[8, 8]"), "\(found)")
        #expect(findings(model) { $0(inputs).squeeze(1).mseLoss(values) }.isEmpty)
        // A single target for all is one that was meant.
        #expect(findings(model) { $0(inputs).mseLoss(Tensor(1.0)) }.isEmpty)
    }

    @Test func targetsOutOfReachAreFound() {
        let model = { (last: Module) in Sequential(Linear(6, 1), last) }
        let target = values.unsqueeze(1) * 5
        for last in [ReLU(), Sigmoid(), Tanh()] as [Module] {
            let found = findings(model(last)) { $0(inputs).mseLoss(target) }
            #expect(found.map(\.kind) == [.outputActivation], "\(found)")
        }
        #expect(findings(model(Sigmoid())) { $0(inputs).mseLoss(target.sigmoid()) }.isEmpty)
        #expect(findings(model(ReLU())) { $0(inputs).mseLoss(target.abs()) }.isEmpty)
    }

    // MARK: Layers

    @Test func layersWithoutANonlinearityAreFound() throws {
        let found = findings(Sequential(Linear(6, 8), Linear(8, 8), ReLU(), Linear(8, 4))) {
            $0(inputs).crossEntropy(classes)
        }
        let verdict = try #require(found.first)
        #expect(found.count == 1 && verdict.kind == .nonlinearity && verdict.layer == "1", "\(found)")
        let images = Tensor.randn([2, 3, 8, 8])
        let bare = findings(Sequential(Conv2d(3, 8, kernelSize: 3), Conv2d(8, 8, kernelSize: 3))) {
            $0(images).square().mean()
        }
        #expect(bare.map(\.kind) == [.nonlinearity], "\(bare)")
    }

    /// What published networks do on purpose: narrow waists, fused activations, residual sums, 1×1 convolutions in
    /// pyramids.
    @Test func layersThatAreMeantSoAreNot() {
        let images = Tensor.randn([2, 3, 8, 8])
        func quiet(_ model: Module, _ input: Tensor) -> [Verdict] {
            findings(model) { $0(input).square().mean() }.filter { $0.severity > .note }
        }
        #expect(quiet(Sequential(Linear(6, 2), Linear(2, 6)), inputs).isEmpty)
        #expect(quiet(Sequential(Conv2d(3, 8, kernelSize: 3), ReLU(), Conv2d(8, 8, kernelSize: 3)), images).isEmpty)
        #expect(quiet(Sequential(Conv2d(3, 8, kernelSize: 3), SiLU(), Conv2d(8, 8, kernelSize: 3)), images).isEmpty)
        #expect(quiet(Sequential(Conv2d(3, 8, kernelSize: 1), Conv2d(8, 8, kernelSize: 3)), images).isEmpty)
        #expect(
            quiet(Sequential(Conv2d(3, 8, kernelSize: 3), BatchNorm2d(8), Conv2d(8, 8, kernelSize: 3)), images).isEmpty)
        #expect(quiet(TransformerEncoderLayer(8, heads: 2, feedForward: 16), Tensor.randn([2, 5, 8])).isEmpty)
    }

    @Test func theOrderOfLayersIsFound() {
        let found = findings(Sequential(Linear(6, 8), Dropout(p: 0.5), BatchNorm1d(8), ReLU(), Linear(8, 4))) {
            $0(inputs).crossEntropy(classes)
        }
        #expect(found.map(\.kind) == [.layerOrder] && found[0].finding.contains("dropout"), "\(found)")
    }

    /// A bias that is subtracted again does no harm: a doctor tells of it, a diagnosis does not.
    @Test func aBiasWithoutEffectIsNoIllness() throws {
        func model(bias: Bool) -> Sequential {
            Sequential(Linear(6, 8, bias: bias), BatchNorm1d(8), ReLU(), Linear(8, 4))
        }
        func structure(_ model: Module) throws -> DoctorCheck? {
            let batches = [Example(input: inputs, target: classes)]
            let report = try Doctor().examine(model, batches: batches) { $0($1.input).crossEntropy($1.target) }
            return report.checks.first { $0.name == .structure }
        }
        #expect(findings(model(bias: true)) { $0(inputs).crossEntropy(classes) }.isEmpty)
        let told = try structure(model(bias: true))
        #expect(told?.outcome == .passed && told?.finding.contains("0 (Linear) has a bias") ?? false, "\(told as Any)")
        #expect(try structure(model(bias: false))?.finding.contains("bias") == false)
    }

    // MARK: Parts

    private final class Hiding: Module {
        private let hidden: (Linear, Int) = (Linear(6, 6), 0)
        let head = Linear(6, 4)
        override func forward(_ x: Tensor) -> Tensor { head(hidden.0(x).relu()) }
    }

    private final class Cutting: Module {
        let encoder = Linear(6, 6)
        let head = Linear(6, 4)
        override func forward(_ x: Tensor) -> Tensor { head(encoder(x).relu().detach()) }
    }

    @Test func partsThatAreNotListedAreFound() throws {
        let found = findings(Hiding()) { $0(inputs).crossEntropy(classes) }
        #expect(found.map(\.kind) == [.unregistered] && found[0].finding.contains("[6, 6]"), "\(found)")
        // Another model in the loss is none of this one's parts.
        let teacher = Sequential(Linear(4, 4), ReLU(), Linear(4, 4))
        #expect(findings(classifier()) { teacher($0(inputs)).crossEntropy(classes) }.isEmpty)
    }

    @Test func detachedPartsAreFound() throws {
        let found = findings(Cutting()) { $0(inputs).crossEntropy(classes) }
        #expect(found.map(\.kind) == [.noGradient] && found[0].layer == "encoder", "\(found)")
        #expect(found[0].finding.contains("detached"))
        let frozen = Cutting()
        frozen.encoder.freeze()
        #expect(findings(frozen) { $0(inputs).crossEntropy(classes) }.isEmpty)
    }
}
