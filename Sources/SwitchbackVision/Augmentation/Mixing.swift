import Switchback

/// Four images around a random point, in a frame of twice the size (Bochkovskiy et al., "YOLOv4", 2020). What follows
/// should cut it back: `RandomAffine(size:)` does.
public struct Mosaic: Augmentation {
    /// The side of what will be cut out: half the frame's.
    public let size: Int

    public init(size: Int) { self.size = size }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) throws -> Sample {
        let bounds = size / 2..<size + size / 2 + 1
        let (x, y) = (context.generator.integer(bounds), context.generator.integer(bounds))
        var frame = Sample(
            Image(height: 2 * size, width: 2 * size, sample.image.colorModel, filledWith: Letterbox.border))
        for corner in 0..<4 {
            let part = corner == 0 ? sample : try context.other()
            let left = corner % 2 == 0 ? x - part.image.width : x
            let top = corner < 2 ? y - part.image.height : y
            frame.paste(part, top: top, left: left)
        }
        return frame
    }
}

extension Sample {
    /// Copies another sample into this one: its pixels, and its boxes as far as they stay within.
    mutating func paste(_ other: Sample, top: Int, left: Int) {
        image.paste(other.image, top: top, left: left)
        labels += other.labels.compactMap { label in
            let seen = label.moved(x: Float(left), y: Float(top))
                .clipped(to: Box(height: image.height, width: image.width))
            return seen.box.area > 0 ? seen : nil
        }
    }
}

/// Blends two images, with the boxes of both (Zhang et al., "mixup", 2018).
public struct MixUp: Augmentation {
    /// The share of the first is distributed as Beta(concentration, concentration).
    public let concentration: Double
    /// What the other image goes through before; it must then have the first one's size.
    public let other: any Augmentation

    public init(concentration: Double = 32, other: any Augmentation = Augmentations([])) {
        self.concentration = concentration
        self.other = other
    }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) throws -> Sample {
        let share = context.generator.beta(concentration, concentration)
        let second = try other(context.other(), context).fitted(to: sample.image)
        let weight = UInt32((share * 65536).rounded())
        let mixed = zip(sample.image.pixels, second.image.pixels).map { a, b in
            UInt8((UInt32(a) * weight + UInt32(b) * (65536 - weight) + 32768) >> 16)
        }
        let image = Image(
            height: sample.image.height, width: sample.image.width, sample.image.colorModel, pixels: mixed)
        return Sample(image, labels: sample.labels + second.labels)
    }
}

/// Replaces a part of the image by a part of another (Yun et al., "CutMix", 2019). Boxes that are covered by more than
/// `coverage`, and boxes of the other image of which less than that is visible, are dropped.
public struct CutMix: Augmentation {
    private let coverage: Float = 0.5
    /// The share of the first is distributed as Beta(concentration, concentration).
    public let concentration: Double
    /// What the other image goes through before; it must then have the first one's size.
    public let other: any Augmentation

    public init(concentration: Double = 32, other: any Augmentation = Augmentations([])) {
        self.concentration = concentration
        self.other = other
    }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) throws -> Sample {
        let generator = context.generator
        let part = (1 - generator.beta(concentration, concentration)).squareRoot()
        let (height, width) = (sample.image.height, sample.image.width)
        let x = generator.uniform(0...Double(width))
        let y = generator.uniform(0...Double(height))
        let hole = Box(
            centerX: Float(x), centerY: Float(y), width: Float(Double(width) * part),
            height: Float(Double(height) * part)
        ).clipped(height: height, width: width)
        let second = try other(context.other(), context).fitted(to: sample.image)
        let (top, left) = (Int(hole.y1), Int(hole.x1))
        let (rows, columns) = (Int(hole.y2) - top, Int(hole.x2) - left)
        guard rows > 0, columns > 0 else { return sample }
        var result = Sample(
            sample.image,
            labels: sample.labels.filter { $0.box.intersection(hole).area <= coverage * $0.box.area })
        result.image.paste(
            second.image.cropped(top: top, left: left, height: rows, width: columns), top: top, left: left)
        result.labels += second.labels.compactMap { label in
            let seen = label.clipped(to: hole)
            return seen.box.area > coverage * label.box.area ? seen : nil
        }
        return result
    }
}

/// Copies objects to where they cover little of what exists: what is in their outlines (Ghiasi et al., "Simple copy-paste",
/// 2021), or in their boxes where only those are known.
public struct CopyPaste: Augmentation {
    /// Where objects are copied from: Ultralytics' `copy_paste_mode`.
    public enum Mode: String, Codable, CaseIterable, Sendable {
        /// The mirror image of the same image.
        case flip
        /// Another image, in which they are in the same places.
        case mixup
    }

    /// How much of a box that is there may be covered.
    private let coverage: Float = 0.3
    /// The probability of each box to be copied.
    public let probability: Double
    public let mode: Mode
    /// Which keypoint takes the place of each in a mirror image.
    private let keypointOrder: [Int]?

    public init(probability: Double, mode: Mode = .flip, keypointOrder: [Int]? = nil) {
        (self.probability, self.mode, self.keypointOrder) = (probability, mode, keypointOrder)
    }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) throws -> Sample {
        // Draws nothing, and reads no other image, where nothing can be copied.
        if probability == 0 { return sample }
        let source = try mode == .flip ? sample.flippedHorizontally(keypointOrder: keypointOrder) : context.other()
        var result = sample
        for label in source.labels where context.generator.chance(probability) {
            let seen = label.clipped(
                to: Box(
                    height: min(sample.image.height, source.image.height),
                    width: min(sample.image.width, source.image.width)))
            let box = seen.box
            let (top, left) = (Int(box.y1), Int(box.x1))
            let (rows, columns) = (Int(box.y2) - top, Int(box.x2) - left)
            let hides = result.labels.contains { $0.box.intersection(box).area > coverage * $0.box.area }
            guard rows > 1, columns > 1, !hides else { continue }
            if seen.polygon.isEmpty {
                let part = source.image.cropped(top: top, left: left, height: rows, width: columns)
                result.image.paste(part, top: top, left: left)
            } else {
                result.image.copy(seen.polygon, from: source.image)
            }
            result.labels.append(seen)
        }
        return result
    }
}

extension Image {
    /// Copies the pixels of a polygon from the same place of another image, as far as both have them.
    fileprivate mutating func copy(_ polygon: [PlanePoint], from other: Image) {
        var area = PolygonRaster(height: min(height, other.height), width: min(width, other.width))
        area.fill(polygon)
        for (position, isFilled) in area.pixels.enumerated() where isFilled > 0 {
            let (row, column) = (position / area.width, position % area.width)
            let (to, from) = (channels * (row * width + column), channels * (row * other.width + column))
            for channel in 0..<channels { pixels[to + channel] = other.pixels[from + channel] }
        }
    }
}

extension Sample {
    /// The sample in the size of an image, letterboxed where it has another.
    fileprivate func fitted(to image: Image) -> Sample {
        if self.image.height == image.height && self.image.width == image.width { return self }
        return letterboxed(height: image.height, width: image.width)
    }

    /// The sample in a frame, scaled evenly.
    public func letterboxed(height: Int, width: Int, enlarges: Bool = true) -> Sample {
        let letterbox = Letterbox(image, into: (height, width), enlarges: enlarges)
        return Sample(
            letterbox.apply(to: image),
            labels: labels.map(letterbox.frameLabel))
    }
}

/// Letterboxes the sample: scaled uniformly, centered in a frame.
public struct LetterboxFrame: Augmentation {
    public let height, width: Int

    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    public func callAsFunction(_ sample: Sample, _ context: AugmentationContext) -> Sample {
        sample.letterboxed(height: height, width: width)
    }
}
