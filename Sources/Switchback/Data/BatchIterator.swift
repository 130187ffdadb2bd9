import Dispatch
import Synchronization

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
    private let workers: Int
    /// Counts the results that may still be made before one is taken.
    private let room = DispatchSemaphore(value: 0)
    /// Counts the results made, and wakes the one who waits for his.
    private let made = DispatchSemaphore(value: 0)

    /// Guards what follows.
    private let lock = Mutex(())
    private var unclaimed: Range<Int>
    private var results: [Int: Result<Output, Failure>] = [:]

    init(range: Range<Int>, workers: Int, load: @escaping (Int) throws(Failure) -> Output) {
        make = load
        self.workers = min(workers, range.count)
        unclaimed = range
        for _ in 0..<2 * workers { room.signal() }
        for _ in 0..<self.workers {
            // A queue of its own has a thread of its own: it waits without taking one from others.
            DispatchQueue(label: "switchback data").async { [self] in work() }
        }
    }

    /// Waits for a result. They are asked for in order.
    func take(_ number: Int) -> Result<Output, Failure> {
        while true {
            var result: Result<Output, Failure>?
            lock.withLock { _ in result = results.removeValue(forKey: number) }
            if let result {
                room.signal()
                return result
            }
            made.wait()
        }
    }

    /// Lets the threads end, after what they have in hand.
    func cancel() {
        lock.withLock { _ in unclaimed = unclaimed.upperBound..<unclaimed.upperBound }
        for _ in 0..<workers { room.signal() }
    }

    private func work() {
        while let number = claim() {
            let result = noGrad { attempt(number) }
            lock.withLock { _ in results[number] = result }
            made.signal()
        }
    }

    private func attempt(_ number: Int) -> Result<Output, Failure> {
        do throws(Failure) { return .success(try make(number)) } catch { return .failure(error) }
    }

    /// Waits for room, and returns the number that the calling thread should make next; `nil` when none is left.
    private func claim() -> Int? {
        room.wait()
        let number = lock.withLock { _ in unclaimed.popFirst() }
        if number == nil { room.signal() }  // for the others, who end too
        return number
    }
}
