import Foundation
import Switchback

extension Sample {
    /// A part of the image in another size, with the boxes of which at least a tenth is left.
    func cropped(top: Int, left: Int, height: Int, width: Int, to size: (height: Int, width: Int)) -> Sample {
        let part = image.cropped(top: top, left: left, height: height, width: width)
            .resized(height: size.height, width: size.width)
        let (x, y) = (Float(size.width) / Float(width), Float(size.height) / Float(height))
        let kept = labels.compactMap { label -> LabeledBox? in
            let moved = label.moved(x: -Float(left), y: -Float(top))
            let seen = moved.clipped(to: Box(height: height, width: width))
            guard seen.box.area > 0.1 * moved.box.area else { return nil }
            return seen.scaled(x: x, y: y)
        }
        return Sample(part, labels: kept)
    }
}

/// A part of random place, area and shape in a fixed size (Szegedy et al., "Going deeper with convolutions", 2015).
public struct RandomResizedCrop: Augmentation {
    public let height, width: Int
    /// The part's area, as a share of the image's.
    public let area: ClosedRange<Double>
    /// The part's width divided by its height.
    public let aspect: ClosedRange<Double>

    public init(
        height: Int, width: Int, area: ClosedRange<Double> = 0.08...1, aspect: ClosedRange<Double> = 3.0 / 4...4.0 / 3
    ) {
        self.height = height
        self.width = width
        self.area = area
        self.aspect = aspect
    }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        let part = draw(sample.image, context.generator)
        return sample.cropped(
            top: part.top, left: part.left, height: part.height, width: part.width, to: (height, width))
    }

    /// Ten attempts; then the greatest part in the middle whose shape is allowed.
    private func draw(
        _ image: Image, _ generator: Generator
    ) -> (top: Int, left: Int, height: Int, width: Int) {
        let whole = Double(image.height * image.width)
        for _ in 0..<10 {
            let pixels = whole * generator.uniform(area)
            let ratio = exp(generator.uniform(log(aspect.lowerBound)...log(aspect.upperBound)))
            let width = Int((pixels * ratio).squareRoot().rounded())
            let height = Int((pixels / ratio).squareRoot().rounded())
            guard width > 0, height > 0, width <= image.width, height <= image.height else { continue }
            return (
                generator.integer(0..<image.height - height + 1), generator.integer(0..<image.width - width + 1),
                height, width
            )
        }
        let ratio = Double(image.width) / Double(image.height)
        var (height, width) = (image.height, image.width)
        if ratio < aspect.lowerBound { height = max(1, Int(Double(width) / aspect.lowerBound)) }
        if ratio > aspect.upperBound { width = max(1, Int(Double(height) * aspect.upperBound)) }
        return ((image.height - height) / 2, (image.width - width) / 2, height, width)
    }
}

extension Image {
    /// The greatest square in the middle of the image, in another size.
    func centerSquare(_ size: Int) -> Image {
        let side = min(height, width)
        return cropped(top: (height - side) / 2, left: (width - side) / 2, height: side, width: side)
            .resized(height: size, width: size)
    }
}

/// The center of the image after its shorter side has been scaled: the input for evaluating a classifier.
public struct CenterCrop: Augmentation {
    public let size: Int

    public init(size: Int) { self.size = size }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        let side = min(sample.image.height, sample.image.width)
        return sample.cropped(
            top: (sample.image.height - side) / 2, left: (sample.image.width - side) / 2, height: side, width: side,
            to: (size, size))
    }
}
