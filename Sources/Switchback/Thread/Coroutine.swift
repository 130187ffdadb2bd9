import Dispatch
import Kernels

/// Work on a thread of its own that takes turns with the thread which made it: one of the two runs at any time, and the
/// other waits.
///
/// It works in the state of that thread: gradient mode, precision, backend, default generator.
package final class Coroutine: @unchecked Sendable {
    private let state: ThreadState
    private let generator = Generator.default
    private let body: () -> Void
    private let resumed = DispatchSemaphore(value: 0)
    private let paused = DispatchSemaphore(value: 0)
    package private(set) var isDone = false

    /// - Parameters:
    ///   - isObserved: whether those who observe this thread see what is computed there.
    ///   - body: begins with the first `resume()`, and has to be resumed until it is done.
    package init(isObserved: Bool, _ body: @escaping () -> Void) {
        state = ThreadState.current.forPart(isObserved: isObserved)
        self.body = body
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
        state.occupyThread()
        Generator.withDefault(generator, body)
        isDone = true
        paused.signal()
    }

    /// Lets it run until it pauses or is done.
    package func resume() {
        resumed.signal()
        paused.wait()
    }

    /// Called by its body: waits until it is resumed.
    package func pause() {
        paused.signal()
        resumed.wait()
    }
}
