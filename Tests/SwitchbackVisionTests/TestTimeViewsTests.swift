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

    @Test(arguments: [YOLOCase.all[0], YOLOCase.all[2]]) func boxesOfAllViewsAreSelectedTogether(_ yolo: YOLOCase) throws {
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
        #expect(found.map(\.classIndex) == expected.map(\.classIndex) && found.count > plain.count)
        for (a, b) in zip(found, expected) {
            #expect(abs(a.score - b.score) < 1e-3)
            // Those of prediction end at the image's edges.
            #expect(AugmentationTests.isNear(a.box, b.box.clipped(height: 96, width: 128), within: 0.05), "\(a), \(b)")
        }
    }

    /// Where nothing is found without, nothing of it shows: figures of a validation are those of the joined boxes.
    @Test func validationLooksAtAllViews() throws {
        let folder = try TemporaryFolder()
        let (model, images) = (try YOLOCase.all[0].model().eval(), try YOLOCase.all[0].fixture().images)
        let path = folder.path("a.png")
        try Image(images[0]).save(to: path)
        var predictor = DetectionPredictor(model, size: InputSize(128))
        predictor.isAugmented = true
        let labels = try predictor(Image.load(path)).detections.map {
            LabeledBox($0.box.scaled(x: 1.0 / 128, y: 1.0 / 96), classIndex: $0.classIndex)
        }
        let example = DetectionExample(imagePath: path, height: 96, width: 128, labels: labels)
        func map50(_ isAugmented: Bool) throws -> Double {
            // In a frame as wide and as high as the image.
            var validator = DetectionValidator(model, [example], size: 128, batchSize: 1, isRectangular: false)
            validator.isAugmented = isAugmented
            return try validator.run().results.map50
        }
        #expect(try map50(true) > map50(false))
    }
}
