import SwitchbackServer

// The examples in the sources' comments: that they compile, and stay what the comments say, is the test.

private func serving() async throws {
    let server = try ModelServer(["runs/chat/train"], ServerOptions())
    try await server.run { address in print("listening on \(address)") }
}
