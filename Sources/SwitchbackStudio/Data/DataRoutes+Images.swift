import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

extension DataRoutes {
    private static let mostListed = 200

    /// Lists of images and what they look like.
    func addImages(to group: RouterGroup<some RequestContext>) {
        group.get(":set/images") { request, context in
            let name = try context.parameters.part("set")
            let query = request.uri.queryParameters
            return await files.answer(within: Self.longSeconds) { try list(sets.set(name), query) }
        }
        for kind in ImagePreviews.Kind.allCases {
            group.get(":set/images/:image/\(kind.rawValue)") { [sets] _, context in
                let (name, id) = try (context.parameters.part("set"), context.parameters.part("image"))
                do {
                    let bytes = try await previews.run(within: Self.previewSeconds) {
                        let set = try sets.set(name)
                        return try ImagePreviews.bytes(set.index.image(id), kind, in: set.folder.state)
                    }
                    return Response(jpeg: bytes)
                } catch {
                    return Response(refusing: error)
                }
            }
        }
    }

    private static let previewSeconds = 60.0

    /// A piece of the images that a filter takes: from a place on, or around an image, which is always among them.
    private func list(_ set: OpenDataSet, _ query: Parameters) throws -> ImageList {
        let content = try set.index.now()
        let filter = try ImageFilter(query)
        var positions = filter.positions(in: content)
        if let run = query.get("uncertain") {
            positions = try leastCertain(positions, content, judgements.judgement(of: set, by: run))
        }
        let count = try query.number("count", in: 1...Self.mostListed) ?? Self.mostListed
        var from = try query.number("from", in: 0...Int(Int32.max)) ?? 0
        if let id = query.get("around") {
            let image = try set.index.image(id)
            guard let position = content.positions[image.id].map(Int.init) else {
                throw APIError.notFound("there is no such image; it may have been moved or deleted")
            }
            let rank = filter.order.rank(position, in: content)
            let place =
                positions.firstIndex(of: position)
                ?? positions.firstIndex { rank < filter.order.rank($0, in: content) } ?? positions.count
            if place == positions.count || positions[place] != position { positions.insert(position, at: place) }
            from = max(0, place - (try query.number("before", in: 0...Self.mostListed) ?? count / 2))
        }
        let withBoxes = query.get("boxes") == "1"
        let listed = positions.dropFirst(from).prefix(count).map { position in
            let image = content.images[position]
            return withBoxes ? ImageAnswer(image, boxesWith: content.keypoints) : ImageAnswer(image)
        }
        return ImageList(total: positions.count, from: min(from, positions.count), images: listed)
    }

    /// The images that a run has looked at, those first of which its model is least certain.
    private func leastCertain(_ positions: [Int], _ content: DataIndex.Content, _ judgement: Judgement) -> [Int] {
        let findings = judgement.findings()
        let judged = positions.compactMap { position in
            findings.uncertainty(of: content.images[position]).map { (position: position, uncertainty: $0) }
        }
        return judged.sorted { ($0.uncertainty, $1.position) > ($1.uncertainty, $0.position) }.map(\.position)
    }
}
