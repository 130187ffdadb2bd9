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
        group.get(":set/images") { [sets] request, context in
            let name = try context.parameters.require("set")
            let query = request.uri.queryParameters
            return await files.answer(within: Self.longSeconds) { try Self.list(sets.set(name), query) }
        }
        for kind in ImagePreviews.Kind.allCases {
            group.get(":set/images/:image/\(kind.rawValue)") { [sets] _, context in
                let (name, id) = try (context.parameters.require("set"), context.parameters.require("image"))
                do {
                    let bytes = try await previews.run(within: Self.previewSeconds) {
                        let set = try sets.set(name)
                        return try ImagePreviews.bytes(set.index.image(id), kind, in: set.folder.state)
                    }
                    return Self.image(bytes)
                } catch {
                    return Response(refusing: error)
                }
            }
        }
    }

    private static let previewSeconds = 60.0

    /// Addresses have the version of the image in them: what a browser got once stays right.
    private static func image(_ bytes: [UInt8]) -> Response {
        Response(
            status: .ok, headers: [.contentType: "image/jpeg", .cacheControl: "private, max-age=31536000, immutable"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: bytes)))
    }

    /// A piece of the images that a filter takes: from a place on, or around an image, which is always among them.
    private static func list(_ set: OpenDataSet, _ query: Parameters) throws -> ImageList {
        let content = try set.index.now()
        let filter = try ImageFilter(query)
        var positions = filter.positions(in: content.images)
        let count = try query.number("count", in: 1...mostListed) ?? mostListed
        var from = try query.number("from", in: 0...Int(Int32.max)) ?? 0
        if let id = query.get("around") {
            let image = try set.index.image(id)
            guard let position = content.positions[image.id].map(Int.init) else {
                throw APIError.notFound("there is no such image; it may have been moved or deleted")
            }
            let place = positions.firstIndex { $0 >= position } ?? positions.count
            if place == positions.count || positions[place] != position { positions.insert(position, at: place) }
            from = max(0, place - (try query.number("before", in: 0...mostListed) ?? count / 2))
        }
        let withBoxes = query.get("boxes") == "1" && !content.hasKeypoints
        let listed = positions.dropFirst(from).prefix(count).map {
            ImageAnswer(content.images[$0], withBoxes: withBoxes)
        }
        return ImageList(total: positions.count, from: min(from, positions.count), images: listed)
    }
}
