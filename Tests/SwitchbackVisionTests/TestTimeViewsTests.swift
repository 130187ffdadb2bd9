import Switchback
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
        let folder = try TemporaryFolder()
        let (model, images) = (try YOLOCase.all[0].model().eval(), try YOLOCase.all[0].fixture().images)
        let path = folder.path("a.png")
        try Image(images[0]).resized(height: 128, width: 128).save(to: path)
        var predictor = DetectionPredictor(model, size: InputSize(128))
        predictor.isAugmented = true
        let labels = try predictor(Image.load(path)).detections.map {
            LabeledBox($0.box.scaled(x: 1.0 / 128, y: 1.0 / 128), classIndex: $0.classIndex)
        }
        let example = DetectionExample(imagePath: path, height: 128, width: 128, labels: labels)
        func map50(_ isAugmented: Bool) throws -> Double {
            var validator = DetectionValidator(model, [example], size: 128, batchSize: 1, isRectangular: false)
            (validator.isAugmented, validator.suppression) = (isAugmented, predictor.suppression)
            return try validator.run().results.map50
        }
        #expect(try map50(true) > 0.99 && map50(false) < 0.99)
    }
}
