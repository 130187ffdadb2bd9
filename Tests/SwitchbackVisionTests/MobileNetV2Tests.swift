import SwitchbackVision
import TestSupport
import Testing

@Suite(.seeded()) struct MobileNetV2Tests {
    @Test func agreesWithTorchvision() throws {
        try HashedNetwork("mobilenet_v2").check(MobileNetV2(classes: 5, width: 0.35, dropout: 0))
    }

    @Test func parametersAreAsManyAsTorchvisions() {
        #expect(MobileNetV2().parameterCount == 3_504_872)
    }
}
