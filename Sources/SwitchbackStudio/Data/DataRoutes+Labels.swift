import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// The labels of an image, as the editor gets them.
private struct LabelsAnswer: Encodable, Sendable {
    struct Failure: Encodable, Sendable {
        let message: String
        let type = "conflict"
    }

    let image: ImageAnswer
    let classes: [String]
    /// Those that objects of the data set have.
    let keypoints: KeypointDescription?
    let revision: Int
    /// What the page has seen: of the labels, and of the description of the data set.
    let seen: String
    let labeled: Bool
    let objects: [LabelObject]
    let canUndo, canRedo: Bool
    /// Why nothing can be changed; `nil` where it can.
    let readOnly: String?
    /// What an edit was about that others have changed since; then nothing was done.
    var conflicts: [String]?
    var error: Failure?

    /// - Parameter keypoints: as they were before the labels were read: a page that has seen less than there is asks again.
    init(
        _ set: OpenDataSet, _ image: IndexedImage, _ document: LabelDocument, _ keypoints: SaidKeypoints, who: String
    ) throws {
        let content = try set.index.known()
        self.image = ImageAnswer(content.image(image.id) ?? image)
        classes = content.classNames
        self.keypoints = keypoints.layout.map { KeypointDescription($0, in: keypoints.file) }
        seen = Self.seen(document, keypoints)
        (revision, labeled, objects) = (document.revision, document.isLabeled, document.objects)
        (canUndo, canRedo) = (document.canUndo(who), document.canRedo(who))
        readOnly = try set.labels().readOnly?.description
    }

    static func seen(_ document: LabelDocument, _ keypoints: SaidKeypoints) -> String {
        "\(document.revision)-\(KeypointDescription.version(keypoints.file))"
    }
}

extension DataRoutes {
    /// What one stroke may say: a long outline has thousands of corners.
    private static let mostStrokeBytes = 2 << 20
    private static let mostChanges = 2000

    /// Labels and their edits.
    func addLabels(to group: RouterGroup<some RequestContext>) {
        group.get(":set/images/:image/labels") { [sets] request, context in
            let (name, id) = try (context.parameters.part("set"), context.parameters.part("image"))
            let query = request.uri.queryParameters
            return await strokes.respond {
                let set = try sets.set(name)
                let image = try set.index.image(id)
                let keypoints = try set.keypoints()
                let document = try set.labels().document(of: LabelStore.Image(image))
                if let seen = query.get("seen"), seen == LabelsAnswer.seen(document, keypoints) {
                    return Response(status: .noContent)
                }
                return try Response(
                    answering: LabelsAnswer(set, image, document, keypoints, who: query.get("who") ?? ""))
            }
        }
        group.post(":set/images/:image/edits") { request, context in
            await change(request, context) { set, image, fields in
                let edit = try Self.edit(fields, try set.index.known(), try set.keypoints().layout)
                return try set.change(image) { try $0.edit($1, edit) }
            }
        }
        for direction in [LabelDocument.Direction.undo, .redo] {
            group.post(":set/images/:image/\(direction.rawValue)") { request, context in
                await change(request, context) { set, image, fields in
                    let (id, who, page) = try (fields.name("id"), fields.name("who"), fields.name("page"))
                    return try set.change(image) { try $0.edit($1, direction, id: id, who: who, page: page) }
                }
            }
        }
        group.get(":set/images/:image/proposals") { [sets, proposing] _, context in
            let (name, id) = try (context.parameters.part("set"), context.parameters.part("image"))
            do {
                let (image, classes, keypoints) = try await strokes.run(within: Self.strokeSeconds) {
                    let set = try sets.set(name)
                    return (try set.index.image(id), try set.index.known().classNames, try set.keypoints().layout)
                }
                return try Response(
                    answering: try await proposing.proposals(for: image, classes: classes, keypoints: keypoints))
            } catch {
                return Response(refusing: error)
            }
        }
    }

    /// The outline of what lies where somebody clicks, or in a box.
    func addOutlines(to group: RouterGroup<some RequestContext>) {
        group.post(":set/images/:image/outlines") { [sets, outlining] request, context in
            do {
                let (name, id) = try (context.parameters.part("set"), context.parameters.part("image"))
                let body = try await request.jsonBody(upTo: Self.mostOutlineBytes)
                let (wish, image) = try await strokes.run(within: Self.strokeSeconds) {
                    (try OutlineRequest(ConfigurationFields(body: body)), try sets.set(name).index.image(id))
                }
                return try Response(answering: try await outlining.outlines(wish, of: image))
            } catch {
                return Response(refusing: error)
            }
        }
    }

    private static let mostOutlineBytes = 10_000
    private static let strokeSeconds = 60.0

    /// Answers a stroke: with the labels after it, or where others were faster with theirs.
    private func change(
        _ request: Request, _ context: some RequestContext,
        _ work: @escaping @Sendable (OpenDataSet, IndexedImage, ConfigurationFields) throws -> LabelStore.Outcome
    ) async -> Response {
        do {
            let (name, id) = try (context.parameters.part("set"), context.parameters.part("image"))
            let body = try await request.jsonBody(upTo: Self.mostStrokeBytes)
            return await strokes.respond { [sets] in
                let fields = try ConfigurationFields(body: body)
                let who = try fields.name("who")
                let set = try sets.set(name)
                let image = try set.index.image(id)
                let keypoints = try set.keypoints()
                let outcome: LabelStore.Outcome
                do { outcome = try work(set, image, fields) } catch let unwritten as LabelStore.Unwritten {
                    var response = Response(refusing: unwritten.cause)
                    response.status = HTTPResponse.Status(code: 507)
                    return response
                }
                switch outcome {
                case .done(let document), .nothing(let document):
                    return try Response(answering: LabelsAnswer(set, image, document, keypoints, who: who))
                case .conflict(let document, let objects):
                    var answer = try LabelsAnswer(set, image, document, keypoints, who: who)
                    answer.conflicts = objects
                    answer.error = .init(message: "somebody else has changed the same object since; nothing was done")
                    var response = try Response(answering: answer)
                    response.status = .conflict
                    return response
                }
            }
        } catch {
            return Response(refusing: error)
        }
    }

    private static func edit(
        _ fields: ConfigurationFields, _ content: DataIndex.Content, _ keypoints: KeypointLayout?
    ) throws -> LabelRequest {
        try fields.checkNames(known: ["id", "who", "page", "base", "changes", "labeled"])
        let changes = try fields.array("changes") ?? []
        guard changes.count <= mostChanges else {
            throw fields.problem("changes", "at most \(mostChanges) objects are changed at once")
        }
        let wishes = try changes.enumerated().map { number, value -> (object: String, value: LabelValue?) in
            let change = try ConfigurationFields(value, path: "request", prefix: "changes.\(number).")
            let value = try change.object("value").map {
                try LabelValue($0, classCount: content.classNames.count, keypoints: keypoints)
            }
            return (try change.name("object"), value)
        }
        let isLabeled = try fields["labeled"] == nil ? nil : fields.bool("labeled", default: false)
        return LabelRequest(
            id: try fields.name("id"), who: try fields.name("who"), page: try fields.name("page"),
            base: try fields.integer("base", minimum: 0), wishes: wishes, isLabeled: isLabeled)
    }
}

extension ConfigurationFields {
    private static let longestName = 64

    /// A name that a page made: letters, digits and hyphens.
    func name(_ name: String) throws -> String {
        let text = try string(name)
        let isName = text.utf8.allSatisfy { byte in
            (48...57).contains(byte) || (65...90).contains(byte) || (97...122).contains(byte) || byte == 45
        }
        guard isName, (1...Self.longestName).contains(text.utf8.count), text != LabelEdit.disk else {
            throw problem(name, "letters, digits and hyphens are needed, at most \(Self.longestName)")
        }
        return text
    }
}
