import Foundation
import Switchback
import SwitchbackTraining
import SwitchbackVision
import TestSupport
import Testing

/// Detectors whose batches are accumulated, as by default: four images, one in a batch.
@Suite(.serialized) struct DetectionAccumulationTests {
    let folder: TemporaryFolder

    init() throws {
        folder = try TemporaryFolder()
        for part in ["images", "labels"] {
            try FileManager.default.createDirectory(atPath: folder.path(part), withIntermediateDirectories: true)
        }
        for number in 0..<4 {
            // No plain images: all their positions suit equally well, and where all is black, normalization divides
            // by nothing in every layer, which no gradient withstands.
            let pixels = Tensor.randint(0..<256, [64 * 64 * 3], generator: Generator(seed: UInt64(number)))
            try Image(height: 64, width: 64, pixels: pixels.toArray(as: UInt8.self)).save(
                to: folder.path("images/\(number).png"))
            _ = try folder.write("0 0.5 0.5 0.\(number + 2) 0.\(8 - number)\n", to: "labels/\(number).txt")
        }
        _ = try folder.write("path: .\ntrain: images\nval: images\nnames: [a]\n", to: "data.yaml")
    }

    private func task(_ change: (inout DetectionConfiguration) -> Void) throws -> DetectionTask {
        var options = DetectionConfiguration()
        options.data = folder.path("data.yaml")
        (options.imgsz, options.batch, options.nbs) = (64, 1, 4)
        options.optimizer = "SGD"
        (options.lr0, options.warmupBiasLr) = (1e-12, 0)
        options.epochs = 3
        (options.augmentation.mosaic, options.augmentation.fliplr, options.augmentation.scale) = (0, 0, 0)
        (options.augmentation.translate, options.augmentation.hsvH) = (0, 0)
        (options.augmentation.hsvS, options.augmentation.hsvV) = (0, 0)
        change(&options)
        // Other tests draw numbers at the same time.
        return try Generator.withDefault(Generator(seed: 0)) { try options.makeTask() }
    }

    /// Weights that hardly move have a loss that stays, however many batches make a step: it is that of an image.
    @Test func theLossThatIsShownDoesNotRise() throws {
        let task = try task { $0.warmupEpochs = 2 }
        let trainer = try Trainer(task, task.training)
        var counts: [Int] = []
        var waiting = 0
        trainer.listeners.append { event in
            guard case .batch(let result) = event else { return .continue }
            waiting += 1
            if result.madeStep { (counts, waiting) = (counts + [waiting], 0) }
            let parts = ["box_loss", "cls_loss", "dfl_loss"].reduce(0) { $0 + (result.values[$1] ?? .nan) }
            let loss = result.values["loss"] ?? .nan
            #expect(abs(loss - parts) < 1e-4 * parts, "\(loss), \(parts)")
            return .continue
        }
        let losses = try trainer.run().history.map { $0.training["loss"] ?? .nan }
        #expect(counts.first == 1 && counts.last == 4)
        #expect(losses.allSatisfy { abs($0 - losses[0]) < 1e-3 * losses[0] }, "\(losses)")
    }

    /// As in Ultralytics, the gradient of a step is the sum of those of its batches, each times its images.
    @Test func gradientsOfBatchesAreAdded() throws {
        let (stepwise, byHand) = try (task { $0.warmupEpochs = 0 }, task { $0.warmupEpochs = 0 })
        byHand.model.train()
        let next = byHand.source.batches(epoch: 0)
        while let batch = try next() { byHand.loss(batch).total.backward() }
        let trainer = try Trainer(stepwise, stepwise.training)
        trainer.listeners.append { event in
            guard case .gradients = event else { return .continue }
            for (own, expected) in zip(stepwise.model.namedParameters, byHand.model.namedParameters) {
                #expect(own.parameter.grad?.toArray() == expected.parameter.grad?.toArray(), "\(own.name)")
            }
            return .stop
        }
        _ = try trainer.run()
    }

    /// The loss of the learning-rate test is that of an image too, so that it does not depend on accumulation.
    @Test func theLearningRateTestDoesNotDependOnAccumulation() throws {
        func start(_ nbs: Int) throws -> Double {
            let task = try task { $0.nbs = nbs }
            var finder = LearningRateFinder()
            finder.steps = 1
            return try finder.run(task, task.training).points[0].loss
        }
        let (one, four) = try (start(1), start(4))
        #expect(four > 0.5 * one && four < 2 * one, "\(one), \(four)")
    }
}
