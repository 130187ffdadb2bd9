import Foundation
import Switchback
import SwitchbackVision
import Testing

@Suite struct AugmentationTests {
    /// A dark image with a bright rectangle, and the box around it.
    static func scene(height: Int = 80, width: Int = 100, _ box: Box = Box(x1: 30, y1: 20, x2: 70, y2: 50)) -> Sample {
        var image = Image(height: height, width: width, filledWith: 20)
        image.paste(
            Image(height: Int(box.height), width: Int(box.width), filledWith: 220), top: Int(box.y1), left: Int(box.x1))
        return Sample(image, labels: [LabeledBox(box, classIndex: 1)])
    }

    /// The upright box around the bright pixels.
    static func brightBox(_ image: Image) -> Box? {
        let bright = (0..<image.height * image.width).filter { image.pixels[$0 * image.channels] > 150 }
        let (rows, columns) = (bright.map { $0 / image.width }, bright.map { $0 % image.width })
        guard let top = rows.min(), let bottom = rows.max(), let left = columns.min(), let right = columns.max() else {
            return nil
        }
        return Box(x1: Float(left), y1: Float(top), x2: Float(right + 1), y2: Float(bottom + 1))
    }

    static func isNear(_ a: Box, _ b: Box, within tolerance: Float = 1.5) -> Bool {
        [a.x1 - b.x1, a.y1 - b.y1, a.x2 - b.x2, a.y2 - b.y2].allSatisfy { abs($0) <= tolerance }
    }

    static var affine: RandomAffine {
        var affine = RandomAffine()
        affine.translate = 0.05
        affine.scale = 0.2
        return affine
    }

    static let geometric: [any Augmentation] = [
        HorizontalFlip(probability: 1), VerticalFlip(probability: 1), affine, LetterboxFrame(height: 64, width: 64),
        RandomResizedCrop(height: 60, width: 60, area: 0.6...1), CenterCrop(size: 40), Mosaic(size: 100),
    ]

    @Test(arguments: geometric.indices) func boxesGoWithTheirPixels(_ number: Int) throws {
        for seed in 0..<20 {
            let generator = Generator(seed: UInt64(seed))
            let result = try AugmentationTests.geometric[number](
                AugmentationTests.scene(), AugmentationContext(generator))
            guard let bright = AugmentationTests.brightBox(result.image) else {
                #expect(result.labels.isEmpty)
                continue
            }
            let box = try #require(result.labels.first)
            #expect(AugmentationTests.isNear(box.box, bright), "\(box.box) \(bright)")
            #expect(box.classIndex == 1)
        }
    }

    @Test func turnedBoxesCoverTheirPixels() throws {
        var affine = RandomAffine(size: (90, 90))
        affine.degrees = 20
        affine.shear = 10
        affine.perspective = 0.0005
        for seed in 0..<20 {
            let result = affine(AugmentationTests.scene(), AugmentationContext(Generator(seed: UInt64(seed))))
            #expect(result.image.height == 90 && result.image.width == 90)
            guard let label = result.labels.first, let bright = AugmentationTests.brightBox(result.image) else {
                continue
            }
            let shared = label.box.intersection(bright)
            #expect(abs(shared.area - bright.area) < 0.08 * bright.area)
        }
    }

    /// OpenCV's warpPerspective of the same image by the same map.
    @Test(arguments: ["affine", "perspective"]) func warpingIsOpenCVs(_ name: String) throws {
        let inverse = PlaneMap(ImageFixture.tensors["map/\(name)"]!.toArray(as: Double.self))
        let map = try #require(inverse.inverse)
        let expected = ImageFixture.image("warp/\(name)")
        let warped = ImageFixture.source.warped(map, height: 44, width: 60)
        // OpenCV mixes with weights of 1/32; we with 1/256.
        #expect(ImageFixture.difference(warped, expected) <= 4)
    }

    @Test func hueTurnsAroundTheCircle() {
        let red = Image(height: 1, width: 3, pixels: [200, 0, 0, 10, 20, 30, 77, 77, 77])
        #expect(red.withHSV(turn: 1.0 / 3, saturation: 1, value: 1).pixels == [0, 200, 0, 30, 10, 20, 77, 77, 77])
        #expect(red.withHSV(turn: -1.0 / 3, saturation: 1, value: 0.5).pixels == [0, 0, 100, 10, 15, 5, 39, 39, 39])
        #expect(red.withHSV(turn: 0, saturation: 0, value: 2).pixels == [255, 255, 255, 60, 60, 60, 154, 154, 154])
    }

    @Test func mixedImagesKeepBothBoxes() throws {
        let other = AugmentationTests.scene(Box(x1: 0, y1: 0, x2: 10, y2: 10))
        let context = AugmentationContext(Generator(seed: 4)) { _ in other }
        let mixed = try MixUp()(AugmentationTests.scene(), context)
        #expect(mixed.labels.count == 2)
        #expect((80...160).contains(mixed.image[30, 40][mixed.image[30, 40].startIndex]))
        let pasted = try CopyPaste(probability: 1, mode: .mixup)(AugmentationTests.scene(), context)
        #expect(pasted.labels.map(\.box) == [AugmentationTests.scene().labels[0].box, other.labels[0].box])
        #expect(Array(pasted.image[5, 5]) == [220, 220, 220])
        for seed in 0..<10 {
            let context = AugmentationContext(Generator(seed: UInt64(seed))) { _ in other }
            let cut = try CutMix()(AugmentationTests.scene(), context)
            #expect(cut.labels.allSatisfy { $0.box.area > 0 } && cut.labels.count <= 2)
        }
    }

    /// Copies of the mirror image need no other image, and keypoints take each other's places.
    @Test func objectsAreCopiedFromTheMirrorImage() throws {
        var image = Image(height: 20, width: 40, filledWith: 50)
        image.paste(Image(height: 10, width: 8, filledWith: 200), top: 5, left: 2)
        var label = LabeledBox(Box(x1: 2, y1: 5, x2: 10, y2: 15), classIndex: 1)
        label.keypoints = [Keypoint(x: 3, y: 6, visibility: 2), Keypoint(x: 9, y: 6, visibility: 1)]
        let context = AugmentationContext(Generator(seed: 1))
        let copied = try CopyPaste(probability: 1, mode: .flip, keypointOrder: [1, 0])(
            Sample(image, labels: [label]), context)
        #expect(copied.labels.map(\.box) == [label.box, Box(x1: 30, y1: 5, x2: 38, y2: 15)])
        #expect(
            copied.labels[1].keypoints == [Keypoint(x: 31, y: 6, visibility: 1), Keypoint(x: 37, y: 6, visibility: 2)])
        #expect(copied.image[10, 33].first == 200 && copied.image[10, 20].first == 50)
        // What lies in the middle is covered by its own image.
        let middle = LabeledBox(Box(x1: 16, y1: 5, x2: 24, y2: 15), classIndex: 1)
        #expect(try CopyPaste(probability: 1)(Sample(image, labels: [middle]), context).labels == [middle])
    }

    static let all: [any Augmentation] = [
        DetectionAugmentation().steps(size: 64), RandAugment(), RandAugment(count: 6, magnitude: 30), RandomErasing(),
        GaussianBlur(), Greyscale(), ChannelSwap(), HSVJitter(), RandomResizedCrop(height: 32, width: 48), MixUp(),
        CutMix(), Randomly(0.5, Greyscale()),
    ]

    @Test(arguments: all.indices) func theSameGeneratorGivesTheSameImage(_ number: Int) throws {
        let augmentation = AugmentationTests.all[number]
        var different = Set<Sample>()
        for seed in 0..<12 {
            let results = try (0..<2).map { _ in
                let context = AugmentationContext(Generator(seed: UInt64(seed))) { generator in
                    generator.chance(0.5) ? AugmentationTests.scene() : Sample(ImageFixture.source)
                }
                return try augmentation(Sample(ImageFixture.source, labels: AugmentationTests.scene().labels), context)
            }
            #expect(results[0] == results[1])
            different.insert(results[0])
        }
        #expect(different.count > 1 || number == 5 || number == 6)
    }

    static let changes = ImageFixture.tensors.keys.filter { $0.hasPrefix("change/") }.sorted()

    /// Each of RandAugment's changes against torchvision's.
    @Test(arguments: changes) func changesAreTorchvisions(_ key: String) throws {
        let parts = key.split(separator: "/").map(String.init)
        let change = try #require(RandAugment.Change(rawValue: parts[1]))
        let sign = try #require(Double(parts[2]))
        let result = change.apply(to: Sample(ImageFixture.source), strength: 0.5, sign: sign).image
        let expected = ImageFixture.image(key)
        let differences = zip(result.pixels, expected.pixels).map { abs(Int($0) - Int($1)) }
        // Levels differ by their rounding, and pixels that only move do not.
        let isMoved = ["shear", "translate", "rotate"].contains { parts[1].hasPrefix($0) }
        let far = differences.count { $0 > (isMoved ? 0 : 2) }
        #expect(far == 0, "\(far) of \(differences.count)")
    }

    @Test func randomChangesStayWithinTheFrame() {
        let sample = Sample(ImageFixture.source)
        for seed in 0..<60 {
            let result = RandAugment(count: 3, magnitude: 30)(
                sample, AugmentationContext(Generator(seed: UInt64(seed))))
            #expect(result.image.height == 37 && result.image.width == 53)
        }
    }

    @Test func blurringKeepsTheMean() {
        let blurred = ImageFixture.source.blurred(sigma: 1.5)
        func mean(_ image: Image) -> Double {
            Double(image.pixels.reduce(0) { $0 + Int($1) }) / Double(image.pixels.count)
        }
        #expect(abs(mean(blurred) - mean(ImageFixture.source)) < 1.5)
        #expect(
            Image(height: 9, width: 9, filledWith: 130).blurred(sigma: 2) == Image(height: 9, width: 9, filledWith: 130)
        )
    }
}
