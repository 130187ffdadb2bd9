import Foundation
import SwitchbackVision
import TestSupport
import Testing

/// Average precision against pycocotools and Ultralytics.
@Suite struct DetectionMetricsTests {
    /// A set of detections and truth, and the figures of both tools.
    struct MapFixture {
        let images: Int
        let classCount: Int
        private let contents: [String: Any]

        init(_ name: String) throws {
            let url = fixtureFolder.appendingPathComponent("map/\(name).json")
            let parsed = try JSONSerialization.jsonObject(with: try Data(contentsOf: url))
            contents = try #require(parsed as? [String: Any])
            images = try #require(contents["images"] as? Int)
            classCount = try #require(contents["classes"] as? Int)
        }

        private func rows(_ name: String) -> [[Double]] { contents[name] as? [[Double]] ?? [] }

        private static func box(_ row: ArraySlice<Double>) -> Box {
            let numbers = row.map { Float($0) }
            return Box(x1: numbers[0], y1: numbers[1], x2: numbers[2], y2: numbers[3])
        }

        func truth(_ image: Int) -> [COCOMetrics.Truth] {
            rows("truth").filter { Int($0[0]) == image }.map { row in
                COCOMetrics.Truth(
                    LabeledBox(MapFixture.box(row[2..<6]), classIndex: Int(row[1])), isCrowd: row[6] == 1)
            }
        }

        func detections(_ image: Int) -> [Detection] {
            rows("detections").filter { Int($0[0]) == image }.map { row in
                Detection(box: MapFixture.box(row[3..<7]), classIndex: Int(row[1]), score: Float(row[2]))
            }
        }

        func figures(_ tool: String) throws -> [String: Any] { try #require(contents[tool] as? [String: Any]) }
    }

    @Test(arguments: ["crowded", "empty", "ties"]) func figuresAreUltralytics(_ name: String) throws {
        let fixture = try MapFixture(name)
        var metrics = DetectionMetrics(classCount: fixture.classCount)
        for image in 0..<fixture.images {
            metrics.add(fixture.detections(image), truth: fixture.truth(image).map(\.label))
        }
        let results = metrics.results()
        let figures = try fixture.figures("ultralytics_stable")
        for (key, value) in [
            "precision": results.precision, "recall": results.recall, "map50": results.map50, "map75": results.map75,
            "map": results.map, "fitness": results.map,
        ] {
            let expected = try #require(figures[key] as? Double)
            #expect(abs(value - expected) < 1e-6, "\(key)")
        }
        let expected = try #require(figures["ap"] as? [Any])
        for index in 0..<fixture.classCount {
            let found = results.classes.first { $0.classIndex == index }?.averagePrecisions
            let wanted = expected[index] as? [Double]
            #expect((found == nil) == (wanted == nil))
            for (a, b) in zip(found ?? [], wanted ?? []) { #expect(abs(a - b) < 1e-6) }
        }
    }

    @Test(arguments: ["crowded", "empty", "ties", "crowd_flag"]) func figuresArePycocotools(_ name: String) throws {
        let fixture = try MapFixture(name)
        var metrics = COCOMetrics(classCount: fixture.classCount)
        for image in 0..<fixture.images { metrics.add(fixture.detections(image), truth: fixture.truth(image)) }
        let results = metrics.results()
        let figures = try fixture.figures("pycocotools")
        for (key, value) in [
            "map": results.map, "map50": results.map50, "map75": results.map75, "map_small": results.mapSmall,
            "map_medium": results.mapMedium, "map_large": results.mapLarge, "ar1": results.recallAt1,
            "ar10": results.recallAt10, "ar100": results.recallAt100, "ar_small": results.recallSmall,
            "ar_medium": results.recallMedium, "ar_large": results.recallLarge,
        ] {
            let expected = try #require(figures[key] as? Double)
            #expect(abs(value - expected) < 1e-9, "\(key)")
        }
        let expected = try #require(figures["ap"] as? [Any])
        for (found, wanted) in zip(results.averagePrecisions, expected) {
            #expect((found == nil) == !(wanted is [Double]))
            for (a, b) in zip(found ?? [], wanted as? [Double] ?? []) { #expect(abs(a - b) < 1e-9) }
        }
    }
}

@Suite struct ConfusionMatrixTests {
    private func box(_ x: Float) -> Box { Box(x1: x, y1: 0, x2: x + 10, y2: 10) }

    @Test func detectionsArePairedByOverlapWhateverTheirClasses() {
        var matrix = ConfusionMatrix(classCount: 2, background: true)
        matrix.add(
            [
                Detection(box: box(0), classIndex: 0, score: 0.9), Detection(box: box(2), classIndex: 1, score: 0.8),
                Detection(box: box(51), classIndex: 1, score: 0.7), Detection(box: box(90), classIndex: 0, score: 0.2),
            ],
            truth: [
                LabeledBox(box(0), classIndex: 0), LabeledBox(box(50), classIndex: 0),
                LabeledBox(box(90), classIndex: 1),
            ])
        // The second finds its box taken, the third has the wrong class, the last is too unsure.
        #expect(matrix.counts == [[1, 0, 0], [1, 0, 1], [0, 1, 0]])
        #expect(matrix.precision(1) == 0 && matrix.recall(0) == 0.5)
    }

    @Test func anEmptyImageAddsNothing() {
        var matrix = ConfusionMatrix(classCount: 1, background: true)
        matrix.add([], truth: [])
        #expect(matrix.counts == [[0, 0], [0, 0]])
        #expect(DetectionMetrics(classCount: 1).results().map == 0)
    }
}
