import Foundation
import TestSupport
import SwitchbackVision
import Testing

/// Average precision of masks against pycocotools and Ultralytics.
@Suite struct MaskMetricsTests {
    private let contents: [String: Any]

    init() throws {
        let url = fixtureFolder.appendingPathComponent("map/masks_crowded.json")
        contents = try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: url)) as? [String: Any])
    }

    /// Box and mask of a row, of which the box begins at a position.
    private func shape(_ row: [Any], at start: Int) throws -> (box: Box, mask: InstanceMask) {
        let sides = try row[start..<start + 4].map { Float(try #require($0 as? Double)) }
        let counts = try #require(row[start + 4] as? [Int])
        let runs = try #require(RunLengths(checking: counts, height: 64, width: 80))
        return (Box(x1: sides[0], y1: sides[1], x2: sides[2], y2: sides[3]), runs.mask)
    }

    private func rows(_ name: String, image: Int) throws -> [[Any]] {
        try #require(contents[name] as? [[Any]]).filter { $0[0] as? Int == image }
    }

    private func truth(_ image: Int) throws -> [COCOMetrics.Truth] {
        try rows("truth", image: image).map { row in
            let (box, mask) = try shape(row, at: 2)
            return COCOMetrics.Truth(LabeledBox(box, classIndex: try #require(row[1] as? Int)), mask: mask)
        }
    }

    private func detections(_ image: Int) throws -> [Detection] {
        try rows("detections", image: image).map { row in
            let (box, mask) = try shape(row, at: 3)
            return Detection(
                box: box, classIndex: try #require(row[1] as? Int), score: Float(try #require(row[2] as? Double)),
                mask: mask)
        }
    }

    @Test func figuresArePycocotools() throws {
        var metrics = COCOMetrics(classCount: 3)
        for image in 0..<10 { metrics.add(try detections(image), truth: try truth(image)) }
        let (results, figures) = (metrics.results(), try #require(contents["pycocotools"] as? [String: Any]))
        for (key, value) in [
            "map": results.map, "map50": results.map50, "map75": results.map75, "map_small": results.mapSmall,
            "ar1": results.recallAt1, "ar10": results.recallAt10, "ar100": results.recallAt100,
        ] {
            #expect(abs(value - (try #require(figures[key] as? Double))) < 1e-9, "\(key)")
        }
    }

    @Test func figuresAreUltralytics() throws {
        var metrics = DetectionMetrics(classCount: 3)
        for image in 0..<10 {
            let (found, truth) = (try detections(image), try truth(image))
            let masks = truth.compactMap(\.mask)
            metrics.add(found, truth: truth.map(\.label)) { Float(found[$0].mask?.iou(masks[$1]) ?? 0) }
        }
        let results = metrics.results()
        let all = try #require(contents["ultralytics"] as? [String: Any])
        let figures = try #require(all["mask"] as? [String: Any])
        for (key, value) in [
            "precision": results.precision, "recall": results.recall, "map50": results.map50, "map75": results.map75,
            "map": results.map,
        ] {
            #expect(abs(value - (try #require(figures[key] as? Double))) < 1e-5, "\(key)")
        }
    }
}
