import Switchback
import SwitchbackFormats
import SwitchbackVision

// The examples in the sources' comments: that they compile, and stay what the comments say, is the test.

private func augmenting(sample: Sample) throws -> Sample {
    let augmentation = Augmentations([HSVJitter(), HorizontalFlip(probability: 0.5)])
    let changed = try augmentation(sample, AugmentationContext(Generator(seed: 1)))
    return changed
}

private func classifying(images: Tensor) throws {
    let classifier = try Classifier.load("best.safetensors")
    for prediction in try classifier.predict(images) { print(prediction.className, prediction.probability) }
}

private func readingDetectionData() throws {
    let data = try DetectionData.load("bccd/bccd.yaml")
    print(data.classNames, data[.train].count, data.problems.count)
}

private func sortingImages() throws {
    let sorted = try SortedImages.load("project.json")
    try sorted.write(to: "sorted")
}

private func loadingDetectionData(data: DetectionData, epoch: Int, train: (DetectionBatch) -> Void) throws {
    let training = DetectionLoader.training(
        data[.train], size: 640, batchSize: 16, augmentation: DetectionAugmentation())
    let batches = training.loader(mixedEpochs: 90).batches(epoch: epoch)
    while let batch = try batches.next() { train(batch) }
}

private func computingTheLoss(images: Tensor, boxes: [[LabeledBox]]) -> Tensor {
    let model = YOLO(.yolo11n, classes: ["cat", "dog"])
    let loss = YOLOLoss()(model.outputs(images), of: model, boxes).total
    return loss
}

private func detecting() throws -> [Detection] {
    let predictor = DetectionPredictor(try DetectorFile.load("best.safetensors").detector)
    let found = try predictor(Image.load("bus.jpg")).detections
    return found
}

private func explaining(model: ResNet, images: Tensor) -> Tensor {
    let map = Explain.gradCAM(model, at: model.layer4, images: images)  // [N, H, W] from 0 to 1
    return map
}

private func readingImages() throws -> Tensor {
    let image = try Image.load("bus.jpg")  // RGB, turned upright as its EXIF data say
    let small = image.resized(height: 320, width: 240)
    let input = Tensor(images: [small])  // [1, 3, 320, 240], float32 from 0 to 1
    return input
}

private func letterboxing(image: Image, box: Box) -> (Tensor, Box) {
    let letterbox = Letterbox(image, into: (640, 640))
    let input = Tensor(images: [letterbox.apply(to: image)])
    let found = letterbox.imageBox(of: box)  // from the frame's pixels back to the image's
    return (input, found)
}

private func measuring(data: DetectionData, results: [(detections: [Detection], boxes: [LabeledBox])]) {
    var metrics = DetectionMetrics(classCount: data.classNames.count)
    for image in results { metrics.add(image.detections, truth: image.boxes) }  // both in the same pixels
    print(metrics.results().map50)
}

private func makingAMobileNet() -> MobileNetV2 {
    let model = MobileNetV2(classes: 5, width: 0.5)
    return model
}

private func makingResNets() throws -> [ResNet] {
    let model = ResNet(.resnet50)
    try model.load(stateDict: Safetensors.load("resnet50.safetensors"))

    let small = ResNet(.resnet18, classes: 10, stem: .cifar, width: 16)
    return [model, small]
}

private func makingAYOLOClassifier() -> YOLOClassifier {
    let model = YOLOClassifier(.n, classes: 10)
    return model
}
