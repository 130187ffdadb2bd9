import Switchback

/// How large images are cut into square parts that overlap: small objects keep their pixels then, and every object that is
/// no larger than the overlap lies whole in one of the parts.
public struct Tiling: Hashable, Sendable {
    /// In pixels of the image.
    public let side, overlap: Int

    /// - Throws: `InputError` where the overlap is not below the side.
    public init(side: Int, overlap: Int) throws {
        guard side > 0, (0..<side).contains(overlap) else {
            throw InputError(
                "option overlap", "\(overlap) pixels are not below the side of the tiles, \(side)",
                remedy: "a fifth of the side is usual")
        }
        (self.side, self.overlap) = (side, overlap)
    }

    /// A part of an image.
    package struct Tile: Hashable {
        package let top, left, height, width: Int
        package let imageHeight, imageWidth: Int

        /// Whether a box in the image's pixels ends at a border of the tile that is none of the image: the object may go
        /// on.
        func cuts(_ box: Box) -> Bool {
            let margin: Float = 2
            return (left > 0 && box.x1 < Float(left) + margin)
                || (top > 0 && box.y1 < Float(top) + margin)
                || (left + width < imageWidth && box.x2 > Float(left + width) - margin)
                || (top + height < imageHeight && box.y2 > Float(top + height) - margin)
        }
    }

    /// The parts of an image, row by row; the image itself where it is no larger.
    package func tiles(height: Int, width: Int) -> [Tile] {
        starts(height).flatMap { top in
            starts(width).map { left in
                Tile(
                    top: top, left: left, height: min(side, height), width: min(side, width), imageHeight: height,
                    imageWidth: width)
            }
        }
    }

    /// Where the tiles along a side begin; the last one ends with the image.
    private func starts(_ length: Int) -> [Int] {
        guard length > side else { return [0] }
        return stride(from: 0, to: length - side, by: side - overlap) + [length - side]
    }
}
