import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

@Suite struct DetectionLoaderTests {
    private let folder: TemporaryFolder
    private let examples: [DetectionExample]

    /// Twelve images of several shapes, one of which is damaged.
    init() throws {
        let folder = try TemporaryFolder()
        self.folder = folder
        examples = try (0..<12).map { number in
            let (height, width) = (60 + 10 * (number % 4), 120 - 5 * (number % 3))
            let image = AugmentationTests.scene(height: height, width: width).image
            var bytes = try image.withHSV(turn: 0, saturation: 1, value: 0.6 + Double(number) / 30).jpegData()
            if number == 7 { bytes.removeSubrange(300..<bytes.count - 2) }
            let box = Box(x1: 30 / Float(width), y1: 20 / Float(height), x2: 70 / Float(width), y2: 50 / Float(height))
            return DetectionExample(
                imagePath: try folder.write(bytes, to: "\(number).jpg"), height: height, width: width,
                labels: [LabeledBox(box, classIndex: 0)])
        }
    }

    private func all(_ batches: BatchIterator<DetectionBatch, any Error>) throws -> [DetectionBatch] {
        var found: [DetectionBatch] = []
        while let batch = try batches.next() { found.append(batch) }
        return found
    }

    @Test func batchesDoNotDependOnTheWorkers() throws {
        func batches(_ workers: Int, _ cacheBytes: Int) throws -> [DetectionBatch] {
            try all(
                DetectionLoader.training(
                    examples, size: 64, batchSize: 5, augmentation: DetectionAugmentation(), seed: 3,
                    workers: workers, cacheBytes: cacheBytes
                ).loader().batches(epoch: 2))
        }
        let expected = try batches(0, 0)
        #expect(expected.map(\.images.shape) == [[5, 3, 64, 64], [5, 3, 64, 64], [2, 3, 64, 64]])
        #expect(Set(expected.flatMap(\.examples)).count == 12)
        for (workers, cacheBytes) in [(1, 1 << 20), (3, 20_000), (3, 1 << 20)] {
            for (a, b) in zip(try batches(workers, cacheBytes), expected) {
                #expect(a.images.toArray() == b.images.toArray() && a.labels == b.labels)
            }
        }
    }

    @Test func imagesAreMixedOrNot() throws {
        let loader = DetectionLoader.training(
            examples, size: 64, batchSize: 12, augmentation: DetectionAugmentation(), workers: 0)
        let mixed = try all(loader.loader().batches(epoch: 1))[0].labels.map(\.count)
        let alone = try all(loader.loader(mixedEpochs: 1).batches(epoch: 1))[0].labels.map(\.count)
        #expect(mixed.contains { $0 > 1 } && alone.allSatisfy { $0 <= 1 })
    }

    @Test func validationKeepsShapesTogether() throws {
        let loader = DetectionLoader.validation(examples, size: 64, batchSize: 4, workers: 2)
        let batches = try all(loader.batches(epoch: 0))
        // Heights of 60 to 90 by widths of 110 to 120: each batch is as high as its highest image needs.
        #expect(batches.map(\.images.shape) == [[4, 3, 64, 96], [4, 3, 64, 96], [4, 3, 96, 96]])
        for batch in batches {
            for (position, index) in batch.examples.enumerated() where index != 7 {
                let box = batch.letterboxes[position].imageBox(of: batch.labels[position][0].box)
                #expect(AugmentationTests.isNear(box, Box(x1: 30, y1: 20, x2: 70, y2: 50), within: 0.01))
            }
        }
        let square = try all(
            DetectionLoader.validation(examples, size: 64, batchSize: 12, rectangular: false).batches(epoch: 0))
        #expect(square[0].images.shape == [12, 3, 64, 64] && square[0].examples == Array(0..<12))
    }

    /// Images of like shape are together, in the same order in each epoch, and never four in one.
    @Test func trainingKeepsShapesTogether() throws {
        func loader(_ workers: Int) -> DetectionLoader.Batches {
            DetectionLoader.training(
                examples, size: 128, batchSize: 4, augmentation: DetectionAugmentation(), isRectangular: true, seed: 3,
                workers: workers
            ).loader()
        }
        let batches = try all(loader(0).batches(epoch: 0))
        // Heights of 60 to 90 by widths of 110 to 120, in frames as low as they may be.
        #expect(batches.map(\.images.shape) == [[4, 3, 96, 128], [4, 3, 96, 128], [4, 3, 128, 128]])
        #expect(Set(batches.flatMap(\.examples)) == Set(0..<12))
        #expect(batches.flatMap(\.labels).allSatisfy { $0.count <= 1 })
        let later = try all(loader(2).batches(epoch: 5))
        #expect(later.map(\.examples) == batches.map(\.examples))
        #expect(later[0].images.toArray() != batches[0].images.toArray())
        // A run goes on in the middle of an epoch, and processes have parts of batches, in the same frames.
        let rest = try all(loader(0).batches(epoch: 5, from: 1))
        #expect(rest.map { $0.images.toArray() } == later.dropFirst().map { $0.images.toArray() })
        let slots = loader(0).batches(epoch: 5, slots: 0..<2, of: 2)
        var shapes: [Shape?] = []
        while let slot = try slots.next() { shapes.append(slot?.images.shape) }
        #expect(shapes == [96, 96, 96, 96, 128, 128].map { [2, 3, $0, 128] })
    }

    /// As other programs decode them, with whose figures ours are compared.
    @Test func validationDecodesImagesWhole() throws {
        let noise = Tensor.randint(0..<256, [300 * 400 * 3], generator: Generator(seed: 1)).toArray(as: UInt8.self)
        let path = folder.path("large.jpg")
        try Image(height: 300, width: 400, pixels: noise).save(to: path)
        let example = DetectionExample(imagePath: path, height: 300, width: 400, labels: [])
        let loader = DetectionLoader.validation([example], size: 64, batchSize: 1, rectangular: false, workers: 0)
        let found = try #require(try loader.batches(epoch: 0).next()).images[0].narrow(dim: 1, start: 8, length: 48)
        let expected = Tensor(images: [try Image.load(path).resized(height: 48, width: 64)])[0]
        #expect(found.toArray() == expected.toArray())
    }

    @Test func dataWithoutAnyReadableImageIsRefused() {
        let loader = DetectionLoader.validation([examples[7]], size: 64, batchSize: 1, workers: 0)
        #expect(throws: InputError.self) { try all(loader.batches(epoch: 0)) }
    }
}
