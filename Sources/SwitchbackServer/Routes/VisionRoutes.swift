import Hummingbird
import Switchback
import SwitchbackTraining
import SwitchbackVision

/// `/v1/detect`, `/v1/segment`, `/v1/pose` and `/v1/obb`: an image in a form, as base64 in JSON, or as the body itself.
struct VisionRoutes: Sendable {
    let models: ModelList
    let reader: RequestReader
    /// Where requests are kept, if they are.
    let keeper: RequestKeeper?

    func add(to group: RouterGroup<ServerContext>) {
        for task in YOLOTask.allCases {
            group.post("\(task)") { request, _ in try await detect(request, task) }
        }
    }

    private func upload(_ request: Request, names: [String]) async throws -> ImageUpload {
        let contentType = request.headers[.contentType]
        return try await reader.read(request) { body, share in
            try ImageUpload(body, contentType: contentType, names: names, share)
        }
    }

    private struct Found: Encodable {
        let `class`: String
        let classIndex: Int
        let confidence: Float
        /// In the image's pixels, from the top left.
        let box: Box
        /// The size of the mask in pixels, and the mask itself, where the task is about masks.
        let pixels: MaskSize?
        let segmentation: MaskText?
        /// The oriented box, where the task is about those: the angle is in radians.
        let rotated: RotatedBox?
        /// Where the task is about those.
        let keypoints: [Keypoint]?

        init(_ detection: Detection, classes: [String]) {
            `class` = classes[detection.classIndex]
            (classIndex, confidence, box) = (detection.classIndex, detection.score, detection.box)
            pixels = detection.mask.map { MaskSize($0) }
            segmentation = detection.mask.map(MaskText.init)
            rotated = detection.rotated
            keypoints = detection.keypoints.isEmpty ? nil : detection.keypoints
        }
    }

    private struct Detections: Encodable {
        let object = "detections"
        let model: String
        let width, height: Int
        let detections: [Found]
        let milliseconds: Double
    }

    private func detect(_ request: Request, _ task: YOLOTask) async throws -> Response {
        try await keeper.keeping("\(task)") { keep in
            let (upload, answer) = try await detections(request, task)
            let (width, height) = (Float(answer.width), Float(answer.height))
            let found = answer.detections.prefix(Self.mostKept).map { found in
                [
                    Float(found.classIndex), found.confidence, found.box.x1 / width, found.box.y1 / height,
                    found.box.x2 / width, found.box.y2 / height,
                ]
            }
            keep(upload, found, Uncertainty.ofDetections(found.map { $0[1] }))
            return Response(json: answer)
        }
    }

    /// How many findings are kept of an image.
    private static let mostKept = 100

    private func detections(_ request: Request, _ task: YOLOTask) async throws -> (ImageUpload, Detections) {
        let upload = try await upload(request, names: ["model", "conf", "iou", "max_det"])
        let (name, service) = try models.detector(upload.text("model"), for: task)
        let (confidence, iou) = (try upload.fraction("conf"), try upload.fraction("iou"))
        let maximum = try upload.count("max_det")
        let image = upload.image
        let answer = try await service.run { model -> Detections in
            var predictor = model.predictor
            if let confidence { predictor.suppression.confidence = Float(confidence) }
            if let iou { predictor.suppression.iou = Float(iou) }
            if let maximum { predictor.suppression.maximumCount = maximum }
            let result = try predictor(image)
            let found = result.detections.map { Found($0, classes: model.classes) }
            let seconds = result.seconds.preprocess + result.seconds.inference + result.seconds.postprocess
            return Detections(
                model: name, width: image.width, height: image.height, detections: found, milliseconds: seconds * 1000)
        }
        return (upload, answer)
    }
}
