/// What tells `fail` which layer is running: the floor that knows layers says so before any of them runs.
enum FailurePlace {
    /// The path of the innermost module that is running on this thread; "" outside of any.
    nonisolated(unsafe) static var path: () -> String = { "" }
}

/// Stops the program over a programmer's error, with one line that names the operation, what was found and, where a
/// module is running, the path of the layer.
///
/// What comes from outside (files, options, requests) is not a programmer's error: it is checked at the boundary,
/// which throws.
public func fail(
    _ operation: @autoclosure () -> String, _ message: @autoclosure () -> String,
    in path: String? = nil, file: StaticString = #fileID, line: UInt = #line
) -> Never {
    let path = path ?? FailurePlace.path()
    let place = path.isEmpty ? "" : " (in \(path))"
    fatalError("\(operation()): \(message())\(place)", file: file, line: line)
}

/// Stops the program with a sentence unless `condition` holds; `precondition` loses its sentence in release builds.
@inline(__always)
package func require(
    _ condition: Bool, _ operation: @autoclosure () -> String, _ message: @autoclosure () -> String,
    file: StaticString = #fileID, line: UInt = #line
) {
    if !condition { fail(operation(), message(), file: file, line: line) }
}
