import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import SwitchbackVision
import Testing

/// Keypoints against Ultralytics and pycocotools: see Tests/Fixtures/make_yolo_tasks.py.
@Suite struct KeypointTests {
    private func keypoints(_ tensor: Tensor) -> [[Keypoint]] {
        let (count, numbers) = (tensor.shape[1], tensor.shape[2])
        return (0..<tensor.shape[0]).map { object in
            let values = tensor[object].flatten().toArray(as: Float.self)
            return (0..<count).map { point in
                let start = point * numbers
                return Keypoint(
                    x: values[start], y: values[start + 1], visibility: numbers == 3 ? values[start + 2] : 1)
            }
        }
    }

    @Test(arguments: ["", "5"]) func similaritiesAgree(_ suffix: String) throws {
        let fixture = try Fixture("yolo_tasks/oks")
        let layout = suffix.isEmpty ? KeypointLayout.person : KeypointLayout(count: 5, dimensions: 2)
        let (truth, found) = (keypoints(fixture.tensor("truth\(suffix)")), keypoints(fixture.tensor("found\(suffix)")))
        let areas = fixture.tensor("area\(suffix)").toArray(as: Float.self)
        let expected = fixture.tensor("oks\(suffix)").flatten().toArray(as: Float.self)
        for (row, wanted) in truth.enumerated() {
            for (column, own) in found.enumerated() {
                let similarity = layout.similarity(own, to: wanted, area: areas[row])
                #expect(abs(similarity - expected[row * found.count + column]) < 1e-5)
            }
        }
    }

    @Test(arguments: 0..<3) func labelsMoveAlike(_ number: Int) throws {
        let fixture = try Fixture("yolo_tasks/augment-pose")
        let map = PlaneMap(fixture.tensor("M/\(number)").flatten().toArray(as: Double.self))
        let all = keypoints(fixture.tensor("in/keypoints"))
        let boxes = fixture.tensor("in/boxes").flatten().toArray(as: Float.self)
        let expected = keypoints(fixture.tensor("keypoints/\(number)"))
        for (position, index) in fixture.tensor("kept/\(number)").toArray(as: Int.self).enumerated() {
            let sides = boxes[4 * index..<4 * index + 4].map { $0 }
            var label = LabeledBox(
                Box(centerX: sides[0], centerY: sides[1], width: sides[2], height: sides[3]), classIndex: 0)
            label.keypoints = all[index]
            let moved = map(label.scaled(x: 128, y: 96), in: (height: 96, width: 128))
            for (a, b) in zip(moved.keypoints, expected[position]) {
                #expect((a.visibility == 0) == (b.visibility == 0))
                if b.visibility > 0 { #expect(abs(a.x - b.x) < 1e-2 && abs(a.y - b.y) < 1e-2) }
            }
        }
    }

    @Test func aFlipExchangesKeypoints() {
        var label = LabeledBox(Box(x1: 1, y1: 1, x2: 5, y2: 5), classIndex: 0)
        label.keypoints = [Keypoint(x: 1, y: 2, visibility: 2), Keypoint(x: 4, y: 3, visibility: 1)]
        let sample = Sample(Image(height: 8, width: 10, filledWith: 0), labels: [label])
        let flip = HorizontalFlip(probability: 1, keypointOrder: [1, 0])
        let once = flip(sample, AugmentationContext(Generator(seed: 0)))
        #expect(once.labels[0].keypoints == [Keypoint(x: 6, y: 3, visibility: 1), Keypoint(x: 9, y: 2, visibility: 2)])
        #expect(flip(once, AugmentationContext(Generator(seed: 0))) == sample)
    }

    /// Keypoints go through COCO's files and label files, with their names and what a mirror does to them.
    @Test(arguments: [DataFormat.coco, .yolo]) func dataIsWrittenAndReadAgain(_ format: DataFormat) throws {
        let folder = try TemporaryFolder()
        let image = folder.path("a.png")
        try Image(height: 50, width: 100, filledWith: 7).save(to: image)
        var label = LabeledBox(Box(x1: 0.1, y1: 0.2, x2: 0.5, y2: 0.9), classIndex: 0)
        label.keypoints = [
            Keypoint(x: 0.2, y: 0.4, visibility: 2), Keypoint(x: 0.3, y: 0.5, visibility: 1),
            Keypoint(x: 0, y: 0, visibility: 0),
        ]
        let layout = KeypointLayout(
            count: 3, dimensions: 3, flip: [1, 0, 2], names: ["left_eye", "right_eye", "nose"])
        let example = DetectionExample(imagePath: image, height: 50, width: 100, labels: [label])
        let data = DetectionData(
            kind: "", path: "", classNames: ["face"], splits: [.train: [example], .val: [example]], keypoints: layout)
        try data.write(as: format, to: folder.path("out"))
        let again = try DetectionData.load(folder.path("out"), for: .pose)
        #expect(again.keypoints == layout && again.problems.isEmpty)
        for (a, b) in zip(again[.val][0].labels[0].keypoints, label.keypoints) {
            #expect(abs(a.x - b.x) < 1e-4 && abs(a.y - b.y) < 1e-4 && a.visibility == b.visibility)
        }
        #expect(throws: InputError.self) { try data.write(as: .voc, to: folder.path("voc")) }
    }

    /// The lines of the data's own skeleton, not those of persons.
    @Test func skeletonsAreDrawn() throws {
        let blank = Image(height: 40, width: 60, filledWith: 0)
        var label = LabeledBox(Box(x1: 2, y1: 2, x2: 58, y2: 38), classIndex: 0)
        label.keypoints = [(10, 20), (50, 20), (30, 35)].map { Keypoint(x: $0.0, y: $0.1, visibility: 2) }
        func isDrawn(_ skeleton: [[Int]]?) throws -> Bool {
            let layout = KeypointLayout(count: 3, dimensions: 3, skeleton: skeleton)
            var painter = BoxPainter(names: ["a"], keypoints: layout)
            (painter.showsLabels, painter.lineWidth) = (false, 1)
            return try painter.paint([BoxPainter.Mark(label)], on: blank)[20, 30].contains { $0 > 60 }
        }
        #expect(try isDrawn([[0, 1]]))
        #expect(try !isDrawn([[0, 2]]))
        #expect(try !isDrawn(nil))
    }

    @Test func filesWithoutKeypointsAreNamed() throws {
        let folder = try TemporaryFolder()
        let file = try folder.write(
            #"{"images": [], "categories": [{"id": 1, "name": "a"}], "annotations": []}"#, to: "a.json")
        let error = #expect(throws: InputError.self) { try DetectionData.load(file, for: .pose) }
        #expect("\(error as Any)".contains("none has keypoints"))
    }
}
