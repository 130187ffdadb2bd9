import Foundation
import Switchback

/// Computes the slots of a batch side by side, in this process and the others: where one comes to a batch normalization, it
/// waits until all are there, and goes on with the statistics of the whole batch.
///
/// Each slot runs on a thread of its own, one at a time. What passes between them is added in the order of the slots, so
/// that no bit depends on the number of processes.
final class SlotsInStep {
    private let group: ProcessGroup
    /// How many slots of the batch have examples, in all processes.
    private let count: Int
    private let runs: [SlotRun]

    /// - Parameters:
    ///   - slots: those that this process computes, in order; may be none.
    ///   - count: how many slots of the batch have examples.
    ///   - leaves: the leaves of the graphs that the slots record, each once.
    init(_ slots: [Int], of count: Int, in group: ProcessGroup, leaves: [Tensor]) {
        self.group = group
        self.count = count
        runs = slots.map { SlotRun($0, SeparateLeaves(of: leaves)) }
    }

    /// The gradients of the leaves by each slot of this process, in order.
    var gradients: [[Tensor?]] { runs.map(\.leaves.gradients) }

    /// Computes `body` for each slot of this process.
    ///
    /// - Throws: the first error of a slot, and `InputError` where the slots do not meet at the same normalizations.
    func run(_ body: @escaping (_ slot: Int) throws -> Void) throws {
        for run in runs { run.start(isObserved: run === runs[0], body) }
        while true {
            for run in runs { run.goOn() }
            if let error = runs.lazy.compactMap(\.error).first {
                leave()
                throw error
            }
            let words = exchanged(runs.compactMap(\.word))
            if words.isEmpty { return }
            guard words.count == count, words.allSatisfy({ $0.isOfSameSum(as: words[0]) }) else {
                leave()
                throw InputError(
                    "option sync_batch_norm",
                    "the parts of a batch took different ways through the model, so that they have no common statistics",
                    remedy: "train without it")
            }
            var sums = words[0].values
            for word in words.dropFirst() {
                for i in sums.indices { sums[i] += word.values[i] }
            }
            for run in runs { run.answer = sums }
        }
    }

    /// Lets the slots end whose results nobody wants.
    private func leave() {
        while runs.contains(where: { !$0.isDone }) {
            for run in runs {
                run.answer = run.word?.values ?? []
                run.goOn()
            }
        }
    }

    /// The words of all slots that wait, in their order.
    private func exchanged(_ own: [SlotWord]) -> [SlotWord] {
        if group.size == 1 { return own }
        let numbers = own.flatMap(\.numbers)
        return group.gather(numbers.withUnsafeBytes { Data($0) }).flatMap { bytes in
            SlotWord.list(
                in: [UInt64](unsafeUninitializedCapacity: bytes.count / 8) { $1 = bytes.copyBytes(to: $0) / 8 })
        }
    }
}

/// A slot's computation.
private final class SlotRun: SharedStatistics, @unchecked Sendable {
    let slot: Int
    let leaves: SeparateLeaves
    private(set) var error: (any Error)?
    /// What it waits for the sum of; `nil` where it is done.
    private(set) var word: SlotWord?
    var answer: [Double] = []
    private var coroutine: Coroutine?
    private var positions = 0

    init(_ slot: Int, _ leaves: SeparateLeaves) { (self.slot, self.leaves) = (slot, leaves) }

    var isDone: Bool { coroutine?.isDone ?? true }

    func start(isObserved: Bool, _ body: @escaping (Int) throws -> Void) {
        coroutine = Coroutine(isObserved: isObserved) { [unowned self] in
            do {
                try withSharedStatistics(self) { try body(slot) }
            } catch {
                self.error = error
            }
        }
    }

    /// Computes with the answer until it waits again or is done.
    func goOn() {
        guard let coroutine, !coroutine.isDone else { return }
        word = nil
        leaves.inPlace {
            do { try coroutine.resume() } catch { self.error = error }
        }
    }

    // MARK: On the slot's thread

    var movesAverages: Bool { slot == 0 }

    func nextPosition() -> Int {
        defer { positions += 1 }
        return positions
    }

    func sum(_ own: [Double], at position: Int, isBackward: Bool) -> [Double] {
        word = SlotWord(place: position << 1 | (isBackward ? 1 : 0), values: own)
        coroutine?.pause()
        return answer
    }
}

/// What a slot gives to a sum of all slots.
private struct SlotWord {
    /// Which sum: the same in all slots.
    let place: Int
    let values: [Double]

    func isOfSameSum(as other: SlotWord) -> Bool { place == other.place && values.count == other.values.count }

    /// For other processes.
    var numbers: [UInt64] { [UInt64(place), UInt64(values.count)] + values.map(\.bitPattern) }

    static func list(in numbers: [UInt64]) -> [SlotWord] {
        var (words, rest) = ([SlotWord](), numbers[...])
        while let place = rest.popFirst(), let count = rest.popFirst() {
            words.append(
                SlotWord(place: Int(place), values: rest.prefix(Int(count)).map { Double(bitPattern: $0) }))
            rest = rest.dropFirst(Int(count))
        }
        return words
    }
}
