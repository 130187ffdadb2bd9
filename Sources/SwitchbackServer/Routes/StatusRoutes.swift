import Hummingbird

/// `/health` and `/metrics`, for monitoring and Prometheus. Neither needs the API key.
struct StatusRoutes: Sendable {
    let models: ModelList
    let metrics: ServerMetrics

    private struct Health: Encodable {
        let status = "ok"
        let models: [String]
    }

    func add(to router: Router<ServerContext>) {
        router.get("health") { _, _ in Response(json: Health(models: models.models.map(\.name))) }
        router.get("metrics") { _, _ in
            Response(
                status: .ok, headers: [.contentType: "text/plain; version=0.0.4; charset=utf-8"],
                body: ResponseBody(byteBuffer: ByteBuffer(string: metrics.text)))
        }
    }
}
