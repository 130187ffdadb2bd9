/// The address, models and limits of a server.
public struct ServerOptions: Sendable {
    public var host = "127.0.0.1"
    /// 0 takes any that is free.
    public var port = 8080
    /// The API key that clients must send; none is needed if `nil`.
    public var apiKey: String?
    /// Names by which clients may call a server that only this machine can reach, beside `localhost` and its addresses.
    public var allowedHosts: [String] = []
    /// Origins of web pages that may use the server, such as `https://example.org`; of others, none may.
    public var allowedOrigins: [String] = []
    /// Whether the server's own pages send requests to it: only where its names are checked, as on this machine alone.
    package var servesPages = false
    public var limits = ServerLimits()
    /// The folder that requests about images are kept in, with the images that the model is least certain of; none are
    /// kept if `nil`.
    public var keptRequests: String?

    /// Whether the loss of the terminal (SIGHUP) ends the server, as SIGTERM does; not where it was started to outlive
    /// it.
    public var endsWithTerminal = false

    public init() {}
}

/// The limits for requests.
public struct ServerLimits: Sendable {
    /// The largest body of a request.
    public var bodyBytes = 16 << 20
    /// What the bodies and images of all requests together may take.
    public var memoryBytes = 1 << 30
    /// What is kept of texts that are over, for prompts that begin as they did, of each model; 0 keeps nothing.
    public var prefixBytes = 256 << 20
    /// Connections that are open at once; others wait to be accepted.
    public var connections = 1024
    /// The most tokens that a request may ask for, and how many one gets that does not say; the rest of the context if
    /// `nil`.
    public var tokens: Int?
    /// Texts that are written at once.
    public var parallel = 16
    /// Requests that wait for their turn; those that come then are turned away.
    public var queue = 128
    /// How long a request may take, the waiting included.
    public var seconds = 600.0
    /// How long a client may be silent in the midst of a request.
    public var idleSeconds = 30.0
    /// The images of requests that are kept, where they are.
    public var keptImages = 500
    /// How long requests may take to end once the server is told to stop.
    public var graceSeconds = 30.0

    public init() {}
}
