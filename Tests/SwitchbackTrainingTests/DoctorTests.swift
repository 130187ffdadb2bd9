import Foundation
import Switchback
import SwitchbackTraining
import TestSupport
import Testing

/// Every check of the doctor on a training that fails it, and on the same one that passes.
@Suite(.seeded(2), .serialized) struct DoctorTests {
    /// Four classes that a linear map could tell apart, in batches of 16.
    private func batches(_ count: Int = 12, change: (Tensor, Tensor) -> (Tensor, Tensor) = { ($0, $1) }) -> [Example] {
        let generator = Generator(seed: 9)
        return (0..<count).map { _ in
            let inputs = Tensor.randn([16, 8], generator: generator)
            let (input, target) = change(inputs, inputs.narrow(dim: 1, start: 0, length: 4).argmax(dim: 1))
            return Example(input: input, target: target)
        }
    }

    private func network(_ last: Module...) -> Sequential { Sequential([Linear(8, 32), ReLU(), Linear(32, 4)] + last) }

    private func examine(
        _ model: Module, _ batches: [Example], rate: Double = 0.01,
        loss: @escaping (Module, Example) -> Tensor = { $0($1.input).crossEntropy($1.target) }
    ) throws -> [DoctorCheck.Name: DoctorCheck] {
        var doctor = Doctor()
        // Long enough for all steps on any machine: how much time there is decides nothing here.
        doctor.seconds = 10_000
        let report = try doctor.examine(model, batches: batches, learningRate: rate, loss: loss)
        return Dictionary(report.checks.map { ($0.name, $0) }) { first, _ in first }
    }

    @Test func aSoundTrainingPasses() throws {
        let model = network()
        let before = model.parameters.map { $0.toArray(as: Float.self) }
        // Other tests draw from the default generator meanwhile.
        let generator = Generator(seed: 2)
        let random = generator.state
        let checks = try Generator.withDefault(generator) { try examine(model, batches()) }
        #expect(checks.count == 9, "\(checks.values.map(\.description))")
        for check in checks.values { #expect(check.outcome == .passed && check.remedy == nil, "\(check)") }
        #expect(checks[.startLoss]?.finding.contains("guessing evenly among 4 classes gives 1.39") ?? false)
        // Nothing is left of it.
        #expect(model.parameters.map { $0.toArray(as: Float.self) } == before && generator.state == random)
        #expect(model.isTraining && model.parameters.allSatisfy { $0.grad == nil })
    }

    @Test func aWrongStructureFails() throws {
        let checks = try examine(network(Softmax(dim: 1)), batches())
        #expect(checks[.structure]?.outcome == .failed && checks[.structure]?.remedy != nil)
        #expect(checks[.structure]?.finding.contains("softmax") ?? false, "\(checks)")
    }

    @Test func aLossFarFromAGuessFails() throws {
        let model = network()
        noGrad { model[2].parameters[0] *= 100 }
        let check = try examine(model, batches())[.startLoss]
        #expect(check?.outcome == .failed, "\(check as Any)")
        #expect(check?.finding.contains("sure of wrong answers") ?? false)
    }

    @Test func examplesThatSeeEachOtherFail() throws {
        final class Mixing: Module {
            let inner = Linear(8, 4)
            override func forward(_ x: Tensor) -> Tensor { inner(x).softmax(dim: 0).log() }
        }
        let check = try examine(Mixing(), batches())[.isolation]
        #expect(check?.outcome == .failed && check?.remedy?.contains("dimension of the batch") ?? false)
    }

    @Test func rateFarFromTheTestsFails() throws {
        let high = try examine(network(), batches(), rate: 30)[.rate]
        #expect(high?.outcome == .failed && high?.remedy?.hasPrefix("use learningRate: ") ?? false, "\(high as Any)")
        let low = try examine(network(), batches(), rate: 1e-8)[.rate]
        #expect(low?.outcome == .failed && low?.finding.contains("hardly moves") ?? false, "\(low as Any)")
    }

    @Test func aModelThatCannotLearnOneBatchFails() throws {
        // What is constant cannot be told apart.
        let blind = batches { input, target in (input * 0 + 1, target) }
        let check = try examine(network(), blind)[.oneBatch]
        #expect(check?.outcome == .failed, "\(check as Any)")
    }

    @Test func modesThatDisagreeFail() throws {
        final class Forgetful: Module {
            let inner = Linear(8, 4)
            override func forward(_ x: Tensor) -> Tensor { isTraining ? inner(x) : inner(x) * -1 }
        }
        let check = try examine(Forgetful(), batches())[.modes]
        #expect(check?.outcome == .failed && check?.finding.contains("inference mode") ?? false, "\(check as Any)")
        let normalized = Sequential(Linear(8, 32), BatchNorm1d(32), ReLU(), Dropout(p: 0.2), Linear(32, 4))
        let sound = try examine(normalized, batches())[.modes]
        #expect(sound?.outcome == .passed, "\(sound as Any)")
    }

    @Test func labelsWithoutMeaningFail() throws {
        let generator = Generator(seed: 4)
        let random = batches(24) { input, _ in (input, Tensor.randint(0..<4, [16], generator: generator)) }
        let checks = try examine(network(), random)
        #expect(checks[.labels]?.outcome == .failed, "\(checks[.labels] as Any)")
    }

    @Test func inputsWithoutMeaningFail() throws {
        let blind = batches { input, target in (input * 1e-9, target) }
        let check = try examine(network(), blind)[.inputs]
        #expect(check?.outcome == .failed, "\(check as Any)")
    }

    @Test func valuesAreFoundWithTheirPlace() throws {
        func value(_ value: Double) throws -> DoctorCheck? {
            var ill = batches(4)
            ill[2].input = ill[2].input.clone()
            noGrad { ill[2].input.select(dim: 0, index: 5).narrow(dim: 0, start: 3, length: 1).fill(value) }
            return try examine(network(), ill)[.values]
        }
        for bad in [Double.nan, .infinity, 1e30] {
            let check = try value(bad)
            #expect(check?.outcome == .failed, "\(check as Any)")
            #expect(check?.finding.hasPrefix("batch 3, example 6, column 4 ") ?? false, "\(check as Any)")
        }
        #expect(try value(7)?.outcome == .passed)
    }

    @Test func tooLittleTimeIsNoIllness() throws {
        var doctor = Doctor()
        doctor.seconds = 1e-6
        let report = try doctor.examine(network(), batches: batches(2)) { $0($1.input).crossEntropy($1.target) }
        #expect(report.failures.isEmpty && report.checks.contains { $0.outcome == .skipped }, "\(report)")
    }

    @Test func whatCannotBeExaminedIsRefused() throws {
        #expect(throws: InputError.self) { try Doctor().examine(network(), batches: []) { $0($1.input).sum() } }
        struct Enough: Error {}
        #expect(throws: Enough.self) {
            try Doctor().examine(network(), batches: batches(), loss: { $0($1.input).crossEntropy($1.target) }) {
                if case .works = $0 { throw Enough() }
            }
        }
    }
}
