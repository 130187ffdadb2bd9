import Dispatch
import Kernels

/// Work on a thread of its own that takes turns with the thread which made it: one of the two runs at any time, and the
/// other waits.
///
/// It works in the state of that thread (``ThreadSettings``, default generator), and the checks that it leaves to be read are that
/// thread's.
package final class Coroutine: ErrorCatcher, @unchecked Sendable {
    private let handover: Handover
    private let body: () -> Void
    private let resumed = DispatchSemaphore(value: 0)
    private let paused = DispatchSemaphore(value: 0)
    /// What ended its thread, where a scope catches the errors of the one that made it.
    private var error: ShapeError?
    package private(set) var isDone = false

    /// - Parameters:
    ///   - isObserved: whether those who observe this thread see what is computed there.
    ///   - body: begins with the first `resume()`, and has to be resumed until it is done.
    package init(isObserved: Bool, _ body: @escaping () -> Void) {
        let state = ThreadState(ThreadState.current.settings)
        if !isObserved { state.settings.observers = [] }
        handover = Handover(to: state)
        self.body = body
        if state.settings.scope != nil { state.settings.scope = self }
        let hasStarted = sb_start_thread(
            8 << 20,
            { coroutine in
                Unmanaged<Coroutine>.fromOpaque(coroutine!).takeRetainedValue().runHere()
                return nil
            }, Unmanaged.passRetained(self).toOpaque())
        require(hasStarted, "Coroutine", "there is no memory for a thread")
    }

    private func runHere() {
        resumed.wait()
        handover.run(body)
        end()
    }

    private func end() {
        handover.state.settings.scope = nil
        isDone = true
        paused.signal()
    }

    /// Ends the coroutine's thread where it stands.
    func leave(_ error: ShapeError) -> Never {
        self.error = error
        end()
        pthread_exit(nil)
    }

    /// Lets it run until it pauses or is done.
    ///
    /// - Throws: what ended it, inside of `catchingErrors`; elsewhere such an error ends the program.
    package func resume() throws(ShapeError) {
        resumed.signal()
        paused.wait()
        ThreadState.current.pendingChecks += handover.state.takePendingChecks()
        if let error { throw error }
    }

    /// Called by its body: waits until it is resumed.
    package func pause() {
        paused.signal()
        resumed.wait()
    }
}
