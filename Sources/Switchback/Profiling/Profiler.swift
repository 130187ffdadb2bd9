import Synchronization

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
    /// How many threads record.
    private static let recordings = Mutex(0)

    private static func count(_ change: Int) {
        recordings.withLock { recordings in
            recordings += change
            Storage.allocationHook =
                recordings > 0 ? { byteCount in ThreadState.current.observe { $0.allocated(byteCount) } } : nil
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
        require(
            state.observer(ProfileRecorder.self) == nil, "Profiler.record", "this thread is recording already")
        let recorder = ProfileRecorder()
        count(1)
        defer { count(-1) }
        let result = try state.observed(by: recorder, body)
        return (result, recorder.finish())
    }
}
