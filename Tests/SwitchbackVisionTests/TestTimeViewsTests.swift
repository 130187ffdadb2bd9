import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import TestSupport
import Testing

/// Test-time augmentation, against the same views brought together by hand.
@Suite(.seeded(), .serialized) struct TestTimeViewsTests {
    /// What a network says of a view, in the pixels of the image: [1, 4 + classes, positions].
    private func decoded(_ model: YOLO, _ image: Tensor, height: Int, width: Int, isMirrored: Bool) -> Tensor {
        var view = image.interpolate(size: IntPair(height, width), mode: .bilinear)
        if isMirrored { view = view.flip(3) }
        view = view.pad([0, (32 - width % 32) % 32, 0, (32 - height % 32) % 32], mode: .constant(114.0 / 255))
        let parts = model(view).split([1, 1, 1, 1, model.classes.count], dim: 1)
        let (x, y) = (Double(image.shape[3]) / Double(width), Double(image.shape[2]) / Double(height))
        let centers = isMirrored ? Double(width) - parts[0] : parts[0]
        return Tensor.cat([centers * x, parts[1] * y, parts[2] * x, parts[3] * y, parts[4]], dim: 1)
    }

    @Test(arguments: [YOLOCase.all[0], YOLOCase.all[2]])
    func boxesOfAllViewsAreSelectedTogether(_ yolo: YOLOCase) throws {
        let (model, images) = (try yolo.model().eval(), try yolo.fixture().images)
        var predictor = DetectionPredictor(model, size: InputSize(128))
        predictor.usesSingleHead = false
        let plain = try predictor(Image(images[0])).detections
        predictor.isAugmented = true
        let found = try predictor(Image(images[0])).detections
        let views = noGrad {
            // 96×128 pixels, 0.83 and 0.67 of them.
            [(96, 128, false), (79, 106, true), (64, 85, false)].map {
                decoded(model, images[0..<1], height: $0.0, width: $0.1, isMirrored: $0.2)
            }
        }
        let expected = NonMaximumSuppression()(Tensor.cat(views, dim: 2))[0]
        #expect(found.count == expected.count && found.count > plain.count)
        // Their order aside: some are as likely as each other but for the rounding of the folded filters.
        for wanted in expected {
            // Those of prediction end at the image's edges.
            let box = wanted.box.clipped(height: 96, width: 128)
            let isFound = found.contains {
                $0.classIndex == wanted.classIndex && abs($0.score - wanted.score) < 1e-3
                    && AugmentationTests.isNear($0.box, box, within: 0.05)
            }
            #expect(isFound, "\(wanted)")
        }
    }

    /// Validation finds what prediction finds, where both look at the same frame.
    @Test func validationLooksAtAllViews() throws {
        struct Row: Decodable {
            let bbox: [Float]
            let score: Float
        }
        let folder = try TemporaryFolder()
        let (model, images) = (try YOLOCase.all[0].model().eval(), try YOLOCase.all[0].fixture().images)
        let path = folder.path("a.png")
        try Image(images[0]).resized(height: 128, width: 128).save(to: path)
        let example = DetectionExample(imagePath: path, height: 128, width: 128, labels: [])
        let data = DetectionData(kind: "", path: "", classNames: model.classes, splits: [.val: [example]])
        var predictor = DetectionPredictor(model, size: InputSize(128))
        predictor.isAugmented = true
        let expected = try predictor(Image.load(path)).detections
        var validator = DetectionValidator(model, [example], size: 128, batchSize: 1, isRectangular: false)
        (validator.isAugmented, validator.suppression) = (true, predictor.suppression)
        validator.names = try COCONames(of: data, [example])
        var rows: [Row] = []
        _ = try validator.run(found: { found in
            rows += try found.map { try JSON.decode(Row.self, Data(JSON.text($0).utf8)) }
        })
        #expect(rows.count == expected.count && !rows.isEmpty)
        for (row, wanted) in zip(rows, expected) {
            let box = [wanted.box.x1, wanted.box.y1, wanted.box.width, wanted.box.height]
            #expect(zip(row.bbox, box).allSatisfy { abs($0 - $1) < 1e-3 } && abs(row.score - wanted.score) < 1e-5)
        }
    }
}
