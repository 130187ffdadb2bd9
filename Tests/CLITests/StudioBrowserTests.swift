import Foundation
import TestSupport
import Testing

/// The pages of `switchback studio` as a person uses them, in Chromium.
struct StudioBrowserTests {
    /// In CI a missing browser is a failure, not a reason to pass over the test.
    private static let hasBrowser =
        ProcessInfo.processInfo.environment["CI"] != nil
        || Python.has("axe_core_python")
            && ["chromedriver", "chromium"].allSatisfy { name in
                ["/usr/bin", "/usr/local/bin"].contains {
                    FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
                }
            }

    @Test(.enabled(if: hasBrowser, "chromium, chromium-driver or axe-core-python is not installed"))
    func theWholeStory() throws {
        let program = try BuiltProgram()
        let image = try program.image("image.jpg", height: 28, width: 28, boxes: [])
        try play("studio_story.py", program, [image])
    }

    @Test(.enabled(if: hasBrowser, "chromium, chromium-driver or axe-core-python is not installed"))
    func theStoryOfKeypoints() throws {
        let program = try BuiltProgram()
        let image = try program.image("image.jpg", height: 30, width: 40, boxes: [])
        try play("keypoint_story.py", program, [image, program.folder.path("runs")])
    }

    /// Starts a studio, and plays a story with its address and more.
    private func play(_ story: String, _ program: BuiltProgram, _ arguments: [String]) throws {
        let studio = try RunningServer(program, command: "studio", [])
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Browser").standardizedFileURL.path
        try Python.run(
            """
            import runpy, sys
            folder, story = sys.argv[1:3]
            sys.path.insert(0, folder)
            sys.argv = sys.argv[2:]
            runpy.run_path(f"{folder}/{story}")
            """, [folder, story, studio.address] + arguments)
        #expect(studio.stop() == 0)
    }
}
