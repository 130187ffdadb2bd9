import Foundation

/// A region that grows from a pixel over its neighbors, those first that are most like it (seeded region growing: Adams and
/// Bischof, 1994, in the order of a flood: Vincent and Soille, "Watersheds in digital spaces", 1991).
///
/// The level of a region is how far its pixels may differ from the first one. Each higher level holds the lower ones, so
/// that one flood finds the regions of all levels, and what there is to know of each.
struct GrowingRegion {
    /// What is known of the region at a level.
    struct Level {
        /// How many pixels it has: the first so many of `order`.
        let count: Int
        /// Steps between its pixels and others.
        let edges: Int
        /// The sum of the differences over them.
        let contrast: Float
        /// How many of its pixels lie on the image's edge.
        let rim: Int
        /// Of its upright box.
        let width, height: Int

        /// How sharp it stands out, in units of L*a*b*.
        var sharpness: Float { edges == 0 ? 0 : contrast / Float(edges) }
        /// 1 of a disc, and near 0 of what has many arms.
        var roundness: Float { min(1, 4 * Float.pi * Float(count) / Float(max(1, edges * edges))) }
    }

    /// The pixels as they joined.
    private(set) var order: [Int32] = []
    /// From the lowest on.
    private(set) var levels: [Level] = []

    /// Levels to a unit of L*a*b*.
    private static let steps: Float = 8
    private static let most = 2047

    /// - Parameters:
    ///   - seed: the pixel to begin with.
    ///   - mostPixels: it grows no larger.
    init(in image: LabImage, from seed: Int, mostPixels: Int) {
        let (width, height) = (image.width, image.height)
        let color = image.middle(around: seed % width, seed / width)
        let differences = image.pixels.map { distance($0, color) }
        var waiting = [[Int32]](repeating: [], count: Self.most + 1)
        var isKnown = [Bool](repeating: false, count: differences.count)
        var isIn = isKnown
        var (edges, contrast, rim): (Int, Float, Int) = (0, 0, 0)
        var (left, right, top, bottom) = (seed % width, seed % width, seed / width, seed / width)
        func step(_ pixel: Int) -> Int { min(Self.most, Int(differences[pixel] * Self.steps)) }
        waiting[step(seed)].append(Int32(seed))
        isKnown[seed] = true
        var level = 0
        while level <= Self.most, order.count < mostPixels {
            guard let next = waiting[level].popLast() else {
                if !order.isEmpty, order.count != levels.last?.count {
                    levels.append(
                        Level(
                            count: order.count, edges: edges, contrast: contrast, rim: rim, width: right - left + 1,
                            height: bottom - top + 1))
                }
                level += 1
                continue
            }
            let pixel = Int(next)
            let (x, y) = (pixel % width, pixel / width)
            isIn[pixel] = true
            order.append(next)
            (left, right, top, bottom) = (min(left, x), max(right, x), min(top, y), max(bottom, y))
            if image.isRim(pixel) { rim += 1 }
            func meet(_ other: Int) {
                let difference = abs(differences[pixel] - differences[other])
                (edges, contrast) =
                    isIn[other] ? (edges - 1, contrast - difference) : (edges + 1, contrast + difference)
                if isKnown[other] { return }
                isKnown[other] = true
                waiting[max(level, step(other))].append(Int32(other))
            }
            if x > 0 { meet(pixel - 1) }
            if x < width - 1 { meet(pixel + 1) }
            if y > 0 { meet(pixel - width) }
            if y < height - 1 { meet(pixel + width) }
        }
    }

    /// The mask of a level, in the image that it grew in.
    func mask(_ level: Level, height: Int, width: Int) -> InstanceMask {
        var isIn = [Bool](repeating: false, count: height * width)
        for pixel in order.prefix(level.count) { isIn[Int(pixel)] = true }
        return InstanceMask(imageHeight: height, imageWidth: width) { isIn[$0 * width + $1] }
    }
}
