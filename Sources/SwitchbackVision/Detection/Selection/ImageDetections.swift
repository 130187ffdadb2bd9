import Switchback

extension YOLO {
    /// What was found in an image of a batch, in the pixels of the image that lies in a frame, with its masks or keypoints
    /// where the network tells them.
    func detections(
        _ found: [Candidate], _ output: DetectHead.Output, image: Int, in letterbox: Letterbox
    ) -> [Detection] {
        let planes = MaskPlanes(found, output, image: image)
        let keypoints = noGrad { poses(of: found, output, image: image) }
        return found.enumerated().map { number, candidate in
            var detection = letterbox.imageDetection(of: candidate.detection)
            detection.mask = planes?.mask(number, in: detection.box, ofImageIn: letterbox)
            detection.keypoints = (keypoints?[number] ?? []).map { $0.at(letterbox.imagePoint(of: $0.point)) }
            return detection
        }
    }
}

extension Letterbox {
    /// A detection in the pixels of the frame, in those of the image. Oriented boxes may reach over its edges.
    fileprivate func imageDetection(of detection: Detection) -> Detection {
        if let rotated = detection.rotated {
            return Detection(
                rotated: imageBox(of: rotated), classIndex: detection.classIndex, score: detection.score)
        }
        return Detection(box: imageBox(of: detection.box), classIndex: detection.classIndex, score: detection.score)
    }

    private func imageBox(of box: RotatedBox) -> RotatedBox {
        let (x, y) = (Float(imageWidth) / Float(scaledWidth), Float(imageHeight) / Float(scaledHeight))
        return RotatedBox(
            centerX: (box.centerX - Float(left)) * x, centerY: (box.centerY - Float(top)) * y, width: box.width * x,
            height: box.height * y, angle: box.angle
        ).regularized
    }
}
