import Foundation

/// `switchback serve`, or another service, while a test talks to it.
final class RunningServer {
    let address: String
    private let process = Process()
    private let output = Pipe()

    struct DidNotStart: Error {}

    init(
        _ program: BuiltProgram, command: String = "serve", _ arguments: [String], environment: [String: String] = [:]
    ) throws {
        process.executableURL = BuiltProgram.url
        process.arguments = [command, "--port", "0", "--json"] + arguments
        process.currentDirectoryURL = program.folder.url
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let line = try Self.firstLine(of: process, output)
        guard let object = try? JSONSerialization.jsonObject(with: line) as? [String: Any],
            let address = object["address"] as? String
        else { throw DidNotStart() }
        self.address = address
    }

    /// A service whose first line is its address.
    init(service: URL, _ arguments: [String]) throws {
        process.executableURL = service
        process.arguments = arguments
        address = String(decoding: try Self.firstLine(of: process, output), as: UTF8.self)
        if address.isEmpty { throw DidNotStart() }
    }

    /// Starts a program, and waits for the first line that it prints.
    private static func firstLine(of process: Process, _ output: Pipe) throws -> Data {
        process.standardOutput = output
        try process.run()
        var line = Data()
        while let byte = try output.fileHandleForReading.read(upToCount: 1), byte != Data("\n".utf8) { line += byte }
        return line
    }

    deinit { if process.isRunning { process.terminate() } }

    /// Ends the server as the loss of power does.
    func kill() {
        Foundation.kill(process.processIdentifier, SIGKILL)
        process.waitUntilExit()
    }

    /// Asks the server to end; returns its exit code.
    func stop() -> Int32 {
        process.terminate()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
