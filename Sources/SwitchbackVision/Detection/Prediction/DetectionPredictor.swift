import Switchback

/// Finds objects in images of any size, with their masks where the network tells them. A mask has the image's own
/// resolution, as with Ultralytics' `retina_masks`.
///
/// ```swift
/// let predictor = DetectionPredictor(try DetectorFile.load("best.safetensors").detector)
/// let found = try predictor(Image.load("bus.jpg")).detections
/// ```
public struct DetectionPredictor {
    private var inference: DetectorInference
    /// What images are scaled into, in pixels: the network's input is the smallest frame of whole strides around them.
    public var size: InputSize
    /// How large images are cut into parts, each of which is looked at on its own; `nil` for not at all.
    public var tiling: Tiling?
    public var suppression: NonMaximumSuppression
    /// Whether the boxes are YOLO26's second head's, which needs no suppression.
    public var usesSingleHead: Bool
    /// The classes that are looked for; all if empty.
    public var classes: Set<Int> = []
    /// Whether each image is looked at in three sizes, in one of them mirrored: test-time augmentation, for networks that
    /// find boxes, and with suppression.
    public var isAugmented: Bool {
        get { inference.isAugmented }
        set { inference.isAugmented = newValue }
    }

    public init(
        _ detector: YOLO, size: InputSize = InputSize(640), suppression: NonMaximumSuppression = NonMaximumSuppression()
    ) {
        inference = DetectorInference(detector)
        self.size = size
        self.suppression = suppression
        usesSingleHead = detector.variant.isEndToEnd
    }

    /// The detections of an image.
    public struct Result {
        /// In the image's pixels, the most likely first.
        public let detections: [Detection]
        public let seconds: StageSeconds
        /// Of the network's input.
        public let height, width: Int
    }

    /// What the network says of an image: the detections can be selected from it with one suppression after the other.
    public struct Output {
        let heads: DetectHead.Output
        let letterbox: Letterbox
        /// Until now, without postprocessing.
        public let seconds: StageSeconds
    }

    /// - Throws: `InputError` where a quantized detector cannot be computed.
    public func callAsFunction(_ image: Image) throws -> Result {
        let tiles = tiling?.tiles(height: image.height, width: image.width) ?? []
        guard tiles.count > 1 else { return result(of: try output(of: image)) }
        var merge = TileMerge(suppression)
        var seconds = StageSeconds()
        var (height, width) = (0, 0)
        for (number, tile) in tiles.enumerated() {
            let part = image.cropped(top: tile.top, left: tile.left, height: tile.height, width: tile.width)
            let found = result(of: try output(of: part))
            merge.add(found.detections, of: tile, number: number)
            seconds += found.seconds
            (height, width) = (found.height, found.width)
        }
        let merged = seconds.timed(\.postprocess) { merge.merged() }
        return Result(detections: merged, seconds: seconds, height: height, width: width)
    }

    /// Runs the network.
    ///
    /// - Throws: `InputError` where a quantized detector cannot be computed.
    public func output(of image: Image) throws -> Output {
        var seconds = StageSeconds()
        let letterbox = frame(for: image)
        let input = seconds.timed(\.preprocess) { Tensor(images: [letterbox.apply(to: image.converted(to: .rgb))]) }
        let heads = try seconds.timed(\.inference) {
            try inference.finalOutput(input.to(inference.detector.backend), usesSingleHead: usesSingleHead)
        }
        return Output(heads: heads, letterbox: letterbox, seconds: seconds)
    }

    /// Selects the detections.
    public func result(of output: Output) -> Result {
        var seconds = output.seconds
        let letterbox = output.letterbox
        let found = seconds.timed(\.postprocess) { noGrad { select(output.heads, letterbox) } }
        return Result(detections: found, seconds: seconds, height: letterbox.height, width: letterbox.width)
    }

    /// The smallest frame of whole strides that holds the image.
    private func frame(for image: Image) -> Letterbox {
        let scale = min(Double(size.height) / Double(image.height), Double(size.width) / Double(image.width))
        func side(_ length: Int) -> Int {
            let scaled = max(Int((Double(length) * scale).rounded()), 1)
            return (scaled + YOLO.stride - 1) / YOLO.stride * YOLO.stride
        }
        return Letterbox(image, into: (side(image.height), side(image.width)))
    }

    /// The objects of the only image, in its pixels. One whose mask has no pixel is none.
    private func select(_ output: DetectHead.Output, _ letterbox: Letterbox) -> [Detection] {
        let found = (inference.detector.candidates(output, suppression).first ?? [])
            .filter { classes.isEmpty || classes.contains($0.detection.classIndex) }
        return ImageFindings(found, output, image: 0, of: inference.detector).detections(in: letterbox)
            .filter { $0.mask?.area != 0 }
    }
}
