import Switchback
import Testing

/// Batches that several processes share.
struct SlotBatchTests {
    private func loader(_ count: Int, batchSize: Int, workers: Int) -> DataLoader<[Int], Never> {
        DataLoader(sampler: RandomSampler(count, seed: 3), batchSize: batchSize, workers: workers) { indices, _ in
            indices
        }
    }

    private func all<Element>(_ next: () -> Element?) -> [Element] {
        var result: [Element] = []
        while let element = next() { result.append(element) }
        return result
    }

    @Test(arguments: [0, 2]) func slotsHoldTheirBatch(workers: Int) {
        let loader = loader(26, batchSize: 8, workers: workers)
        let whole = all(loader.batches(epoch: 2).next)
        for count in 1...8 {
            let slots = all(loader.batches(epoch: 2, slots: 0..<count, of: count).next)
            #expect(slots.count == 4 * count)
            for (number, batch) in whole.enumerated() {
                let own = slots[number * count..<(number + 1) * count].compactMap { $0 }
                #expect(own.count == loader.filledSlots(ofBatch: number, of: count))
                #expect(own.flatMap { $0 }.sorted() == batch.sorted())
                #expect(own[0][0] == batch[0])
                let sizes = own.map(\.count)
                #expect(sizes.max()! - sizes.min()! <= 1)
            }
        }
    }

    /// What a slot holds does not depend on which slots are asked for, nor on where the epoch is taken up.
    @Test func slotsCanBeAskedForInAnyWay() {
        let loader = loader(26, batchSize: 8, workers: 0)
        let whole = all(loader.batches(epoch: 1, slots: 0..<5, of: 5).next)
        let some = all(loader.batches(epoch: 1, from: 2, slots: 1..<4, of: 5).next)
        #expect(some == Array(whole[11..<14] + whole[16..<19]))
    }

    @Test func aSlotCanBeAskedForByItself() {
        let loader = loader(26, batchSize: 8, workers: 2)
        let whole = all(loader.batches(epoch: 1, slots: 0..<5, of: 5).next)
        for (number, slot) in whole.enumerated() {
            #expect(loader.batch(number / 5, epoch: 1, slot: number % 5, of: 5) == slot)
        }
    }

    /// A last batch of 3 has one slot of 3 instead of slots of 1, unless all slots have 1.
    @Test func lastSlotsAreNotSmall() {
        #expect(loader(11, batchSize: 8, workers: 0).filledSlots(ofBatch: 1, of: 4) == 1)
        #expect(loader(13, batchSize: 8, workers: 0).filledSlots(ofBatch: 1, of: 4) == 2)
        #expect(loader(11, batchSize: 8, workers: 0).filledSlots(ofBatch: 1, of: 8) == 3)
        #expect(loader(9, batchSize: 8, workers: 0).filledSlots(ofBatch: 1, of: 4) == 1)
        #expect(loader(16, batchSize: 8, workers: 0).filledSlots(ofBatch: 1, of: 4) == 4)
    }

    @Test func everySecondBatch() {
        let loader = loader(26, batchSize: 8, workers: 2)
        let whole = all(loader.batches(epoch: 0).next)
        #expect(all(loader.batches(epoch: 0, every: 2).next) == [whole[0], whole[2]])
        #expect(all(loader.batches(epoch: 0, from: 1, every: 2).next) == [whole[1], whole[3]])
        #expect(all(loader.batches(epoch: 0, from: 4, every: 5).next).isEmpty)
    }
}
