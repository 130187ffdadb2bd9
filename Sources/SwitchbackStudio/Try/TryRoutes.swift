import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining
import SwitchbackVision

/// What the page `/try` asks for: what a run's model finds in an image that is sent, and again with other thresholds.
struct TryRoutes: Sendable {
    private let models: LoadedModels<TriedModel>
    private let reader: RequestReader
    private let runs: RunLookup
    private let skeleton = RunSkeleton()

    /// The least confidence that the page offers.
    private static let thresholds = (confidence: 0.25, iou: 0.7)

    init(_ runs: RunLookup, _ limits: ServerLimits) {
        models = LoadedModels("try", of: runs, weights: { try RunFolder.weightFile($0.path) }) {
            try TriedModel($0, limits)
        } end: {
            $0.stop()
        }
        reader = RequestReader(limits)
        self.runs = runs
    }

    func stop() {
        reader.stop()
        models.stop()
    }

    func add(to router: some RouterMethods<ServerContext>) {
        router.post("api/v1/try/:task/:name") { request, context in
            await answer { try await look(request, context) }
        }
        router.get("api/v1/try/:task/:name/:image") { request, context in
            await answer { try await again(request, context) }
        }
    }

    private func answer(_ work: () async throws -> TryAnswer) async -> Response {
        do {
            return try Response(answering: await work())
        } catch {
            return Response(refusing: error)
        }
    }

    private func look(_ request: Request, _ context: ServerContext) async throws -> TryAnswer {
        let model = try await model(context)
        let contentType = request.headers[.contentType]
        let upload = try await reader.read(request) { body, share in
            try ImageUpload(body, contentType: contentType, names: [], share)
        }
        let id = UUID().uuidString
        try await model.look(at: upload.image, as: id)
        return try await found(model, id, request, context)
    }

    private func again(_ request: Request, _ context: ServerContext) async throws -> TryAnswer {
        try await found(model(context), context.parameters.part("image"), request, context)
    }

    private func found(
        _ model: TriedModel, _ id: String, _ request: Request, _ context: ServerContext
    ) async throws -> TryAnswer {
        let confidence = try TryRoutes.fraction("conf", request) ?? TryRoutes.thresholds.confidence
        let iou = try TryRoutes.fraction("iou", request) ?? TryRoutes.thresholds.iou
        guard var answer = try await model.answer(id, confidence: confidence, iou: iou) else {
            throw APIError.notFound("this image was tried too long ago; send it again")
        }
        if let count = answer.detections.first?.keypoints.count, count > 0 {
            let run = try runs.run(context.parameters.part("task"), context.parameters.part("name"))
            answer.limbs = skeleton.limbs(of: run, count: count)
        }
        return answer
    }

    private func model(_ context: ServerContext) async throws -> TriedModel {
        try await models.model(context.parameters.part("task"), context.parameters.part("name"))
    }

    private static func fraction(_ name: String, _ request: Request) throws -> Double? {
        guard let text = request.uri.queryParameters[Substring(name)] else { return nil }
        guard let number = Double(text), (0...1).contains(number) else {
            throw InputError("request", at: "field \(name)", "\(text) is not a number from 0 to 1")
        }
        return number
    }
}
