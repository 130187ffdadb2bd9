import Switchback

/// What was found in an image of a batch, with what masks and keypoints are made of, which is computed once.
struct ImageFindings {
    let candidates: [Candidate]
    /// Where the network tells masks.
    let planes: MaskPlanes?
    /// Of each candidate, in pixels of what the network saw, where the network tells them.
    let keypoints: [[Keypoint]]?

    init(_ candidates: [Candidate], _ output: DetectHead.Output, image: Int, of detector: YOLO) {
        self.candidates = candidates
        planes = MaskPlanes(candidates, output, image: image)
        keypoints = noGrad { detector.poses(of: candidates, output, image: image) }
    }

    /// The boxes alone, in pixels of what the network saw.
    var boxes: [Detection] { candidates.map(\.detection) }

    /// What is likely enough to be drawn, in pixels of what the network saw.
    var shown: [Detection] {
        candidates.enumerated().filter(\.element.detection.isShown).map { number, candidate in
            var detection = candidate.detection
            detection.mask = planes?.mask(number, in: detection.box)
            detection.keypoints = keypoints?[number] ?? []
            return detection
        }
    }

    /// All of it in the pixels of the image that lies in a frame.
    func detections(in letterbox: Letterbox) -> [Detection] {
        candidates.enumerated().map { number, candidate in
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
