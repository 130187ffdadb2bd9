import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

@Suite struct TilingTests {
    /// Every object no larger than the overlap lies whole in a tile, wherever it is.
    @Test(arguments: [(500, 700), (256, 256), (100, 300), (257, 511)])
    func objectsLieWholeInATile(_ height: Int, _ width: Int) throws {
        let tiling = try Tiling(side: 256, overlap: 40)
        let tiles = tiling.tiles(height: height, width: width)
        #expect(tiles.allSatisfy { $0.top >= 0 && $0.left >= 0 && $0.height <= 256 && $0.width <= 256 })
        for top in stride(from: 0, through: height - 40, by: 3) {
            for left in stride(from: 0, through: width - 40, by: 3) {
                let isWhole = tiles.contains {
                    $0.top <= top && $0.left <= left && top + 40 <= $0.top + $0.height
                        && left + 40 <= $0.left + $0.width
                }
                #expect(isWhole, "\(top), \(left)")
            }
        }
    }

    @Test func imagesThatFitAreOneTile() throws {
        let tiles = try Tiling(side: 256, overlap: 40).tiles(height: 200, width: 256)
        #expect(tiles.count == 1 && tiles[0].height == 200 && tiles[0].width == 256)
    }

    @Test(arguments: [(100, 100), (100, 200), (0, 0)]) func anOverlapThatIsTooLargeIsSaid(_ side: Int, _ overlap: Int) {
        #expect(throws: InputError.self) { try Tiling(side: side, overlap: overlap) }
    }

    private func merged(_ found: [(tile: Int, Detection)]) throws -> [Detection] {
        let tiles = try Tiling(side: 100, overlap: 20).tiles(height: 100, width: 180)
        #expect(tiles.map(\.left) == [0, 80])
        var merge = TileMerge(NonMaximumSuppression())
        for (tile, detection) in found { merge.add([detection], of: tiles[tile], number: tile) }
        return merge.merged()
    }

    private func detection(_ x1: Float, _ x2: Float, _ score: Float, class index: Int = 0) -> Detection {
        Detection(box: Box(x1: x1, y1: 10, x2: x2, y2: 30), classIndex: index, score: score)
    }

    @Test func anObjectInTwoTilesIsFoundOnce() throws {
        let found = try merged([(0, detection(82, 96, 0.8)), (1, detection(2, 16, 0.9))])
        #expect(found == [detection(82, 96, 0.9)])
    }

    /// A piece that a tile has cut off gives way to the whole object, even if it is the surer one.
    @Test func wholeObjectsArePreferredToPieces() throws {
        let found = try merged([(0, detection(85, 100, 0.9)), (1, detection(5, 40, 0.4))])
        #expect(found == [detection(85, 120, 0.4)])
    }

    @Test func neighborsAndOtherClassesStay() throws {
        let found = try merged([
            (0, detection(60, 70, 0.9)), (1, detection(2, 16, 0.5)), (0, detection(82, 96, 0.6, class: 1)),
        ])
        #expect(found.map(\.score) == [0.9, 0.6, 0.5])
    }

    @Test func masksKeypointsAndAnglesMoveWithTheTile() throws {
        let tiles = try Tiling(side: 100, overlap: 20).tiles(height: 100, width: 180)
        var object = Detection(
            rotated: RotatedBox(centerX: 50, centerY: 50, width: 20, height: 10, angle: 0.3), classIndex: 0, score: 0.7)
        object.keypoints = [Keypoint(x: 5, y: 6, visibility: 1)]
        object.mask = InstanceMask(
            polygon: [PlanePoint(1, 2), PlanePoint(9, 2), PlanePoint(9, 8)], imageHeight: 100, imageWidth: 100)
        var merge = TileMerge(NonMaximumSuppression())
        merge.add([object], of: tiles[1], number: 1)
        let found = try #require(merge.merged().first)
        #expect(found.rotated?.centerX == 130 && found.box.x1 == object.box.x1 + 80)
        #expect(found.keypoints == [Keypoint(x: 85, y: 6, visibility: 1)])
        #expect(found.mask?.imageWidth == 180 && found.mask?[2, 85] == true && found.mask?[2, 5] == false)
    }

    /// On images that are one tile, validation in tiles counts what validation counts.
    @Test(.seeded(), arguments: [YOLOTask.detect, .segment, .pose, .obb])
    func validationOfASingleTile(_ task: YOLOTask) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("a.png")
        try Image(height: 64, width: 64, filledWith: 90).save(to: path)
        let corners = [PlanePoint(0.2, 0.2), PlanePoint(0.7, 0.2), PlanePoint(0.7, 0.6), PlanePoint(0.2, 0.6)]
        var label = LabeledBox(polygon: task == .detect || task == .pose ? [] : corners, classIndex: 0)
        label.box = Box(x1: 0.2, y1: 0.2, x2: 0.7, y2: 0.6)
        label.isOriented = task == .obb
        if task == .pose { label.keypoints = (0..<17).map { _ in Keypoint(x: 0.5, y: 0.5, visibility: 2) } }
        let example = DetectionExample(imagePath: path, height: 64, width: 64, labels: [label])
        let detector = YOLO(YOLOVariant(.yolo11, .n, task), classes: ["a"])
        detector.eval()
        var plain = DetectionValidator(detector, [example], size: 64, batchSize: 1, isRectangular: false)
        plain.suppression.confidence = 0
        var predictor = DetectionPredictor(detector, size: InputSize(64), suppression: plain.suppression)
        predictor.tiling = try Tiling(side: 64, overlap: 8)
        let (a, b) = (try plain.run(), try TiledValidator(detector, [example], predictor).run())
        #expect(a.imageCount == b.imageCount && a.results.classes.map(\.boxCount) == b.results.classes.map(\.boxCount))
        #expect(abs(a.results.map50 - b.results.map50) < 0.02)
        #expect((a.shapeResults == nil) == (b.shapeResults == nil))
    }
}
