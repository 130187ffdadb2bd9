import Foundation
import TestSupport
import Testing

/// Where memory is touched: in the backends alone.
@Suite struct WallTests {
    /// The lines of code, comments aside, of the sources in a folder.
    private func lines(in folder: String) throws -> [(place: String, code: Substring)] {
        let base = projectFolder.appendingPathComponent(folder)
        let files = try #require(FileManager.default.enumerator(at: base, includingPropertiesForKeys: nil))
        return try files.compactMap { $0 as? URL }.filter { $0.pathExtension == "swift" }.flatMap { file in
            let text = try String(contentsOf: file, encoding: .utf8)
            let path = file.path.dropFirst(projectFolder.path.count + 1)
            return text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().compactMap {
                number, line in
                let code = line.drop { $0 == " " }
                return code.hasPrefix("//") ? nil : ("\(path):\(number + 1)", code)
            }
        }
    }

    @Test func onlyBackendsSeePointersOfTheEngine() throws {
        let outside = try lines(in: "Sources/Switchback").filter { !$0.place.hasPrefix("Sources/Switchback/Backends/") }
        #expect(outside.count > 5000)
        let touches = outside.filter { $0.code.contains(/\bpointer\b|\.floats\b|\.address\b/) }
        #expect(touches.isEmpty, "\(touches.map { "\($0.place): \($0.code)" }.joined(separator: "\n"))")
    }

    /// Who works with memory outside of the engine says so: `@_spi(Backends) import Switchback`. Those are a backend that
    /// traces, and plans in whole numbers, whose steps are kernels of the processor on its own memory.
    @Test func onlyTracesAndPlansAskForPointers() throws {
        let askers = try lines(in: "Sources").filter { $0.code.hasPrefix("@_spi(Backends) import") }
            .map { $0.place.split(separator: ":")[0] }
        let homes = ["Sources/SwitchbackFormats/Tracing/", "Sources/SwitchbackInference/"]
        for home in homes { #expect(askers.contains { $0.hasPrefix(home) }, "\(home)") }
        let others = askers.filter { asker in !homes.contains { asker.hasPrefix($0) } }
        #expect(others.isEmpty, "\(others)")
    }
}
