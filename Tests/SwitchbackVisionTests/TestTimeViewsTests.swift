import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import TestSupport
import Testing

/// Test-time augmentation, against the same views brought together by hand.
@Suite(.seeded(), .serialized) struct TestTimeViewsTests {
    /// What a network says of a view, in the pixels of the image: [1, 4 + classes, positions].
    ///
    /// - Parameters:
    ///   - filled: the width that a border makes of the view's; the height is always 96.
    ///   - kept: the positions that count, of all that there are.
    private func decoded(
        _ model: YOLO, _ image: Tensor, scale: Double, height: Int, width: Int, filled: Int, kept: Range<Int>
    ) -> Tensor {
        let isMirrored = scale == 0.83
        var view = image.interpolate(size: IntPair(height, width), mode: .bilinear)
        if isMirrored { view = view.flip(3) }
        view = view.pad([0, filled - width, 0, 96 - height], mode: .constant(114.0 / 255))
        let found = model(view).narrow(dim: 2, start: kept.lowerBound, length: kept.count)
        let parts = found.split([4, model.classes.count], dim: 1)
        var boxes = (parts[0] / scale).split(1, dim: 1)
        if isMirrored { boxes[0] = Double(image.shape[3]) - boxes[0] }
        return Tensor.cat(boxes + [parts[1]], dim: 1)
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
            // 96×128 pixels without the coarsest of three maps, 0.83 of them, and 0.67 without the finest map.
            [
                (1, 96, 128, 128, 0..<240), (0.83, 79, 106, 128, 0..<252), (0.67, 64, 85, 96, 144..<189),
            ].map { (scale: Double, height: Int, width: Int, filled: Int, kept: Range<Int>) in
                decoded(
                    model, images[0..<1], scale: scale, height: height, width: width, filled: filled, kept: kept)
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
