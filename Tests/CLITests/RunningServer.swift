import Foundation

/// `switchback serve` while a test talks to it.
final class RunningServer {
    let address: String
    private let process = Process()
    private let output = Pipe()

    struct DidNotStart: Error {}

    init(_ program: BuiltProgram, _ arguments: [String], environment: [String: String] = [:]) throws {
        process.executableURL = BuiltProgram.url
        process.arguments = ["serve", "--port", "0", "--json"] + arguments
        process.currentDirectoryURL = program.folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = output
        try process.run()
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), byte != Data("\n".utf8) { line += byte }
        guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any],
            let address = object["address"] as? String
        else { throw DidNotStart() }
        self.address = address
    }

    deinit { if process.isRunning { process.terminate() } }

    /// Asks the server to end; returns its exit code.
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
