import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision
import TestSupport
import Testing

@Suite(.seeded()) struct OptimizerChoiceTests {
    private func choice(
        _ change: (inout DetectionConfiguration) -> Void = { _ in }, images: Int = 100
    ) throws
        -> OptimizerChoice
    {
        var configuration = DetectionConfiguration()
        change(&configuration)
        return try OptimizerChoice(configuration, batch: 16, images: images, classCount: 80)
    }

    @Test func autoTakesAdamWForShortRunsAndSaysWhy() throws {
        let choice = try choice()
        #expect(choice.kind == .adamw && choice.learningRate == 0.000119 && choice.warmupBiasRate == 0)
        #expect(choice.reason?.contains("the number of steps, 200,") == true)
    }

    @Test func autoTakesMuSGDForLongRuns() throws {
        let choice = try choice({ $0.epochs = 300 }, images: 118_287)
        #expect(choice.kind == .musgd && choice.learningRate == 0.01 && choice.momentum == 0.9)
    }

    @Test func namesAreUltralytics() throws {
        #expect(try choice { $0.optimizer = "sgd" }.kind == .sgd)
        #expect(try choice { $0.optimizer = "RMSProp" }.kind == .rmsprop)
        let error = #expect(throws: InputError.self) { try choice { $0.optimizer = "AdamV" } }
        #expect(error?.description.contains("did you mean Adam") == true)
    }

    /// As in Ultralytics 8.4.190: filters, scales and biases; under MuSGD apart for the branches of the classes.
    @Test func groupsHaveAsManyParametersAsPublished() throws {
        let model = YOLO(.yolo26n, classes: (0..<80).map { "\($0)" })
        let plain = try choice().groups(of: model, weightDecay: 5e-4)
        #expect(plain.map(\.parameters.count) == [126, 114, 126])
        #expect(plain.map(\.weightDecay) == [5e-4, 0, 0])
        let split = try choice({ $0.epochs = 300 }, images: 118_287).groups(of: model, weightDecay: 5e-4)
        #expect(split.map(\.learningRate) == [0.01, 0.03, 0.01, 0.03, 0.01, 0.03])
        #expect(split[2].parameters.count == 90 && split[3].parameters.count == 24)
        #expect(split[4].parameters.count == 96 && split[5].parameters.count == 30)
        #expect(split[0].parameters.count == 96 && split[1].parameters.count == 30)
    }
}

@Suite(.seeded()) struct DetectorFileTests {
    @Test func weightsUnderPublishedNamesTellTheirModel() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("weights.safetensors")
        let model = YOLO(.yolo26n, classes: ["a", "b"])
        try Safetensors.save(model.namedState.map { ($0.name, $0.tensor) }, metadata: [:], to: path)
        let loaded = try DetectorFile.load(path)
        #expect(loaded.detector.variant == .yolo26n && loaded.detector.classes == ["0", "1"])
    }

    @Test func missingPublishedWeightsAreExplained() {
        let error = #expect(throws: InputError.self) { try DetectorFile.load("yolo11n.pt") }
        #expect(error?.description.contains("yolo11n starts from random") == true)
    }
}
