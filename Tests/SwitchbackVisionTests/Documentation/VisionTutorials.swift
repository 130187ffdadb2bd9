import Switchback
import SwitchbackDrawing
import SwitchbackVision

// The Swift blocks of the tutorials of SwitchbackVision. DocumentationTests looks for them here; what they do is tested
// by the tests of the parts that they use.

func fromUltralytics(images: Tensor, boxes: [[LabeledBox]]) throws -> [Detection] {
    let model = YOLO(.yolo11n, classes: ["cell", "platelet"])
    let loss = YOLOLoss()
    let value = loss(model.outputs(images), of: model, boxes)
    value.total.backward()

    let detector = try DetectorFile.load("best.safetensors").detector
    let found = try DetectionPredictor(detector)(Image.load("bus.jpg")).detections
    return found
}

func yourOwnDetector() throws {
    let detector = try DetectorFile.load("runs/detect/cells/weights/best.safetensors").detector
    for found in try DetectionPredictor(detector)(Image.load("new.jpg")).detections {
        print(detector.classes[found.classIndex], found.score, found.box)
    }
}

func measureADefect() throws {
    let network = try DetectorFile.load("runs/segment/scratches", for: .segment).detector
    for found in try DetectionPredictor(network)(Image.load("part.jpg")).detections {
        guard let mask = found.mask else { continue }
        let size = MaskSize(mask, pixelSize: 0.125)
        print(network.classes[found.classIndex], size.area, "mm²", size.length, "mm")
    }
}

func isItAPneumonia() throws {
    let classifier = try Classifier.load("runs/classify/chest/weights/best.safetensors")
    let inputs = try classifier.readInputs("pneumoniamnist.npz")
    let explanations = try classifier.explain(inputs[0..<8])
    try explanations.figure(title: "Chests").write(to: "explained.png")
}
