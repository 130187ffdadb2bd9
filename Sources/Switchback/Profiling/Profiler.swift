import Foundation

/// Measures where a program's time goes.
///
/// ```swift
/// let profile = Profiler.record {
///     for _ in 0..<10 { trainingStep() }
/// }
/// print(profile)
/// try profile.saveTrace(to: "trace.json")  // SwitchbackFormats; opens in Perfetto
/// ```
///
/// Outside `record` it costs nothing but a branch where memory is allocated.
public enum Profiler {
    /// Whether any thread records. Read at every allocation, so it is a plain variable: a thread that sees a change late
    /// is one that does not record.
    nonisolated(unsafe) private(set) static var isRecording = false

    private static let lock = NSLock()
    /// How many threads record; under the lock.
    nonisolated(unsafe) private static var recordings = 0

    private static func count(_ change: Int) {
        lock.withLock {
            recordings += change
            isRecording = recordings > 0
        }
    }

    /// Runs `body` and returns what the operations took that this thread ran meanwhile. Recordings do not nest.
    public static func record(_ body: () throws -> Void) rethrows -> Profile {
        try recordResult(of: body).profile
    }

    /// As `record`, with what `body` returned.
    public static func recordResult<Result>(
        of body: () throws -> Result
    ) rethrows -> (result: Result, profile: Profile) {
        let state = ThreadState.current
        require(state.profile == nil, "Profiler.record", "this thread is recording already")
        let recorder = ProfileRecorder()
        state.profile = recorder
        count(1)
        defer {
            state.profile = nil
            count(-1)
        }
        let result = try body()
        return (result, recorder.finish())
    }

    /// Notes that the thread allocates: an operation that is about to run does so first.
    @inline(never)
    static func noteAllocation(byteCount: Int) {
        ThreadState.current.profile?.allocated(byteCount)
    }
}
