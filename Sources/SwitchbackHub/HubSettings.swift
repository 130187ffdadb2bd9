import Foundation
import Switchback
import SwitchbackFormats

/// Where models are fetched from and kept, and who asks: the environment variables of the package `huggingface_hub`.
public struct HubSettings: Sendable {
    /// `HF_ENDPOINT`: the address of the hub.
    public var endpoint = "https://huggingface.co"
    /// `HF_TOKEN`, or the contents of the file `HF_TOKEN_PATH`, `HF_HOME/token` if it is not set: who asks.
    public var token: String?
    /// `HF_HUB_CACHE`, or `HF_HOME/hub`: where models are kept. `HF_HOME` is `~/.cache/huggingface`, if it is not set.
    public var cache: String
    /// `HF_HUB_OFFLINE`: whether nothing is asked for over the network.
    public var isOffline = false
    /// How many times a transfer that breaks off is taken up again.
    public var retries = 5
    /// How long to wait before the first of them, in seconds; twice as long before each further one.
    public var patience = 0.5

    /// Throws `InputError` where a variable cannot be what it is.
    public init(environment: [String: String] = ProcessInfo.processInfo.environment) throws {
        func value(_ name: String) -> String? { environment[name].flatMap { $0.isEmpty ? nil : $0 } }
        let user = value("HOME") ?? NSHomeDirectory()
        func path(_ text: String) -> String { text.hasPrefix("~/") ? user + text.dropFirst() : text }
        let caches = value("XDG_CACHE_HOME").map(path) ?? Folder.join(user, ".cache")
        let home = value("HF_HOME").map(path) ?? Folder.join(caches, "huggingface")
        cache = value("HF_HUB_CACHE").map(path) ?? Folder.join(home, "hub")
        if let endpoint = value("HF_ENDPOINT") {
            guard let url = URL(string: endpoint), ["http", "https"].contains(url.scheme), url.host != nil else {
                throw InputError(
                    "environment variable HF_ENDPOINT", "\(endpoint) is not an address",
                    remedy: "give one such as https://huggingface.co")
            }
            self.endpoint = endpoint.hasSuffix("/") ? String(endpoint.dropLast()) : endpoint
        }
        isOffline = ["1", "true", "yes", "on"].contains((value("HF_HUB_OFFLINE") ?? "").lowercased())
        token = value("HF_TOKEN")
        let tokenPath = value("HF_TOKEN_PATH").map(path) ?? Folder.join(home, "token")
        if token == nil, Folder.exists(tokenPath) { token = try HubSettings.token(in: tokenPath) }
        if let token { try HubSettings.check(token, "environment variable HF_TOKEN") }
    }

    /// Waits before a transfer is taken up again, for the `tries`-th time in a row.
    func wait(_ tries: Int) async throws {
        try await Task.sleep(nanoseconds: UInt64(patience * Double(1 << min(tries, 6)) * 1e9))
    }

    /// The token that a file holds.
    public static func token(in path: String) throws -> String {
        let token = try TextFile.read(path).trimmingCharacters(in: .whitespacesAndNewlines)
        if token.isEmpty { throw InputError(path, "is empty: a token of the hub is needed") }
        try check(token, path)
        return token
    }

    /// A token goes into a line of the request: it must not end the line. It is not shown.
    private static func check(_ token: String, _ source: String) throws {
        guard token.utf8.count <= 4096, token.utf8.allSatisfy({ (33...126).contains($0) }) else {
            throw InputError(source, "it is no token of the hub: there are spaces or strange characters in it")
        }
    }
}
