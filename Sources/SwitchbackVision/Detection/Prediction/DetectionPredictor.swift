import Switchback

/// Detects objects in images of any size.
///
/// ```swift
/// let predictor = DetectionPredictor(try DetectorFile.load("best.safetensors").detector)
/// let found = predictor(try Image.load("bus.jpg")).detections
/// ```
public struct DetectionPredictor {
    private let detector: Fused<YOLO>
    /// The longer side of the network's input, in pixels: a multiple of 32.
    public var size: Int
    public var suppression: NonMaximumSuppression
    /// Whether the boxes are YOLO26's second head's, which needs no suppression.
    public var usesSingleHead: Bool
    /// The classes that are looked for; all if empty.
    public var classes: Set<Int> = []

    public init(_ detector: YOLO, size: Int = 640, suppression: NonMaximumSuppression = NonMaximumSuppression()) {
        self.detector = detector.fused()
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

    public func callAsFunction(_ image: Image) -> Result {
        var seconds = StageSeconds()
        func timed<Value>(_ stage: WritableKeyPath<StageSeconds, Double>, _ body: () -> Value) -> Value {
            let start = ContinuousClock.now
            defer { seconds[keyPath: stage] = start.duration(to: .now) / .seconds(1) }
            return body()
        }
        let letterbox = frame(for: image)
        let input = timed(\.preprocess) { Tensor(images: [letterbox.apply(to: image.converted(to: .rgb))]) }
        let output = timed(\.inference) { noGrad { detector.run { run($0, input.to($0.backend)) } } }
        let found = timed(\.postprocess) {
            noGrad { select(output) }.map { letterbox.imageDetection(of: $0) }
                .filter { classes.isEmpty || classes.contains($0.classIndex) }
        }
        return Result(detections: found, seconds: seconds, height: letterbox.height, width: letterbox.width)
    }

    /// The smallest frame of whole strides that holds the image.
    private func frame(for image: Image) -> Letterbox {
        let scale = Double(size) / Double(max(image.height, image.width))
        func side(_ length: Int) -> Int {
            let scaled = max(Int((Double(length) * scale).rounded()), 1)
            return (scaled + YOLO.stride - 1) / YOLO.stride * YOLO.stride
        }
        return Letterbox(image, into: (side(image.height), side(image.width)))
    }

    private func run(_ detector: YOLO, _ input: Tensor) -> DetectHead.Output {
        usesSingleHead ? detector.finalOutput(input) : detector.head.predict(detector.features(input))
    }

    private func select(_ output: DetectHead.Output) -> [Detection] {
        let model = detector.model
        let found =
            usesSingleHead ? model.select(output, suppression: suppression) : suppression(model.decoded(output))
        return found.first ?? []
    }
}
