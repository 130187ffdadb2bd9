import SwitchbackStudio

// The examples in the comments of the sources: they have to compile.

private func showStudio() async throws {
    try await StudioServer(output: "runs", port: 8080).run { address in print("open \(address)") }
}
