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

    /// A backend outside of the module says so: `@_spi(Backends) import Switchback`.
    @Test func onlyTheTracingBackendAsksForPointers() throws {
        let askers = try lines(in: "Sources").filter { $0.code.hasPrefix("@_spi(Backends) import") }
            .map { $0.place.split(separator: ":")[0] }
        #expect(!askers.isEmpty && askers.allSatisfy { $0.hasPrefix("Sources/SwitchbackFormats/Tracing/") })
    }
}
