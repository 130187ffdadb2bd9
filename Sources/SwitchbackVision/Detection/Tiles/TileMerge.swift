import Switchback

/// Brings together what was found in overlapping parts of an image, where an object may have been found several times,
/// and in some parts only a piece of it.
package struct TileMerge {
    private let suppression: NonMaximumSuppression

    private struct Found {
        /// In the image's pixels.
        let detection: Detection
        let tile: Int
        /// Whether the tile may have cut the object.
        let isCut: Bool
    }

    private var found: [Found] = []

    package init(_ suppression: NonMaximumSuppression) { self.suppression = suppression }

    /// Adds what was found in a tile, in the tile's pixels.
    package mutating func add(_ detections: [Detection], of tile: Tiling.Tile, number: Int) {
        found += detections.map {
            let moved = $0.moved(from: tile)
            return Found(detection: moved, tile: number, isCut: tile.cuts(moved.box))
        }
    }

    /// Each object once, the likeliest first. Whole objects are preferred to pieces, and then the likelier ones.
    package func merged() -> [Detection] {
        let likeliest = found.positionsDescending(\.detection.score).map { found[$0] }
        var kept: [Found] = []
        // What was kept, by class where classes do not compete.
        var rivals: [Int: [Found]] = [:]
        for candidate in likeliest.filter({ !$0.isCut }) + likeliest.filter(\.isCut) {
            let group = suppression.isAgnostic ? 0 : candidate.detection.classIndex
            if rivals[group, default: []].contains(where: { isSame($0, candidate) }) { continue }
            rivals[group, default: []].append(candidate)
            kept.append(candidate)
        }
        let order = kept.positionsDescending(\.detection.score).prefix(suppression.maximumCount)
        return order.map { kept[$0].detection }
    }

    private func isSame(_ a: Found, _ b: Found) -> Bool {
        if a.tile == b.tile { return false }
        if a.isCut || b.isCut { return a.detection.box.coverage(b.detection.box) > Self.pieceCoverage }
        if let a = a.detection.rotated, let b = b.detection.rotated { return a.probabilisticIoU(b) >= suppression.iou }
        return a.detection.box.iou(b.detection.box) > suppression.iou
    }

    /// A piece of an object lies in the box of the whole by more than this.
    private static let pieceCoverage: Float = 0.5
}

extension Box {
    /// The shared area, as a share of the smaller box.
    fileprivate func coverage(_ other: Box) -> Float {
        let smaller = min(area, other.area)
        return smaller > 0 ? intersection(other).area / smaller : 0
    }
}

extension Detection {
    /// A detection in a tile, in the image.
    fileprivate func moved(from tile: Tiling.Tile) -> Detection {
        let (x, y) = (Float(tile.left), Float(tile.top))
        var moved = self
        moved.box = box.moved(x: x, y: y)
        moved.rotated?.centerX += x
        moved.rotated?.centerY += y
        moved.keypoints = keypoints.map { $0.at(PlanePoint($0.x + x, $0.y + y)) }
        moved.mask = mask?.placed(
            top: tile.top, left: tile.left, imageHeight: tile.imageHeight, imageWidth: tile.imageWidth)
        return moved
    }
}
