import Foundation
import Switchback
import TestSupport
import SwitchbackVision
import Testing

/// Oriented boxes against Ultralytics and OpenCV: see Tests/Fixtures/make_yolo_tasks.py.
@Suite struct RotatedBoxTests {
    private let fixture = try! Fixture("yolo_tasks/geometry")

    private func boxes(_ name: String) -> [RotatedBox] {
        let values = fixture.tensor(name).toArray(as: Float.self)
        return stride(from: 0, to: values.count, by: 5).map { RotatedBox(Array(values[$0..<$0 + 5])) }
    }

    private func polygons(_ name: String) -> [[PlanePoint]] {
        let tensor = fixture.tensor(name)
        return (0..<tensor.shape[0]).map { number in
            let values = tensor[number].flatten().toArray(as: Float.self)
            return stride(from: 0, to: values.count, by: 2).map { PlanePoint(values[$0], values[$0 + 1]) }
        }
    }

    /// Whether two boxes are the same; angles of near-squares may be a quarter turn apart.
    private func expectSame(_ found: RotatedBox, _ expected: RotatedBox, within tolerance: Float = 2e-3) {
        for (a, b) in zip(found.numbers, expected.numbers) {
            #expect(abs(a - b) < tolerance * max(1, abs(b)), "\(found), not \(expected)")
        }
    }

    @Test func overlapsAgree() throws {
        let (a, b) = (fixture.tensor("a"), fixture.tensor("b"))
        let all = a.unsqueeze(1).probabilisticIoU(b.unsqueeze(0)).squeeze(-1)
        #expect((all - fixture.tensor("probiou")).abs().max().item() < 5e-5)
        #expect((a.probabilisticIoU(b) - fixture.tensor("pair")).abs().max().item() < 5e-5)
        #expect((a.probabilisticIoU(b, floor: 0.01) - fixture.tensor("pair_floor")).abs().max().item() < 5e-5)
        let expected = fixture.tensor("probiou").toArray(as: Float.self)
        for (row, box) in boxes("a").enumerated() {
            for (column, other) in boxes("b").enumerated() {
                #expect(abs(box.probabilisticIoU(other) - expected[24 * row + column]) < 5e-5)
            }
        }
    }

    @Test func gradientsAgree() throws {
        let (a, b) = (Parameter(fixture.tensor("a").copied()), Parameter(fixture.tensor("b").copied()))
        a.probabilisticIoU(b, floor: 0.01).sum().backward()
        let rows = Tensor(Array(3..<24), shape: [21])
        for (parameter, name) in [(a, "pair_floor_grad_a"), (b, "pair_floor_grad_b")] {
            let found = try #require(parameter.grad).indexSelect(dim: 0, index: rows)
            #expect(relativeDifference(found, fixture.tensor(name).indexSelect(dim: 0, index: rows)) < 1e-3)
        }
    }

    @Test func cornersAndSmallestRectanglesAgree() {
        for (box, corners) in zip(boxes("a"), polygons("corners")) {
            #expect(areNear(box.corners, corners, within: 1e-3))
        }
        for (shapes, expected) in [("corners", "canonical"), ("quads", "quads_xywhr"), ("polygons", "polygons_xywhr")] {
            for (corners, box) in zip(polygons(shapes), boxes(expected)) {
                let found = RotatedBox(around: corners)
                // Two sides of a hull may give rectangles of one area but for rounding: either is the smallest.
                if abs(found.angle - box.angle) > 1e-2 && abs(found.area / box.area - 1) < 1e-5 { continue }
                expectSame(found, box)
            }
        }
        for (box, regularized) in zip(boxes("a"), boxes("regularized")) { expectSame(box.regularized, regularized) }
    }

    @Test func distancesBecomeBoxesAndBack() {
        let (anchors, angles) = (fixture.tensor("anchors"), fixture.tensor("angle"))
        let found = fixture.tensor("dist").rotatedBoxes(angles: angles, around: anchors)
        #expect((found.narrow(dim: 2, start: 0, length: 4) - fixture.tensor("dist2rbox")).abs().max().item() < 1e-4)
        #expect((found.distancesToRotatedSides(from: anchors) - fixture.tensor("rbox2dist")).abs().max().item() < 1e-4)
    }

    /// Whatever a likelier box overlaps goes, even where that one goes too.
    @Test func suppressionIsThatOfUltralytics() {
        let rows = zip(boxes("chain"), fixture.tensor("chain_scores").toArray(as: Float.self))
        let values = rows.flatMap { box, score in Array(box.numbers.prefix(4)) + [score, box.angle] }
        let decoded = Tensor(values, shape: [1, 12, 6]).transpose(1, 2)
        var suppression = NonMaximumSuppression()
        suppression.iou = 0.3
        let found = suppression.candidates(decoded, classCount: 1, isRotated: true)[0]
        #expect(found.map(\.position) == fixture.tensor("chain_fast").toArray(as: Int.self))
    }

    /// Turned and shrunk, enlarged so that objects leave the image, and in perspective.
    @Test(arguments: 0..<3) func labelsMoveAlike(_ number: Int) throws {
        let fixture = try Fixture("yolo_tasks/augment-obb")
        let map = PlaneMap(fixture.tensor("M/\(number)").flatten().toArray(as: Double.self))
        let (kept, boxes) = (fixture.tensor("kept/\(number)").toArray(as: Int.self), fixture.tensor("xywhr/\(number)"))
        for (position, index) in kept.enumerated() {
            let values = fixture.tensor("in/segments")[index].flatten().toArray(as: Float.self)
            let corners = stride(from: 0, to: 8, by: 2).map { PlanePoint(values[$0], values[$0 + 1]) }
            var label = LabeledBox(polygon: corners, classIndex: 0).scaled(x: 128, y: 96)
            label.isOriented = true
            let moved = map(label, in: (height: 96, width: 128))
            let expected = RotatedBox(boxes[position].toArray(as: Float.self))
            expectSame(RotatedBox(around: moved.polygon), expected, within: 5e-3)
        }
    }

    @Test func halfATurnAndExchangedSidesAreTheSameBox() {
        let box = RotatedBox(centerX: 10, centerY: 20, width: 8, height: 4, angle: 0.3)
        let turned = RotatedBox(centerX: 10, centerY: 20, width: 4, height: 8, angle: 0.3 + .pi / 2)
        expectSame(turned.normalized, box)
        #expect(abs(box.probabilisticIoU(turned) - box.probabilisticIoU(box)) < 1e-4)
        #expect(box.probabilisticIoU(box) > 0.999)
    }
}
