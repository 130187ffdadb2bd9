import Kernels

/// Runs `body` and throws a `ShapeError` where a programmer's error in it would end the program: a service that runs a
/// model on what it was sent can answer, and lives on.
///
/// ```swift
/// do {
///     print(try catchingErrors { model(input) })
/// } catch let error as ShapeError {
///     print(error)  // linear: the input has shape [1, 3]; expected […, 4] (in fc1)
/// }
/// ```
///
/// `body` runs on a thread of its own, in the state of this one (gradient mode, precision, backend, observers, default
/// generator), while this one waits; an error ends that thread where it stands. So nothing that `body` does afterwards sees a wrong
/// value, but no `defer` of it runs, and what it held is not freed: check what strangers send before a model runs on it,
/// and use the scope for what remains. Errors on threads that `body` starts itself end the
/// program. Task-local values are not seen, nor is the task's cancellation.
///
/// A scope costs the making and joining of a thread: 40 microseconds on a free core, several times that on a busy
/// machine. Put it around a request or a batch, not around an operation, which takes 1.
///
/// - Throws: `ShapeError`, and what `body` throws.
public func catchingErrors<Result>(_ body: @escaping () throws -> Result) throws -> Result {
    try ErrorScope(body).run().get()
}

/// The work of a `catchingErrors`, and what came of it.
private final class ErrorScope<Value>: CatchingScope {
    private let body: () throws -> Value
    private var outcome: Result<Value, any Error>?

    init(_ body: @escaping () throws -> Value) { self.body = body }

    func run() -> Result<Value, any Error> {
        runOnThread()
        return outcome ?? .failure(error!)
    }

    override func runBody() { outcome = Result(catching: body) }
}

/// What does not depend on the type of the result.
class CatchingScope: ErrorCatcher {
    private let handover = Handover(to: .current)
    /// What ended the thread.
    fileprivate private(set) var error: ShapeError?

    fileprivate func runBody() {}

    /// Runs the body on a new thread, and returns when that has ended, with this thread's state as it was.
    fileprivate final func runOnThread() {
        let state = handover.state
        let before = (settings: state.settings, checks: state.pendingChecks)
        state.settings.scope = self
        defer {
            state.settings = before.settings
            if error != nil { state.pendingChecks = before.checks }
        }
        let hasRun = sb_run_on_thread(
            8 << 20,
            { scope in
                Unmanaged<CatchingScope>.fromOpaque(scope!).takeUnretainedValue().runHere()
                return nil
            }, Unmanaged.passUnretained(self).toOpaque())
        if !hasRun {
            error = ShapeError(operation: "catchingErrors", problem: "there is no memory for a thread", layer: "")
        }
    }

    private func runHere() { handover.run(runBody) }

    /// Ends the thread, which is the scope's own.
    final func leave(_ error: ShapeError) -> Never {
        self.error = error
        pthread_exit(nil)
    }
}
