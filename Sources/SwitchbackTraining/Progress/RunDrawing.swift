import Switchback

/// The images of a run, which a run is never to fail for.
package enum RunDrawing {
    /// Runs `body`, which draws. What cannot be drawn, or written, is warned of: the training and its result are worth
    /// more.
    package static func attempt(_ body: () throws -> Void) {
        do {
            try body()
        } catch {
            Diagnostics.warn("an image of the run was not drawn: \(error)")
        }
    }
}
