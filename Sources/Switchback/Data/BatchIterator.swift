import Foundation

/// The batches of one epoch, in order, loaded ahead of time if there are workers.
public final class BatchIterator<Batch, Failure: Error> {
    private let load: (Int) throws(Failure) -> Batch
    private var remaining: Range<Int>
    private let prefetcher: Prefetcher<Batch, Failure>?

    init(range: Range<Int>, workers: Int, load: @escaping (Int) throws(Failure) -> Batch) {
        let load = { (number: Int) throws(Failure) -> Batch in
            try Tensor.withBackend(CPUBackend.self) { () throws(Failure) -> Batch in try load(number) }
        }
        self.load = load
        remaining = range
        prefetcher = workers > 0 ? Prefetcher(range: range, workers: workers, load: load) : nil
    }

    /// The next batch; `nil` after the last one, and after one that failed.
    public func next() throws(Failure) -> Batch? {
        guard let number = remaining.popFirst() else { return nil }
        do throws(Failure) {
            return try ThreadState.observing(.batch) { () throws(Failure) -> Batch in
                guard let prefetcher else { return try load(number) }
                return try prefetcher.take(number).get()
            }
        } catch {
            remaining = remaining.upperBound..<remaining.upperBound
            throw error
        }
    }

    deinit { prefetcher?.cancel() }
}

/// Threads that make numbered results ahead of the one requested next.
///
/// Tensors are not `Sendable`; here each is made by one thread and handed over under the lock to the one that asks,
/// after which its maker does not touch it again.
private final class Prefetcher<Output, Failure: Error>: @unchecked Sendable {
    private let make: (Int) throws(Failure) -> Output
    /// How many results may wait.
    private let capacity: Int
    private let end: Int

    // Guarded by `changed`.
    private let changed = NSCondition()
    private var nextToMake: Int
    private var nextToTake: Int
    private var results: [Int: Result<Output, Failure>] = [:]
    private var isCancelled = false

    init(range: Range<Int>, workers: Int, load: @escaping (Int) throws(Failure) -> Output) {
        make = load
        capacity = 2 * workers
        nextToMake = range.lowerBound
        nextToTake = range.lowerBound
        end = range.upperBound
        for _ in 0..<min(workers, range.count) {
            let thread = Thread { [self] in work() }
            thread.name = "switchback data"
            thread.start()
        }
    }

    /// Waits for a result. They are asked for in order.
    func take(_ number: Int) -> Result<Output, Failure> {
        changed.lock()
        defer { changed.unlock() }
        while results[number] == nil { changed.wait() }
        nextToTake = number + 1
        changed.broadcast()
        return results.removeValue(forKey: number)!
    }

    /// Lets the threads end, after what they have in hand.
    func cancel() {
        changed.lock()
        isCancelled = true
        changed.broadcast()
        changed.unlock()
    }

    private func work() {
        while let number = claim() {
            let result = noGrad { attempt(number) }
            changed.lock()
            results[number] = result
            changed.broadcast()
            changed.unlock()
        }
    }

    private func attempt(_ number: Int) -> Result<Output, Failure> {
        do throws(Failure) { return .success(try make(number)) } catch { return .failure(error) }
    }

    /// The number that the calling thread should make next; `nil` when there is none left.
    private func claim() -> Int? {
        changed.lock()
        defer { changed.unlock() }
        while !isCancelled && nextToMake < end && nextToMake >= nextToTake + capacity { changed.wait() }
        guard !isCancelled && nextToMake < end else { return nil }
        nextToMake += 1
        return nextToMake - 1
    }
}
