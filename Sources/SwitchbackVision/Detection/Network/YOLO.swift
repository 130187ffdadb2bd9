import Switchback
import SwitchbackInference

/// A network that finds objects: YOLO11 (Jocher and Qiu, 2024) or YOLO26 (2025), in five sizes, for boxes alone or for
/// masks too. The names of its parameters are those of Ultralytics' checkpoints: `model.0.conv.weight`.
///
/// ```swift
/// let model = YOLO(.yolo11n, classes: ["cat", "dog"])
/// let loss = YOLOLoss()(model.outputs(images), of: model, boxes).total
/// ```
public final class YOLO: Module {
    public let variant: YOLOVariant
    /// The class names, by index.
    public let classes: [String]
    /// The keypoints of objects, where they are the task.
    public let keypoints: KeypointLayout?
    public let head: DetectHead
    /// How it computes in 8 bits, if its file says so.
    public internal(set) var quantized: QuantizedNetwork?
    private let stages: [Module]
    private let isKept: [Bool]

    /// A network with fresh weights, drawn from the default generator.
    ///
    /// - Parameter keypoints: for poses; those of persons by default.
    public init(_ variant: YOLOVariant, classes: [String], keypoints: KeypointLayout? = nil) {
        self.variant = variant
        self.classes = classes
        let layout = variant.task == .pose ? keypoints ?? .person : nil
        self.keypoints = layout
        let (modules, channels) = variant.make(variant.stages)
        stages = modules
        head = DetectHead(
            YOLOVariant.headSources.map { channels[$0] }, classCount: classes.count, of: variant,
            layout)
        let sources = Set(modules.compactMap { ($0 as? JoinStage)?.source } + YOLOVariant.headSources)
        isKept = modules.indices.map(sources.contains)
    }

    public override func namedParts() -> [(name: String, part: Part)] {
        (stages + [head]).enumerated().map { ("model.\($0)", .module($1)) }
    }

    /// The side of images must be a multiple of this.
    public static let stride = DetectHead.strides.last ?? 32

    /// The feature maps for the head from images [N, 3, H, W] of numbers in 0...1, red first.
    public func features(_ images: Tensor) -> [Tensor] {
        check(images)
        var kept: [Int: Tensor] = [:]
        var x = images
        for (i, stage) in stages.enumerated() {
            if let join = stage as? JoinStage, let earlier = kept[join.source] {
                x = join(x, with: earlier)
            } else {
                x = stage(x)
            }
            if isKept[i] { kept[i] = x }
        }
        return YOLOVariant.headSources.compactMap { kept[$0] }
    }

    private func check(_ images: Tensor) {
        require(
            images.rank == 4 && images.shape[1] == 3 && images.shape[2] % YOLO.stride == 0
                && images.shape[3] % YOLO.stride == 0, "YOLO",
            "images have the shape [N, 3, H, W], with H and W multiples of \(YOLO.stride), not \(images.shape)")
    }

    /// The outputs of the heads before decoding: of both in YOLO26.
    public func outputs(_ images: Tensor) -> Outputs {
        let (many, single) = head.predictBoth(features(images))
        return Outputs(many: many, single: single)
    }

    /// The output of the head used for inference: YOLO26's one-to-one head, unless the other is asked for; the only head
    /// of others.
    public func finalOutput(_ images: Tensor, usesSingleHead: Bool = true) -> DetectHead.Output {
        let maps = features(images)
        return head.isEndToEnd && usesSingleHead ? head.predictSingly(maps) : head.predict(maps)
    }

    /// The outputs of the heads.
    public struct Outputs {
        /// Of the head in which several positions may speak for one object.
        public let many: DetectHead.Output
        /// Of the head in which one position speaks for an object; only YOLO26 has it.
        public let single: DetectHead.Output?
    }

    /// Boxes and scores of every position, [N, 4 + classes, positions]: center, width and height in pixels, and
    /// probabilities; as YOLO11 and YOLO26 are exported. Of masks, the weights of the prototypes follow, and of oriented
    /// boxes the angle.
    public override func forward(_ images: Tensor) -> Tensor { decoded(head.predict(features(images))) }

    /// As `forward`, of a head's output.
    public func decoded(_ output: DetectHead.Output) -> Tensor {
        let boxes = variant.task == .obb ? rotatedBoxes(output).narrow(dim: 2, start: 0, length: 4) : nil
        let extras = keypointValues(output) ?? output.extras
        let parts =
            [boxes ?? corners(output).centered(), output.scores.sigmoid()] + (extras.map { [$0] } ?? [])
        return Tensor.cat(parts, dim: -1).transpose(1, 2)
    }

    /// The boxes of every position in pixels, left, top, right and bottom: [N, positions, 4].
    public func corners(_ output: DetectHead.Output) -> Tensor {
        head.distances(output.boxes).corners(around: output.grid.centers(like: output.boxes))
            * output.grid.strides(like: output.boxes)
    }

    /// Where the keypoints of every position are, in steps of its map: [N, positions, keypoints, 2]; `nil` where the
    /// network gives none.
    func keypointPlaces(_ output: DetectHead.Output) -> Tensor? {
        guard let keypoints, let extras = output.extras else { return nil }
        let (images, positions) = (extras.shape[0], extras.shape[1])
        let places = extras.reshape(images, positions, keypoints.count, keypoints.dimensions)
            .narrow(dim: 3, start: 0, length: 2)
        let centers = output.grid.centers(like: extras).reshape(1, positions, 1, 2)
        return head.isEndToEnd ? places + centers : places * 2 + (centers - 0.5)
    }

    /// The keypoints of every position: x and y in pixels and, where they have it, the probability of being seen, [N,
    /// positions, numbers].
    func keypointValues(_ output: DetectHead.Output) -> Tensor? {
        guard let keypoints, let extras = output.extras, let places = keypointPlaces(output) else { return nil }
        let (images, positions) = (extras.shape[0], extras.shape[1])
        let pixels = places * output.grid.strides(like: extras).reshape(1, positions, 1, 1)
        if keypoints.dimensions == 2 { return pixels.reshape(images, positions, -1) }
        let seen = extras.reshape(images, positions, keypoints.count, 3).narrow(dim: 3, start: 2, length: 1).sigmoid()
        return Tensor.cat([pixels, seen], dim: 3).reshape(images, positions, -1)
    }

    /// The keypoints of an image's objects, in pixels of what the network saw; `nil` where it gives none.
    func poses(of found: [Candidate], _ output: DetectHead.Output, image: Int) -> [[Keypoint]]? {
        guard let keypoints, let values = keypointValues(output) else { return nil }
        if found.isEmpty { return [] }
        let rows = Tensor(found.map(\.position), shape: [found.count]).to(values.backend)
        let numbers = values[image].indexSelect(dim: 0, index: rows).toArray(as: Float.self)
        return found.indices.map { object in
            (0..<keypoints.count).map { point in
                let start = object * keypoints.numberCount + point * keypoints.dimensions
                let seen = keypoints.dimensions == 3 ? numbers[start + 2] : 1
                return Keypoint(x: numbers[start], y: numbers[start + 1], visibility: seen)
            }
        }
    }

    /// The oriented boxes of every position in pixels: center, width, height and angle, [N, positions, 5].
    func rotatedBoxes(_ output: DetectHead.Output) -> Tensor {
        guard let angles = output.extras else { preconditionFailure("rotatedBoxes: \(variant) gives no angles") }
        let grid = output.grid
        let boxes = head.distances(output.boxes)
            .rotatedBoxes(angles: angles, around: grid.centers(like: output.boxes))
            .narrow(dim: 2, start: 0, length: 4)
        return Tensor.cat([boxes * grid.strides(like: output.boxes), angles], dim: -1)
    }

    /// The boxes of the objects of each image: from YOLO26's second head without suppression, from others with it.
    public func select(
        _ output: DetectHead.Output, suppression: NonMaximumSuppression = NonMaximumSuppression()
    ) -> [[Detection]] {
        candidates(output, suppression).map { $0.map(\.detection) }
    }

    /// As `select`, with the positions that the boxes are from.
    func candidates(_ output: DetectHead.Output, _ suppression: NonMaximumSuppression) -> [[Candidate]] {
        let isRotated = variant.task == .obb
        guard output.isSingle else {
            return suppression.candidates(decoded(output), classCount: classes.count, isRotated: isRotated)
        }
        let direct = DirectSelection(maximumCount: suppression.maximumCount, confidence: suppression.confidence)
        let found = direct.candidates(corners: corners(output), logits: output.scores)
        guard isRotated else { return found }
        let boxes = rotatedBoxes(output)
        return found.enumerated().map { image, candidates in
            let rows = boxes[image].toArray(as: Float.self)
            return candidates.map { candidate in
                let row = rows[5 * candidate.position..<5 * candidate.position + 5]
                return Candidate(
                    detection: Detection(
                        rotated: RotatedBox(Array(row)), classIndex: candidate.detection.classIndex,
                        score: candidate.detection.score), position: candidate.position)
            }
        }
    }

    /// Stops the training of the first stages.
    public func freezeStages(upTo count: Int) {
        for module in (stages + [head]).prefix(count) { module.freeze() }
    }
}
