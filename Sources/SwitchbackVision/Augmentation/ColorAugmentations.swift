import Foundation
import Switchback

/// Turns the hue, and multiplies saturation and value, by random amounts.
public struct HSVJitter: Augmentation {
    /// The greatest changes: of the hue as a part of the circle, of the others as a part of what they are.
    public let hue, saturation, value: Double

    public init(hue: Double = 0.015, saturation: Double = 0.7, value: Double = 0.4) {
        self.hue = hue
        self.saturation = saturation
        self.value = value
    }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        let turn = context.generator.uniform(-hue...hue)
        let factors = [saturation, value].map { 1 + context.generator.uniform(-$0...$0) }
        guard sample.image.colorModel == .rgb else { return sample }
        return Sample(
            sample.image.withHSV(turn: turn, saturation: factors[0], value: factors[1]), labels: sample.labels)
    }
}

extension Image {
    /// The RGB image with its hue turned by a part of the circle, and saturation and value multiplied.
    public func withHSV(turn: Double, saturation: Double, value: Double) -> Image {
        require(colorModel == .rgb, "withHSV", "an RGB image is needed, not \(colorModel)")
        var result = self
        result.pixels.withUnsafeMutableBufferPointer {
            Pixels.adjustHSV($0, turn: Float(turn), saturation: Float(saturation), value: Float(value))
        }
        return result
    }
}

/// Converts to grayscale, and keeps three channels.
public struct Greyscale: Augmentation {
    public init() {}

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        Sample(sample.image.converted(to: .gray).converted(to: sample.image.colorModel), labels: sample.labels)
    }
}

/// Swaps red and blue.
public struct ChannelSwap: Augmentation {
    public init() {}

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        var image = sample.image
        let channels = image.channels
        guard channels >= 3 else { return sample }
        image.pixels.withUnsafeMutableBufferPointer { pixels in
            for start in stride(from: 0, to: pixels.count, by: channels) { pixels.swapAt(start, start + 2) }
        }
        return Sample(image, labels: sample.labels)
    }
}

/// Blurs with a Gaussian of a random width; beyond the edge the image is mirrored.
public struct GaussianBlur: Augmentation {
    /// The standard deviation, in pixels.
    public let sigma: ClosedRange<Double>

    public init(sigma: ClosedRange<Double> = 0.1...2) { self.sigma = sigma }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        Sample(sample.image.blurred(sigma: context.generator.uniform(sigma)), labels: sample.labels)
    }
}

extension Image {
    /// The image seen through a Gaussian of a standard deviation in pixels, cut off at three of them.
    public func blurred(sigma: Double) -> Image {
        let reach = min(Int((3 * sigma).rounded(.up)), min(height, width) - 1)
        guard reach > 0 else { return self }
        let bell = (-reach...reach).map { Float(exp(-Double($0 * $0) / (2 * sigma * sigma))) }
        let weights = bell.map { $0 / bell.reduce(0, +) }
        return convolved(weights, along: channels, line: width, step: width * channels, count: height)
            .convolved(weights, along: width * channels, line: height, step: channels, count: width)
    }

    /// Weighted sums along lines of pixels: `count` lines that begin `step` bytes apart, of `line` pixels each that lie
    /// `along` bytes apart.
    private func convolved(_ weights: [Float], along: Int, line: Int, step: Int, count: Int) -> Image {
        let reach = weights.count / 2
        let channels = channels
        // Where each position of a line with its mirrored ends comes from.
        let sources = (-reach..<line + reach).map { position in
            (position < 0 ? -position : position >= line ? 2 * (line - 1) - position : position) * along
        }
        return Image(height: height, width: width, colorModel) { target in
            pixels.withUnsafeBufferPointer { source in
                for start in stride(from: 0, to: count * step, by: step) {
                    for position in 0..<line {
                        for channel in 0..<channels {
                            var sum: Float = 0.5
                            for tap in 0..<weights.count {
                                sum += weights[tap] * Float(source[start + sources[position + tap] + channel])
                            }
                            target[start + position * along + channel] = UInt8(min(255, sum))
                        }
                    }
                }
            }
        }
    }
}
