import Foundation
import Switchback

/// Some changes, drawn from fourteen, all of the same strength (Cubuk et al., "RandAugment", 2020).
public struct RandAugment: Augmentation {
    /// How many changes follow one another.
    public let count: Int
    /// From 0 to 30.
    public let magnitude: Int

    public init(count: Int = 2, magnitude: Int = 9) {
        require((0...30).contains(magnitude), "RandAugment", "a magnitude is from 0 to 30, not \(magnitude)")
        self.count = count
        self.magnitude = magnitude
    }

    /// The permissions.
    public enum Change: String, CaseIterable, Sendable {
        case nothing, shearX, shearY, translateX, translateY, rotate
        case brightness, color, contrast, sharpness, posterize, solarize, autoContrast, equalize

        /// The sample changed by a strength from 0 to 1, in one direction or the other (`sign` is 1 or -1).
        public func apply(to sample: Sample, strength: Double, sign: Double) -> Sample {
            let (height, width) = (Double(sample.image.height), Double(sample.image.width))
            // torchvision's slope leads from the new image back to the old one.
            let slope = 0.3 * strength * sign
            let factor = 1 + 0.9 * strength * sign
            switch self {
            case .nothing: return sample
            case .shearX: return sample.sheared(PlaneMap([1, -slope, 0, 0, 1, 0, 0, 0, 1]))
            case .shearY: return sample.sheared(PlaneMap([1, 0, 0, -slope, 1, 0, 0, 0, 1]))
            case .translateX:
                return sample.moved(.translation(x: (width * 150 / 331 * strength * sign).rounded(), y: 0))
            case .translateY:
                return sample.moved(.translation(x: 0, y: (height * 150 / 331 * strength * sign).rounded()))
            case .rotate: return sample.turned(degrees: 30 * strength * sign)
            case .brightness: return sample.with { $0.mixed(with: { _ in 0 }, factor) }
            case .color: return sample.with { $0.mixed(with: { $0.converted(to: .gray) }, factor) }
            case .contrast: return sample.with { $0.mixed(with: { UInt8($0.meanLuma.rounded()) }, factor) }
            case .sharpness: return sample.with { $0.mixed(with: { $0.smoothed() }, factor) }
            case .posterize:
                let mask = UInt8(truncatingIfNeeded: 0xFF << (4 * strength).rounded().asInt)
                return sample.with { $0.mapped { $0 & mask } }
            case .solarize:
                let threshold = 255 * (1 - strength)
                return sample.with { $0.mapped { Double($0) >= threshold ? 255 - $0 : $0 } }
            case .autoContrast: return sample.with { $0.stretched() }
            case .equalize: return sample.with { $0.equalized() }
            }
        }
    }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        (0..<count).reduce(sample) { sample, _ in
            let change = Change.allCases[context.generator.integer(0..<Change.allCases.count)]
            let sign = context.generator.chance(0.5) ? 1.0 : -1.0
            return change.apply(to: sample, strength: Double(magnitude) / 30, sign: sign)
        }
    }
}

extension Sample {
    fileprivate func with(_ change: (Image) -> Image) -> Sample { Sample(change(image), labels: labels) }

    fileprivate func turned(degrees: Double) -> Sample {
        moved(
            .rotation(degrees: degrees), aroundX: (Double(image.width) - 1) / 2, y: (Double(image.height) - 1) / 2)
    }

    /// The corner of the image stays, which is half a pixel from the center of the first one.
    fileprivate func sheared(_ shear: PlaneMap) -> Sample { moved(shear, aroundX: -0.5, y: -0.5) }

    private func moved(_ map: PlaneMap, aroundX x: Double, y: Double) -> Sample {
        moved(PlaneMap.translation(x: x, y: y).after(map).after(.translation(x: -x, y: -y)))
    }

    /// The sample moved within its frame.
    fileprivate func moved(_ map: PlaneMap) -> Sample {
        let kept = labels.compactMap { label -> LabeledBox? in
            let moved = map(label, in: (image.height, image.width))
            return moved.box.area > 0.1 * label.box.area ? moved : nil
        }
        return Sample(image.warped(map, height: image.height, width: image.width, .nearest), labels: kept)
    }
}

extension Image {
    /// Each byte through a table.
    fileprivate func mapped(_ change: (UInt8) -> UInt8) -> Image {
        mapped(Array(repeating: (0...255).map { change(UInt8($0)) }, count: channels))
    }

    /// Each channel through a table of its own.
    private func mapped(_ tables: [[UInt8]]) -> Image {
        let channels = channels
        return Image(height: height, width: width, colorModel) { target in
            for start in stride(from: 0, to: pixels.count, by: channels) {
                for channel in 0..<channels {
                    target[start + channel] = tables[channel][Int(pixels[start + channel])]
                }
            }
        }
    }

    /// factor · image + (1 - factor) · other, cut to what a byte holds. The other is one gray level.
    fileprivate func mixed(with other: (Image) -> UInt8, _ factor: Double) -> Image {
        let level = Double(other(self))
        return mapped { Image.mix(Double($0), level, factor) }
    }

    /// The same with another image, perhaps a gray one.
    fileprivate func mixed(with other: (Image) -> Image, _ factor: Double) -> Image {
        let other = other(self)
        let ratio = channels / other.channels
        return Image(height: height, width: width, colorModel) { target in
            for position in pixels.indices {
                target[position] = Image.mix(Double(pixels[position]), Double(other.pixels[position / ratio]), factor)
            }
        }
    }

    private static func mix(_ a: Double, _ b: Double, _ factor: Double) -> UInt8 {
        UInt8(min(255, max(0, factor * a + (1 - factor) * b)))
    }

    fileprivate var meanLuma: Double {
        let gray = converted(to: .gray).pixels
        return Double(gray.reduce(0) { $0 + Int($1) }) / Double(gray.count)
    }

    /// Each pixel but those at the edge mixed with its eight neighbors, 5 to 1 each.
    fileprivate func smoothed() -> Image {
        let (row, step) = (width * channels, channels)
        return Image(height: height, width: width, colorModel) { target in
            _ = target.update(from: pixels)
            guard height > 2, width > 2 else { return }
            for y in 1..<height - 1 {
                for position in y * row + step..<(y + 1) * row - step {
                    var sum = 4 * Int(pixels[position]) + 6
                    for offset in [-row, 0, row] {
                        sum += Int(pixels[position + offset - step]) + Int(pixels[position + offset])
                        sum += Int(pixels[position + offset + step])
                    }
                    target[position] = UInt8(sum / 13)
                }
            }
        }
    }

    /// How often each byte occurs, by channel.
    private var histograms: [[Int]] {
        var counts = Array(repeating: [Int](repeating: 0, count: 256), count: channels)
        for (position, value) in pixels.enumerated() { counts[position % channels][Int(value)] += 1 }
        return counts
    }

    /// Each channel from its darkest to its brightest over the whole range.
    fileprivate func stretched() -> Image {
        mapped(
            histograms.map { counts in
                let low = counts.firstIndex { $0 > 0 } ?? 0
                let high = counts.lastIndex { $0 > 0 } ?? 255
                guard high > low else { return (0...255).map { UInt8($0) } }
                return (0...255).map { UInt8(min(255, max(0, ($0 - low) * 255 / (high - low)))) }
            })
    }

    /// Each channel so that all levels occur about as often.
    fileprivate func equalized() -> Image {
        mapped(
            histograms.map { counts in
                let last = counts.last { $0 > 0 } ?? 0
                let step = (counts.reduce(0, +) - last) / 255
                guard step > 0 else { return (0...255).map { UInt8($0) } }
                var sum = step / 2
                return counts.map { count in
                    defer { sum += count }
                    return UInt8(min(255, sum / step))
                }
            })
    }
}

extension Double {
    fileprivate var asInt: Int { Int(self) }
}
