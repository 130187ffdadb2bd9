import Foundation
import Switchback
import SwitchbackTraining
import TestSupport
import Testing

/// Batch norm with the statistics of the whole batch, of which each slot computes a part.
@Suite(.seeded(), .serialized) struct SyncBatchNormTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    // MARK: Numbers

    /// Normalizations before an activation, and before one after a sum: the network of make_sync_batch_norm.py.
    private final class Network: Module {
        let conv1 = Conv2d(3, 5, kernelSize: 3, padding: 1)
        let norm1 = BatchNorm2d(5)
        let conv2 = Conv2d(5, 5, kernelSize: 1)
        let norm2 = BatchNorm2d(5)
        let conv3 = Conv2d(5, 5, kernelSize: 1)
        let norm3 = BatchNorm2d(5)
        let head = Linear(5, 2)

        override func forward(_ images: Tensor) -> Tensor {
            var x = norm1(conv1(images), activation: .silu)
            x = norm2(conv2(x), activation: .relu, adding: x)
            x = norm3(conv3(x), activation: .silu, adding: x)
            return head(x.mean(dims: [2, 3]))
        }
    }

    private final class ImageTask: TrainingTask {
        let name = "images"
        let model: Module
        let source: BatchSource<[Int]>
        private let images, targets: Tensor

        init(_ model: Module, _ images: Tensor, _ targets: Tensor) {
            (self.model, self.images, self.targets) = (model, images, targets)
            source = BatchSource(sampler: SequentialSampler(10), batchSize: 10) { numbers, _ in numbers }
        }

        func loss(_ numbers: [Int]) -> BatchLoss {
            let index = Tensor(numbers)
            let found = model(images.indexSelect(dim: 0, index: index))
            return BatchLoss(
                (found - targets.indexSelect(dim: 0, index: index)).square().mean(), count: numbers.count)
        }

        func validate() -> Metrics { ["loss": 0] }
        func fitness(_ metrics: Metrics) -> [Double] { [0] }
    }

    /// Of slots of equal and of other sizes, by kernels and in operations.
    @Test(arguments: [2, 3, 4, 10], [DType.float32, .float64])
    func gradientsAreThoseOfTheWholeBatchInPyTorch(_ slots: Int, _ dtype: DType) throws {
        let fixture = try Fixture("sync_batch_norm").tensors
        func tensors(_ part: String) -> [String: Tensor] {
            let named = fixture.filter { $0.key.hasPrefix(part) }
            return Dictionary(uniqueKeysWithValues: named.map { (String($0.key.dropFirst(part.count)), $0.value) })
        }
        let model = Network()
        try model.load(stateDict: tensors("before/"))
        model.to(dtype)
        let task = ImageTask(
            model, try #require(fixture["images"]).to(dtype), try #require(fixture["targets"]).to(dtype))
        var configuration = TrainingConfiguration()
        configuration.epochs = 1
        configuration.slots = slots
        configuration.syncBatchNorm = true
        configuration.optimizer = .sgd
        var gradients: [String: Tensor] = [:]
        var loss = Double.nan
        let trainer = try Trainer(task, configuration)
        trainer.listeners.append { event in
            if case .gradients = event {
                for (name, parameter) in model.namedParameters { gradients[name] = parameter.grad }
            }
            if case .batch(let batch) = event { loss = batch.values["loss"] ?? .nan }
            return .continue
        }
        _ = try trainer.run()
        #expect(abs(loss - fixture["loss"]!.item()) < 1e-5)
        func expectNear(_ found: [String: Tensor], _ expected: [String: Tensor]) {
            #expect(Set(found.keys) == Set(expected.keys))
            for (name, expected) in expected {
                let found = found[name]?.toArray(as: Double.self) ?? []
                let numbers = expected.toArray(as: Double.self)
                let size = numbers.map(abs).max() ?? 0
                // The biases of convolutions before a normalization have gradients of rounding errors alone.
                let bound = name.hasPrefix("conv") && name.hasSuffix("bias") ? 1e-5 : 2e-5 * size
                #expect(
                    zip(found, numbers).allSatisfy { abs($0 - $1) <= bound } && found.count == numbers.count,
                    "\(name): \(found) and \(numbers)")
            }
        }
        expectNear(gradients, tensors("gradient/"))
        let buffers = Dictionary(uniqueKeysWithValues: model.namedBuffers.map { ($0.name, $0.buffer as Tensor) })
        expectNear(buffers, tensors("after/"))
    }

    // MARK: Bits

    private func options(_ change: (inout TrainingConfiguration) -> Void = { _ in }) -> TrainingConfiguration {
        var options = TrainingConfiguration()
        options.epochs = 3
        options.slots = 3
        options.syncBatchNorm = true
        options.accumulate = 2
        options.optimizer = .adamw
        options.clipNorm = 1
        options.ema = 0.9
        change(&options)
        return options
    }

    @Test(arguments: [1, 2, 5]) func stopsLeaveNoTrace(_ stop: Int) throws {
        let whole = try SmallTask.weights(in: folder, options())
        #expect(try SmallTask.weights(in: folder, options()) == whole)
        #expect(try SmallTask.weights(in: folder, options(), stoppingEvery: stop) == whole)
        #expect(try SmallTask.weights(in: folder, options { $0.syncBatchNorm = false }) != whole)
    }

    /// A slot of one example has statistics by the others'.
    @Test func slotsMayBeOfOneExample() throws {
        _ = try SmallTask.weights(in: folder, options { $0.slots = 8 })
    }

    /// Where a number is none, each slot is computed again by itself, which one of one example cannot be.
    @Test func aFailureOfSlotsOfOneExampleIsTold() throws {
        let problem = try refusal {
            let trainer = try SmallTask.trainer(
                options {
                    $0.slots = 8
                    $0.clipNorm = nil
                    $0.optimizer = .sgd
                    $0.lr = 1e30
                })
            _ = try trainer.run()
        }
        #expect(problem.contains("training, epoch 1, batch ") && problem.contains("the loss is "), "\(problem)")
    }

    @Test func memoryBehindAWall() throws {
        let differences = try differencesOnMirror(options()) { SmallTask() }.filter { !$0.contains("is read from") }
        #expect(differences == [])
    }

    // MARK: What is refused

    private func refusal(_ body: () throws -> Void) throws -> String {
        "\(try #require(#expect(throws: InputError.self) { try body() }))"
    }

    @Test func whatHasNoEffectIsRefused() throws {
        let uncut = try refusal { _ = try SmallTask.trainer(options { $0.slots = nil }) }
        #expect(uncut.contains("sync_batch_norm") && uncut.contains("has no effect on batches that are not cut"))
        let plain = try refusal {
            let task = ImageTask(Linear(2, 2), Tensor.zeros([10, 2]), Tensor.zeros([10, 2]))
            _ = try Trainer(task, options { $0.slots = 2 })
        }
        #expect(plain.contains("has no effect: the model has no batch normalization"))
    }

    @Test func aRunKeepsItsStatistics() throws {
        let run = try RunFolder(in: folder.path("runs"), task: "small", name: "run", arguments: options())
        _ = try SmallTask.trainer(options(), folder: run).run()
        let problem = try refusal {
            _ = try SmallTask.trainer(options { $0.syncBatchNorm = false }, folder: run).run(resuming: true)
        }
        #expect(problem.contains("was trained with sync_batch_norm, which is off now"))
    }

    /// A model that leaves out a normalization for some batches.
    private final class Fickle: Module {
        let norm = BatchNorm1d(2)
        let head = Linear(2, 2)

        override func forward(_ x: Tensor) -> Tensor { head(x.shape[0] > 3 ? norm(x) : x) }
    }

    @Test func anErrorInASlotEndsTheTrainingAndNotTheProgram() throws {
        let task = ImageTask(Network(), Tensor.randn([10, 3, 4, 4]), Tensor.randn([10, 3]))
        var configuration = TrainingConfiguration()
        configuration.epochs = 1
        configuration.slots = 2
        configuration.syncBatchNorm = true
        let error = try #require(throws: ShapeError.self) {
            try catchingErrors { try Trainer(task, configuration).run() }
        }
        #expect(error.problem.contains("do not broadcast"))
    }

    @Test func slotsThatDoNotMeetAreRefused() throws {
        let problem = try refusal {
            let task = ImageTask(Fickle(), Tensor.randn([10, 2]), Tensor.zeros([10, 2]))
            _ = try Trainer(task, options { $0.accumulate = 1 }).run()
        }
        #expect(problem.contains("took different ways through the model"))
    }

    /// A model of which each pass changes a number that is not batch norm's.
    private final class Counting: Module {
        let norm = BatchNorm1d(2)
        let head = Linear(2, 2)
        let passes = Buffer(Tensor.zeros([]))

        override func forward(_ x: Tensor) -> Tensor {
            noGrad { passes.copy(from: passes + 1) }
            return head(norm(x))
        }
    }

    @Test func otherNumbersThatEachPassChangesAreRefused() throws {
        let problem = try refusal {
            let task = ImageTask(Counting(), Tensor.randn([10, 2]), Tensor.zeros([10, 2]))
            _ = try Trainer(task, options { $0.accumulate = 1 }).run()
        }
        #expect(problem.contains("the model changes passes in each pass"))
    }
}
