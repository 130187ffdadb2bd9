import Foundation
import Switchback

/// The outline of what lies at a place of an image, or in a box: without a network, by the color at the place and how
/// sharply a region of it stands out.
///
/// Beside the most likely outline there are some within it and around it, so that a person takes the next larger or smaller
/// one where that was wrong.
package struct ProposedOutlines: Sendable {
    /// From the innermost on, in pixels of the image: pixel centers are at halves.
    package let outlines: [[PlanePoint]]
    /// The most likely one.
    package let best: Int

    /// What lies at a place.
    ///
    /// - Parameter place: in pixels of the image.
    /// - Returns: `nil` where nothing stands out there.
    package init?(at place: PlanePoint, in image: Image) {
        let lab = LabImage(image).smoothed
        let (x, y) = (Self.cut(place.x, lab.width), Self.cut(place.y, lab.height))
        let region = GrowingRegion(
            in: lab, from: y * lab.width + x, mostPixels: max(1, Int(Self.mostOfImage * Float(lab.pixels.count))))
        let rim = Float(max(1, 2 * (lab.width + lab.height) - 4))
        let scores = region.levels.map { level -> Float in
            // Few pixels are noise, a region with many arms has leaked out, and one along the edges is the background.
            level.sharpness * (1 - exp(-Float(level.count) / Self.fewPixels))
                * pow(level.roundness, Self.roundnessWeight) * (1 - Float(level.rim) / rim)
        }
        self.init(region, scores, lab, left: 0, top: 0)
    }

    /// What a box has been drawn around.
    ///
    /// - Parameter box: in pixels of the image.
    /// - Returns: `nil` where nothing stands out in it.
    package init?(in box: Box, of image: Image) {
        let columns = Self.pixels(from: box.x1, to: box.x2, of: image.width)
        let rows = Self.pixels(from: box.y1, to: box.y2, of: image.height)
        guard columns.count > 2, rows.count > 2 else { return nil }
        let lab = LabImage(image).smoothed.part(columns: columns, rows: rows)
        let found = Self.seeds(in: lab).map { seed -> (region: GrowingRegion, scores: [Float]) in
            let region = GrowingRegion(
                in: lab, from: seed, mostPixels: max(1, Int(Self.mostOfBox * Float(lab.pixels.count))))
            return (region, region.levels.map { Self.score($0, in: lab) })
        }
        guard let best = found.max(by: { ($0.scores.max() ?? 0) < ($1.scores.max() ?? 0) }) else { return nil }
        self.init(best.region, best.scores, lab, left: columns.lowerBound, top: rows.lowerBound)
    }

    // The constants were chosen on nuclei under two kinds of microscopes and scratches of metal: `Docs/studio.md` has what
    // comes of them.
    private static let mostOfImage: Float = 0.5
    private static let mostOfBox: Float = 0.95
    private static let fewPixels: Float = 40
    private static let roundnessWeight: Float = 0.2

    /// The pixel at a place, or the nearest one.
    private static func cut(_ value: Float, _ limit: Int) -> Int { Int(min(max(value, 0), Float(limit - 1))) }

    private static func pixels(from: Float, to: Float, of side: Int) -> Range<Int> {
        let first = cut(from, side)
        return first..<max(first, cut(to.rounded(.up) - 1, side)) + 1
    }

    /// In a box the object reaches from side to side, and touches little of its edge.
    private static func score(_ level: GrowingRegion.Level, in box: LabImage) -> Float {
        let span = Float(level.width * level.height) / Float(box.width * box.height)
        let rim = Float(level.rim) / Float(2 * (box.width + box.height) - 4)
        return level.sharpness * span * span * (1 - rim)
    }

    /// Where an object in a box may be: its middle, and what differs most from its edge.
    private static func seeds(in box: LabImage) -> [Int] {
        let outside = LabImage.middle(of: box.rim.map { box.pixels[$0] })
        let calm = box.smoothed
        let farthest = calm.pixels.indices.max {
            distance(calm.pixels[$0], outside) < distance(calm.pixels[$1], outside)
        }
        return [box.height / 2 * box.width + box.width / 2] + [farthest].compactMap { $0 }
    }

    /// How many outlines there are within the best one, and around it, at most.
    private static let mostAround = 5
    /// By how much each is larger than the one before it, at least.
    private static let growth: Float = 1.2

    private init?(_ region: GrowingRegion, _ scores: [Float], _ image: LabImage, left: Int, top: Int) {
        guard let place = scores.indices.max(by: { scores[$0] < scores[$1] }), scores[place] > 0 else { return nil }
        let (levels, best) = (region.levels, region.levels[place])
        var inner: [GrowingRegion.Level] = [], outer: [GrowingRegion.Level] = []
        for level in levels[..<place].reversed() where inner.count < Self.mostAround {
            if Float((inner.last ?? best).count) >= Self.growth * Float(level.count) { inner.append(level) }
        }
        for level in levels[place...] where outer.count < Self.mostAround {
            if Float(level.count) >= Self.growth * Float((outer.last ?? best).count) { outer.append(level) }
        }
        func outline(_ level: GrowingRegion.Level) -> [PlanePoint] {
            let mask = region.mask(level, height: image.height, width: image.width)
            return (mask.outlines.first ?? []).simplified().map { $0 + PlanePoint(Float(left) + 0.5, Float(top) + 0.5) }
        }
        let first = outline(best)
        guard first.count > 2 else { return nil }
        let smaller = inner.reversed().map(outline).filter { $0.count > 2 }
        outlines = smaller + [first] + outer.map(outline).filter { $0.count > 2 }
        self.best = smaller.count
    }
}
