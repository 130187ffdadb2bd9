/// Where a server listens, whom it serves, and what it bears.
public struct ServerOptions: Sendable {
    public var host = "127.0.0.1"
    /// 0 takes any that is free.
    public var port = 8080
    /// What clients must show; everybody is served if `nil`.
    public var apiKey: String?
    public var limits = ServerLimits()

    public init() {}
}

/// What is refused, and when.
public struct ServerLimits: Sendable {
    /// The largest body of a request.
    public var bodyBytes = 16 << 20
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
    /// How long requests may take to end once the server is told to stop.
    public var graceSeconds = 30.0

    public init() {}
}
