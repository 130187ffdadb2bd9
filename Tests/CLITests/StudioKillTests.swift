import Foundation
import TestSupport
import Testing

/// `switchback studio` where somebody pulls the plug.
struct StudioKillTests {
    /// Killed at ten random moments of its work, it has lost nothing that it had acknowledged.
    @Test(.enabled(if: Python.has("json"), "Python is not installed"))
    func tenKillsLoseNothing() throws {
        let script = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Browser/kill_story.py").standardizedFileURL.path
        let report = try Python.run(
            """
            import runpy, sys
            sys.argv = sys.argv[1:]
            runpy.run_path(sys.argv[0])
            """, [script, BuiltProgram.url.path])
        #expect(report.contains("10 kills"), "\(report)")
    }
}
