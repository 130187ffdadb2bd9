import Switchback
import SwitchbackFormats
import SwitchbackTraining
import TestSupport
import Testing

/// Every verdict on a network that has the disease, and none on the same network cured.
@Suite(.seeded(1), .serialized) struct VerdictTests {
    private func kinds(_ diagnosis: Diagnosis) -> [Verdict.Kind] { diagnosis.verdicts.map(\.kind) }

    @Test func sigmoidsVanishAndNormalizationCures() throws {
        let ill = course(of: Patients.sigmoids(30, normalized: false))
        let verdict = try #require(ill.verdicts.first)
        #expect(verdict.kind == .vanishing, "\(ill)")
        // The gradient shrinks at least fourfold in each layer, so a thousandth is left after at most six of them.
        let place = try #require(verdict.layer.flatMap { Int($0) })
        #expect((48...58).contains(place), "\(ill)")
        #expect(verdict.finding.contains("at 0 (Linear), the first layer"), "\(ill)")
        #expect(verdict.remedy?.contains("batch or layer normalization") ?? false, "\(ill)")
        let cured = course(of: Patients.sigmoids(30, normalized: true))
        #expect(!kinds(cured).contains { [.vanishing, .exploding].contains($0) }, "\(cured)")
    }

    @Test func plainLayersVanishAndResidualConnectionsCure() throws {
        let ill = course(of: Patients.rectifiers(50, residual: false))
        #expect(kinds(ill).first == .vanishing, "\(ill)")
        let cured = course(of: Patients.rectifiers(50, residual: true), rate: 0.002)
        #expect(kinds(cured) == [.healthy], "\(cured)")
    }

    @Test func recurrentNetworksExplodeAndClippingCures() throws {
        let shape: Shape = [16, 24, 4]
        let ill = course(of: Patients.Reader(), steps: 20, every: 1, inputShape: shape)
        #expect(kinds(ill).contains(.exploding), "\(ill)")
        let verdict = try #require(ill.verdicts.first { $0.kind == .exploding })
        #expect(verdict.layer == "rnn" && verdict.remedy?.contains("clip") ?? false, "\(ill)")
        manualSeed(1)
        let cured = course(of: Patients.Reader(), steps: 20, every: 1, clipNorm: 0.5, inputShape: shape)
        #expect(!kinds(cured).contains(.exploding), "\(cured)")
    }

    @Test func deadRectifiersAreNamed() throws {
        let model = Patients.Functional(usesAll: true)
        noGrad { _ = model.second.bias?.fill(-10) }
        let ill = course(of: model)
        let verdict = try #require(ill.verdicts.first { $0.kind == .dead })
        #expect(verdict.layer == "second" && verdict.finding.contains("100 % of its units"), "\(ill)")
        let cured = course(of: Patients.Functional(usesAll: true))
        #expect(kinds(cured) == [.healthy], "\(cured)")
        #expect(cured.layers.first?.activation == "relu" && cured.layers.first?.dead ?? 1 < 0.5)
    }

    /// Rectifiers that are computed by the kernel of the layer before them are seen as well.
    @Test func fusedRectifiersAreSeen() throws {
        let model = Sequential(Conv2d(1, 8, kernelSize: 3), BatchNorm2d(8), ReLU(), Flatten(), Linear(8 * 36, 4))
        noGrad { _ = (model[1] as? BatchNorm2d)?.bias?.fill(-100) }
        let images = Tensor.randn([8, 1, 8, 8])
        let recorder = DiagnosisRecorder(model, every: 1)
        recorder.record {
            let loss = model(images).crossEntropy(Tensor.zeros([8], dtype: .int64))
            loss.backward()
            return loss
        }
        let layers = recorder.diagnosis.layers
        #expect(layers.map(\.layer) == ["0", "1", "4"] && layers[1].activation == "relu" && layers[1].dead == 1)
        #expect(layers[0].dead == nil && layers[2].dead == nil)
    }

    @Test func parametersWithoutGradientAreNamed() throws {
        let ill = course(of: Patients.Functional(usesAll: false))
        let verdict = try #require(ill.verdicts.first)
        #expect(verdict.kind == .noGradient && verdict.layer == "unused.weight", "\(ill)")
        let frozen = Patients.Functional(usesAll: false)
        frozen.unused.freeze()
        #expect(kinds(course(of: frozen)) == [.healthy])
    }

    @Test func saturatedUnitsAreNamed() throws {
        let model = Sequential(Linear(Patients.width, 16), Tanh(), Linear(16, 4))
        noGrad { (model[0] as? Linear)?.weight *= 100 }
        let ill = course(of: model)
        let verdict = try #require(ill.verdicts.first { $0.kind == .saturated })
        #expect(verdict.layer == "0" && verdict.finding.contains("the tanh after 0 (Linear)"), "\(ill)")
        let cured = course(of: Sequential(Linear(Patients.width, 16), Tanh(), Linear(16, 4)))
        #expect(kinds(cured) == [.healthy], "\(cured)")
    }

    @Test func learningRatesAreJudged() throws {
        func network() -> Module {
            manualSeed(1)
            return Sequential(Linear(Patients.width, 64), ReLU(), Linear(64, 4))
        }
        for rate in [10.0, 60] {
            let high = course(of: network(), rate: rate)
            #expect(kinds(high).first == .rateTooHigh, "\(high)")
        }
        let low = course(of: network(), rate: 1e-6)
        #expect(kinds(low) == [.rateTooLow], "\(low)")
        #expect(low.verdicts.first?.remedy?.contains("instead of 1e-06") ?? false, "\(low)")
        #expect(kinds(course(of: network(), rate: 0.1)) == [.healthy])
    }

    /// `--optimizer auto` takes no rate, so a remedy that gives one names the optimizer too.
    @Test func aRateIsProposedWithAnOptimizerThatTakesIt() throws {
        struct Line: Encodable {
            var facts: TrainingFacts?
            var record: StepRecord?
        }
        manualSeed(1)
        let low = course(of: Sequential(Linear(Patients.width, 64), ReLU(), Linear(64, 4)), rate: 1e-6)
        for (chosen, flags) in [("auto", ["--lr0 ", "--optimizer adamw"]), ("AdamW", ["--lr0 "])] {
            var facts = low.facts
            (facts.interface, facts.learningRate, facts.optimizer) = (.commandLine, 1e-6, "adamw")
            facts.options = ["optimizer": chosen, "lr0": "0.01"]
            let lines = [Line(facts: facts)] + low.records.map { Line(record: $0) }
            let text = try lines.map { try JSON.text($0) + "\n" }.joined()
            let folder = try TemporaryFolder()
            let file = try folder.write(text.utf8, to: Diagnosis.fileName)
            let verdict = try #require(try Diagnosis(path: file).verdicts.first)
            #expect(verdict.kind == .rateTooLow)
            for flag in flags { #expect(verdict.remedy?.contains(flag) ?? false, "\(verdict)") }
            #expect(verdict.changes.map(\.option) == (chosen == "auto" ? ["lr0", "optimizer"] : ["lr0"]))
        }
    }

    @Test func theBirthplaceOfNaNIsFound() throws {
        let inputs = Tensor.zeros([4, Patients.width])
        let target = Tensor.zeros([4], dtype: .int64)
        for (model, operation, module, isBackward) in [
            (Patients.Logarithmic(), "log", "inner", false), (Patients.Rooted(safe: false), "sqrt", "Rooted", true),
        ] as [(Module, String, String, Bool)] {
            noGrad { for case let layer as Linear in model.namedModules().map(\.module) { layer.bias?.fill(-1) } }
            let recorder = DiagnosisRecorder(model)
            recorder.findBirthplace { model(inputs).crossEntropy(target).backward() }
            let birth = try #require(recorder.diagnosis.failure?.birth)
            #expect(birth.operation == operation && birth.isBackward == isBackward, "\(recorder.diagnosis)")
            #expect(birth.module == module && birth.value == (isBackward ? .infinity : .nan), "\(recorder.diagnosis)")
            #expect(recorder.diagnosis.verdicts.first?.kind == .notANumber)
        }
        let safe = Patients.Rooted(safe: true)
        #expect(Anomaly.birth { safe(inputs).crossEntropy(target).backward() } == nil)
    }

    /// What was measured is what can be worked out by hand.
    @Test func measurementsAreRight() throws {
        let model = Sequential(Linear(3, 2, bias: false), ReLU(), Linear(2, 1, bias: false))
        let weight = Tensor([[1.0, -2, 0.5], [0.5, 1, 1]]).to(.float32)
        noGrad { (model[0] as? Linear)?.weight.copy(from: weight) }
        noGrad { (model[2] as? Linear)?.weight.copy(from: Tensor([[3.0, 4]]).to(.float32)) }
        let inputs = Tensor([[1.0, 2, 2], [2, 2, 0]]).to(.float32)
        let optimizer = SGD(model.parameters, learningRate: 0.1)
        let recorder = DiagnosisRecorder(model, every: 1)
        recorder.record(learningRate: 0.1) {
            optimizer.zeroGrad()
            let loss = model(inputs).sum()
            loss.backward()
            optimizer.step()
            return loss
        }
        // Outputs of the first layer: [-2, 4.5] and [-2, 3]; the first unit is dead.
        let record = try #require(recorder.diagnosis.records.first)
        let (first, second) = (record.layers[0], record.layers[1])
        #expect(record.loss == 30 && record.rate == 0.1 && record.missing.isEmpty)
        #expect(first.dead == 0.5 && first.activation == "relu" && first.type == "Linear" && first.layer == "0")
        #expect(first.mean == 0.875 && abs((first.std ?? 0) - 2.9235) < 1e-4)
        // The gradient of the loss with respect to those outputs: 0 where dead, 4 elsewhere.
        #expect(
            abs((first.signal ?? 0) - 32.0.squareRoot()) < 1e-4 && abs((second.signal ?? 0) - 2.0.squareRoot()) < 1e-4)
        // With respect to the weights: 4 · (3, 4, 2) and (0, 7.5).
        #expect(abs((first.gradient ?? 0) - 4 * 29.0.squareRoot()) < 1e-3 && second.gradient == 7.5)
        #expect(second.weight == 5 && second.update == 0.15)
    }

    /// Activations are told apart by their kind, whatever kernel computes them.
    @Test func activationsOfLayersAreKnown() throws {
        for (activation, name) in [
            (ReLU(), "relu"), (ReLU6(), "relu6"), (Sigmoid(), "sigmoid"), (Tanh(), "tanh"), (SiLU(), "silu"),
            (GELU(), "gelu"), (LeakyReLU(), "leakyReLU"), (Hardtanh(), "hardtanh"),
        ] as [(Module, String)] {
            let model = Sequential(Linear(3, 2), activation)
            let recorder = DiagnosisRecorder(model, every: 1)
            recorder.record(learningRate: 0.1) {
                let loss = model(Tensor.ones([4, 3])).sum()
                loss.backward()
                return loss
            }
            let layer = try #require(recorder.diagnosis.records.first?.layers.first)
            #expect(layer.activation == name)
            #expect((layer.dead != nil) == ["relu", "relu6", "silu", "gelu", "leakyReLU"].contains(name))
            #expect((layer.saturated != nil) == ["relu6", "sigmoid", "tanh", "hardtanh"].contains(name))
        }
    }
}
