import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// Where somebody has clicked, or drawn a box, to get the outline of what is there.
struct OutlineRequest: Sendable {
    enum Place: Sendable {
        case point(Double, Double)
        /// x1, y1, x2 and y2.
        case box([Double])
    }

    /// In fractions of the image's sides, as all numbers here.
    let place: Place
    /// The part of the image that the page shows: only there an outline is looked for, and as finely as it is shown.
    let part: [Double]

    /// - Throws: `InputError` with the field that makes no sense.
    init(_ fields: ConfigurationFields) throws {
        try fields.checkNames(known: ["at", "box", "within"])
        func numbers(_ name: String, _ count: Int) throws -> [Double] {
            let values = try fields.array(name) ?? []
            let numbers = values.compactMap(\.finiteNumber)
            guard numbers.count == count, values.count == count, numbers.allSatisfy({ (0...1).contains($0) }) else {
                throw fields.problem(name, "\(count) fractions from 0 to 1 are needed")
            }
            return numbers
        }
        func corners(_ name: String) throws -> [Double] {
            let corners = try numbers(name, 4)
            guard corners[0] < corners[2], corners[1] < corners[3] else {
                throw fields.problem(name, "x1, y1, x2 and y2 are needed, the first two less than the others")
            }
            return corners
        }
        part = try fields["within"] == nil ? [0, 0, 1, 1] : corners("within")
        if fields["box"] != nil {
            place = .box(try corners("box"))
        } else {
            let point = try numbers("at", 2)
            place = .point(point[0], point[1])
        }
    }
}

/// What lies at a place of an image: the most likely outline, and some that are smaller and larger.
struct OutlineAnswer: Encodable, Sendable {
    /// x and y of the corners in turn, in fractions, from the innermost outline on.
    let outlines: [[Double]]
    let best: Int
}

/// Finds outlines. Belongs to one thread.
final class OutlineFinder: @unchecked Sendable {
    private let queue = WorkQueue("outlines", threads: 1, limit: 64)
    // Used on the queue's only thread.
    /// The image that was clicked last: the next click is likely in it, too.
    private var opened: (path: String, version: String, image: Image)?

    func stop() { queue.stop() }

    private static let seconds = 60.0
    /// More pixels would take longer, and nobody would see a difference.
    private static let longestPart = 640

    /// - Throws: `InputError` where the image cannot be decoded.
    func outlines(_ request: OutlineRequest, of image: IndexedImage) async throws -> OutlineAnswer {
        try await queue.run(within: Self.seconds) { [self] in try find(request, open(image)) }
    }

    private func open(_ indexed: IndexedImage) throws -> Image {
        if let opened, opened.path == indexed.path, opened.version == indexed.version { return opened.image }
        // As the editor shows it.
        let image = try ImagePreviews.image(indexed.path, .view)
        opened = (indexed.path, indexed.version, image)
        return image
    }

    private func find(_ request: OutlineRequest, _ image: Image) -> OutlineAnswer {
        let (left, columns) = Self.pixels(request.part[0], request.part[2], of: image.width)
        let (top, rows) = Self.pixels(request.part[1], request.part[3], of: image.height)
        var part = image.cropped(top: top, left: left, height: rows, width: columns)
        if max(rows, columns) > Self.longestPart { part = part.resized(longerSide: Self.longestPart, .area) }
        // From fractions of the whole to pixels of the part.
        let scale = PlanePoint(
            Float(image.width * part.width) / Float(columns), Float(image.height * part.height) / Float(rows))
        let origin = PlanePoint(Float(left) / Float(image.width), Float(top) / Float(image.height))
        func inPart(_ x: Double, _ y: Double) -> PlanePoint { (PlanePoint(Float(x), Float(y)) - origin) * scale }
        let found: ProposedOutlines?
        switch request.place {
        case .point(let x, let y): found = ProposedOutlines(at: inPart(x, y), in: part)
        case .box(let box):
            let (a, b) = (inPart(box[0], box[1]), inPart(box[2], box[3]))
            found = ProposedOutlines(in: Box(x1: a.x, y1: a.y, x2: b.x, y2: b.y), of: part)
        }
        let outlines = (found?.outlines ?? []).map { outline in
            outline.flatMap { point -> [Double] in
                let place = point / scale + origin
                return [place.x, place.y].map { LabelValue.rounded(min(max(Double($0), 0), 1)) }
            }
        }
        return OutlineAnswer(outlines: outlines, best: found?.best ?? 0)
    }

    /// Where a part of a side begins, and how many pixels it has.
    private static func pixels(_ from: Double, _ to: Double, of side: Int) -> (Int, Int) {
        let first = min(Int(from * Double(side)), side - 1)
        return (first, max(1, min(Int((to * Double(side)).rounded(.up)), side) - first))
    }
}
