import Kernels

/// What `fail` learns from the thread: the floor that knows threads sets it before any operation runs.
enum FailureContext {
    /// The path of the innermost module that is running on this thread; "" outside of any.
    nonisolated(unsafe) static var path: () -> String = { "" }
    /// Hands an error to the scope that catches this thread's, and does not return; returns where there is none.
    nonisolated(unsafe) static var leaveScope: (ShapeError) -> Void = { _ in }
}

/// Stops over a programmer's error, with one line that names the operation, what was found and, where a module is
/// running, the path of the layer: inside ``catchingErrors(_:)`` the scope, else the program.
///
/// What comes from outside (files, options, requests) is not a programmer's error: it is checked at the boundary,
/// which throws.
@inline(never)
public func fail(
    _ operation: @autoclosure () -> String, _ message: @autoclosure () -> String, in path: String? = nil
) -> Never {
    let error = ShapeError(operation: operation(), problem: message(), layer: path ?? FailureContext.path())
    FailureContext.leaveScope(error)
    endProgram("\(error)")
}

/// Stops with a sentence unless `condition` holds, as `fail` does; `precondition` loses its sentence in release builds.
@inline(__always)
package func require(
    _ condition: Bool, _ operation: @autoclosure () -> String, _ message: @autoclosure () -> String
) {
    if !condition { fail(operation(), message()) }
}

/// Ends the program as a crash, at which a debugger stops, with a sentence alone: Swift's back trace of the engine's own
/// frames would push it off the screen. It is printed where the environment asks for it by SWIFT_BACKTRACE.
private func endProgram(_ sentence: String) -> Never {
    Diagnostics.writeLine("Fatal error: \(sentence)")
    sb_abort(getenv("SWIFT_BACKTRACE") == nil)
}
