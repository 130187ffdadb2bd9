import Foundation
import TestSupport
import Testing

/// The program as users run it, from the folder that the tests were built into.
struct BuiltProgram {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// What a run left behind.
    struct Run {
        let output: String
        let errors: String
        let code: Int32

        /// The last line of the output as a JSON object.
        var json: [String: Any] {
            let line = output.split(separator: "\n").last ?? ""
            return (try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]) ?? [:]
        }
    }

    static let url = Bundle.main.bundleURL.appendingPathComponent("switchback")

    /// Runs `switchback` with arguments, in the test's own folder.
    func run(_ arguments: [String]) throws -> Run { try launch(Self.url, arguments, [:]) }

    func run(_ arguments: String..., environment: [String: String] = [:]) throws -> Run {
        try launch(Self.url, arguments, environment)
    }

    /// Runs a line of shell in which `$switchback` is the program.
    func shell(_ line: String) throws -> Run {
        try launch(URL(fileURLWithPath: "/bin/bash"), ["-c", line], ["switchback": Self.url.path])
    }

    private func launch(_ program: URL, _ arguments: [String], _ environment: [String: String]) throws -> Run {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Files rather than pipes: they are never full.
        let output = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        let errors = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
        for file in [output, errors] { try Data().write(to: file) }
        defer { for file in [output, errors] { try? FileManager.default.removeItem(at: file) } }
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: errors)
        try process.run()
        process.waitUntilExit()
        return Run(
            output: try String(contentsOf: output, encoding: .utf8),
            errors: try String(contentsOf: errors, encoding: .utf8),
            code: process.terminationReason == .exit ? process.terminationStatus : -process.terminationStatus)
    }

    /// Expects that a run was refused with one sentence, and that it left nothing behind.
    func expectRefusal(
        _ run: Run, code: Int32 = 1, _ sentence: String, location: SourceLocation = #_sourceLocation
    ) {
        #expect(run.code == code, "\(run.errors)", sourceLocation: location)
        let lines = run.errors.split(separator: "\n")
        #expect(lines.count == 1 && run.errors.hasPrefix("switchback: "), "\(run.errors)", sourceLocation: location)
        #expect(run.errors.contains(sentence), "\(run.errors)", sourceLocation: location)
        #expect(!folder.contents.contains("runs"), "a folder was left behind", sourceLocation: location)
    }
}

/// Files of examples, sound or not.
extension BuiltProgram {
    /// An idx file of bytes.
    static func idx(_ sizes: [Int], _ bytes: [UInt8]) -> [UInt8] {
        var header: [UInt8] = [0, 0, 8, UInt8(sizes.count)]
        for size in sizes { header += [0, 0, UInt8(size >> 8), UInt8(size & 0xFF)] }
        return header + bytes
    }

    /// A folder of 40 images of 4×4 pixels in two classes, as MNIST is distributed; the arguments put something else in
    /// the place of one of its files.
    func idxFolder(images: [UInt8]? = nil, labels: [UInt8]? = nil, imagesName: String? = nil) throws -> String {
        let pixels = (0..<40).flatMap { [UInt8](repeating: $0 % 2 == 0 ? 10 : 200, count: 16) }
        let classes = (0..<40).map { UInt8($0 % 2) }
        let name = "mnist"
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent(name), withIntermediateDirectories: true)
        _ = try folder.write(
            images ?? Self.idx([40, 4, 4], pixels), to: "\(name)/\(imagesName ?? "train-images-idx3-ubyte")")
        _ = try folder.write(labels ?? Self.idx([40], classes), to: "\(name)/train-labels-idx1-ubyte")
        return name
    }
}
