import SwitchbackFormats
import SwitchbackInference
import Testing

@Suite struct ByteScaleTests {
    @Test func theByteOfZeroIsExact() {
        let scale = ByteScale(lowest: -0.3, highest: 2.1)
        #expect(scale.zero == 32)
        #expect(scale.range.lowerBound <= -0.295 && scale.range.upperBound >= 2.09)
        #expect(ByteScale(lowest: 0.5, highest: 1).zero == 0)
        #expect(ByteScale(lowest: -2, highest: -1).zero == 255)
        #expect(ByteScale(lowest: 0, highest: 0).isUsable)
    }
}
