import Switchback

/// The shape of an object in COCO's files: polygons as lists of x and y in pixels, or run lengths, as numbers or as text.
enum COCOSegmentation: Decodable {
    case polygons([[Float]])
    case runs(size: [Int], counts: [Int])
    case text(size: [Int], counts: String)

    /// What is wrong with a shape, in words.
    struct Problem: Error { let sentence: String }

    private enum Key: CodingKey { case size, counts }

    init(from decoder: any Decoder) throws {
        if let polygons = try? decoder.singleValueContainer().decode([[Float]].self) {
            self = .polygons(polygons)
            return
        }
        let container = try decoder.container(keyedBy: Key.self)
        let size = try container.decode([Int].self, forKey: .size)
        if let text = try? container.decode(String.self, forKey: .counts) {
            self = .text(size: size, counts: text)
        } else {
            self = .runs(size: size, counts: try container.decode([Int].self, forKey: .counts))
        }
    }

    /// The outline, of several parts joined, in pixels of the image.
    func outline(height: Int, width: Int) -> Result<[PlanePoint], Problem> {
        switch self {
        case .polygons(let polygons):
            let parts = polygons.filter { $0.count >= 6 && $0.count % 2 == 0 && $0.allSatisfy(\.isFinite) }
            guard !parts.isEmpty, parts.count == polygons.count else {
                return .failure(
                    Problem(sentence: "its segmentation is no polygon: at least 3 pairs of numbers are needed"))
            }
            return .success(
                .joined(
                    parts.map { part in
                        stride(from: 0, to: part.count, by: 2).map { PlanePoint(part[$0], part[$0 + 1]) }
                    }))
        case .runs(let size, let counts):
            return outline(size, height, width) { RunLengths(checking: counts, height: $0, width: $1) }
        case .text(let size, let counts):
            return outline(size, height, width) { RunLengths(text: counts, height: $0, width: $1) }
        }
    }

    private func outline(
        _ size: [Int], _ height: Int, _ width: Int, _ read: (Int, Int) -> RunLengths?
    ) -> Result<[PlanePoint], Problem> {
        guard size == [height, width] else {
            return .failure(
                Problem(sentence: "its segmentation is of \(size), and the image of \([height, width]) pixels"))
        }
        guard let runs = read(height, width) else {
            return .failure(
                Problem(sentence: "the run lengths of its segmentation do not fill \(height)×\(width) pixels"))
        }
        // The centers of pixels, which lie half a pixel from their corners.
        let outline = runs.mask.outline.map { $0 + 0.5 }
        return outline.isEmpty ? .failure(Problem(sentence: "its segmentation has no area")) : .success(outline)
    }
}
