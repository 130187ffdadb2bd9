import Foundation
import Switchback

/// Covers a rectangle with noise (Zhong et al., "Random erasing", 2020). Boxes stay: what is hidden may still be there.
public struct RandomErasing: Augmentation {
    public let probability: Double
    /// The rectangle's area, as a share of the image's.
    public let area: ClosedRange<Double>

    public init(probability: Double = 0.4, area: ClosedRange<Double> = 0.02...0.33) {
        self.probability = probability
        self.area = area
    }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        let generator = context.generator
        guard generator.chance(probability) else { return sample }
        var result = sample
        let (height, width) = (sample.image.height, sample.image.width)
        let pixels = Double(height * width) * generator.uniform(area)
        let ratio = exp(generator.uniform(log(0.3)...log(3.3)))
        let columns = min(width, max(1, Int((pixels * ratio).squareRoot())))
        let rows = min(height, max(1, Int((pixels / ratio).squareRoot())))
        let noise = Tensor.randint(
            0..<256, [rows * columns * sample.image.channels], dtype: .uint8, generator: generator)
        let patch = Image(height: rows, width: columns, sample.image.colorModel, pixels: noise.toArray(as: UInt8.self))
        result.image.paste(
            patch, top: generator.integer(0..<height - rows + 1), left: generator.integer(0..<width - columns + 1))
        return result
    }
}
