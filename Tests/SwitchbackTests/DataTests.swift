import Foundation
import Switchback
import Testing

@Suite struct DataTests {
    /// Ten examples whose input and target are their position.
    private let ten = TensorDataset(
        Tensor((0..<10).map { [Double($0), Double($0)] }), Tensor(Array(0..<10)))

    private func targets(_ batch: Example) -> [Int] { batch.target.toArray(as: Int.self) }

    @Test func batchesCutAnEpochInOrder() {
        let loader = DataLoader(ten, batchSize: 4)
        #expect(loader.count == 3)
        #expect(loader.map(targets) == [[0, 1, 2, 3], [4, 5, 6, 7], [8, 9]])
        let first = loader.batches(epoch: 0).next()
        #expect(first?.input.shape == [4, 2])
        #expect(first?.input.toArray() == [0, 0, 1, 1, 2, 2, 3, 3])
        #expect(DataLoader(ten, batchSize: 4, dropLast: true).map(targets) == [[0, 1, 2, 3], [4, 5, 6, 7]])
    }

    @Test func orderIsAFunctionOfSeedAndEpoch() {
        let loader = DataLoader(ten, batchSize: 10, shuffle: true, seed: 3)
        let epochs = (0..<3).flatMap { _ in loader.map(targets) }
        #expect(loader.epoch == 3)
        #expect(Set(epochs).count == 3)
        #expect(epochs.allSatisfy { $0.sorted() == Array(0..<10) })
        let again = DataLoader(ten, batchSize: 10, shuffle: true, seed: 3)
        #expect(again.batches(epoch: 1).next().map(targets) == epochs[1])
        #expect(DataLoader(ten, batchSize: 10, shuffle: true, seed: 4).map(targets)[0] != epochs[0])
        #expect(again.batches(epoch: 1, from: 1).next() == nil)
    }

    @Test(arguments: [1, 2, 5]) func workersChangeNothing(_ workers: Int) {
        func values(_ workers: Int) -> [[Float]] {
            let loader = DataLoader(
                ten, batchSize: 3, shuffle: true, seed: 1, workers: workers,
                transform: { Example(input: $0.input + Tensor.rand([2], generator: $1), target: $0.target) },
                collate: Example.collate)
            return (0..<3).flatMap { _ in loader.map { $0.input.toArray() } }
        }
        #expect(values(workers) == values(0))
    }

    @Test func anEpochCanBeLeftEarly() {
        let loader = DataLoader(ten, batchSize: 1, workers: 2)
        for batch in loader where targets(batch) == [2] { break }
        #expect(loader.map(targets).count == 10)
    }

    /// A dataset of which one example cannot be read.
    private struct Broken: Dataset {
        let count = 6
        subscript(index: Int) -> Int {
            get throws {
                if index == 4 { throw InputError("file 4", "is broken") }
                return index
            }
        }
    }

    @Test(arguments: [0, 2]) func errorsOfADatasetSurface(_ workers: Int) throws {
        let batches = DataLoader(Broken(), batchSize: 2, workers: workers) { $0 }.batches(epoch: 0)
        #expect(try batches.next() == [0, 1])
        #expect(try batches.next() == [2, 3])
        #expect(throws: InputError("file 4", "is broken")) { try batches.next() }
        #expect(try batches.next() == nil)
    }

    @Test func viewsChooseAndJoin() {
        let subset = Subset(ten, [7, 3])
        #expect(DataLoader(subset, batchSize: 2).map(targets) == [[7, 3]])
        let joined = ConcatDataset([subset, Subset(ten, [1])])
        #expect(joined.count == 3)
        #expect(DataLoader(joined, batchSize: 3).map(targets) == [[7, 3, 1]])
        let parts = randomSplit(ten, [6, 4], seed: 5)
        #expect(parts.map(\.count) == [6, 4])
        #expect(parts.flatMap(\.indices).sorted() == Array(0..<10))
        #expect(randomSplit(ten, shares: [0.75, 0.25], seed: 5).map(\.count) == [8, 2])
    }

    @Test func weightedSamplersDrawByWeight() {
        let sampler = WeightedSampler([0, 1, 3], count: 4000)
        let drawn = sampler.indices(epoch: 0)
        #expect(drawn.count == 4000 && !drawn.contains(0))
        #expect(abs(drawn.count { $0 == 2 } - 3000) < 150)
        #expect(WeightedSampler([1, 1, 1], replacement: false).indices(epoch: 2).sorted() == [0, 1, 2])
    }

    @Test func distributedSamplersShareAnEpoch() {
        let samplers = (0..<3).map { DistributedSampler(RandomSampler(10, seed: 2), rank: $0, processCount: 3) }
        let shares = samplers.map { $0.indices(epoch: 1) }
        #expect(shares.allSatisfy { $0.count == 4 })
        #expect(Set(shares.flatMap { $0 }) == Set(0..<10))
        let cut = (0..<3).flatMap {
            DistributedSampler(SequentialSampler(10), rank: $0, processCount: 3, dropLast: true).indices(epoch: 0)
        }
        #expect(cut.sorted() == Array(0..<9))
    }

    @Test func anEmptyDatasetHasNoBatches() {
        let empty = TensorDataset(Tensor.zeros([0, 2]), Tensor.zeros([0], dtype: .int64))
        #expect(DataLoader(empty, batchSize: 4, shuffle: true, workers: 1).map(targets).isEmpty)
    }
}
