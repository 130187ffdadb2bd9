import Switchback
import SwitchbackTraining
import SwitchbackVision
import Testing

/// The numbers that options can have: a misspelt key would leave its option without limits.
@Suite struct ConfigurationRangeTests {
    @Test func rangesAreOfOptionsAndHoldTheDefaults() throws {
        let configurations: [any Configuration] = [
            TrainingConfiguration(), DetectionConfiguration(), DetectionAugmentation(), ClassifierConfiguration(),
            ClassificationAugmentation(),
        ]
        for configuration in configurations {
            let keys = Set(configuration.fields.map(\.key))
            for key in type(of: configuration).ranges.keys { #expect(keys.contains(key), "\(key)") }
            try configuration.check()
        }
    }

    @Test func whatIsOutsideIsNamed() {
        var configuration = DetectionConfiguration()
        configuration.augmentation.shear = 181
        #expect(configuration.outOfRange?.key == "shear" && configuration.outOfRange?.number == "181")
        configuration.imgsz = 33
        let error = #expect(throws: InputError.self) { try configuration.check() }
        #expect(
            error?.description
                == "option imgsz: is 33, and a multiple of 32 from 32 to 8192 is needed, such as 32")
    }
}
