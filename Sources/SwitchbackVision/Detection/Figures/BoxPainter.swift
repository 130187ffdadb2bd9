import SwitchbackDrawing

/// Draws boxes with names on images, oriented ones too, and masks where there are some.
public struct BoxPainter: Sendable {
    /// The class names, by index.
    public var names: [String]
    /// What the keypoints are, where objects have some: between which of them lines are drawn.
    public var keypoints: KeypointLayout?
    /// Whether names, and whether scores are written.
    public var showsLabels = true
    public var showsScores = true
    /// How wide lines are, in pixels; from the image's size if `nil`.
    public var lineWidth: Double?

    public init(names: [String], keypoints: KeypointLayout? = nil) {
        (self.names, self.keypoints) = (names, keypoints)
    }

    /// A box to draw.
    public struct Mark: Sendable {
        public var box: Box
        public var classIndex: Int
        public var score: Float?
        /// The number of the object that is tracked.
        public var track: Int?
        public var mask: InstanceMask?
        /// The outline of what is filled where there is no mask.
        public var polygon: [PlanePoint] = []
        /// What is drawn instead of the box where that is oriented.
        public var rotated: RotatedBox?
        public var keypoints: [Keypoint] = []

        public init(_ detection: Detection, track: Int? = nil) {
            (box, classIndex, score) = (detection.box, detection.classIndex, detection.score)
            (mask, rotated, keypoints) = (detection.mask, detection.rotated, detection.keypoints)
            self.track = track
        }

        public init(_ label: LabeledBox) {
            (box, classIndex, keypoints) = (label.box, label.classIndex, label.keypoints)
            if label.isOriented {
                rotated = RotatedBox(around: label.polygon)
            } else {
                polygon = label.polygon
            }
        }

        /// The number that its color is by.
        fileprivate var colorIndex: Int { track ?? classIndex }
    }

    /// The image with the boxes, which are in its pixels.
    ///
    /// - Throws: `InputError` where it cannot be drawn.
    public func paint(_ marks: [Mark], on image: Image) throws -> Image {
        let canvas = Canvas(Size(Double(image.width), Double(image.height)))
        // The most likely ones last, so that they are on top.
        let marks = marks.sorted { ($0.score ?? 1) < ($1.score ?? 1) }
        canvas.draw(image.filled(marks).raster, in: Rectangle(canvas.size))
        let width = lineWidth ?? max((Double(image.width + image.height) / 2 * 0.003).rounded(), 1)
        for mark in marks { draw(mark, on: canvas, width) }
        let raster = try canvas.raster()
        return Image(height: raster.height, width: raster.width, pixels: raster.rgb)
    }

    private func draw(_ mark: Mark, on canvas: Canvas, _ width: Double) {
        let color = Theme.color(mark.colorIndex)
        let box = mark.box
        let frame = Rectangle(
            x: Double(box.x1), y: Double(box.y1), width: Double(box.width), height: Double(box.height))
        canvas.stroke(
            mark.rotated.map { .polygon($0.corners.map { Point(Double($0.x), Double($0.y)) }) } ?? .rectangle(frame),
            color, width: width)
        draw(mark.keypoints, on: canvas, width)
        let text = label(of: mark)
        if text.isEmpty { return }
        let font = Font(size: max(5 * width + 4, 9))
        let size = Size(canvas.width(of: text, font: font) + 2 * width + 2, font.lineHeight + width)
        // Above the box where there is room, else in it; and within the image at the right.
        let top = frame.y >= size.height ? frame.y - size.height : frame.y
        let left = min(max(frame.x - width / 2, 0), max(canvas.size.width - size.width, 0))
        canvas.fill(.rectangle(Rectangle(x: left, y: top, width: size.width, height: size.height)), color)
        canvas.text(
            text, at: Point(left + width, top + size.height / 2), font: font, color: color.legible, anchor: .left)
    }

    /// Draws the keypoints that are seen well enough, and the lines of their skeleton.
    private func draw(_ found: [Keypoint], on canvas: Canvas, _ width: Double) {
        let points = found.map { $0.visibility >= 0.5 ? Point(Double($0.x), Double($0.y)) : nil }
        let limbs = keypoints?.count == points.count ? keypoints?.limbs ?? [] : []
        for (number, limb) in limbs.enumerated() {
            guard let a = points[limb.0], let b = points[limb.1] else { continue }
            canvas.stroke(.line(from: a, to: b), Theme.color(number), width: width)
        }
        for (number, point) in points.enumerated() {
            if let point { canvas.fill(.circle(point, radius: 1.5 * width), Theme.color(number)) }
        }
    }

    private func label(of mark: Mark) -> String {
        var parts: [String] = []
        if let track = mark.track { parts.append("#\(track)") }
        if showsLabels {
            parts.append(names.indices.contains(mark.classIndex) ? names[mark.classIndex] : "\(mark.classIndex)")
        }
        if showsScores, let score = mark.score { parts.append(score.twoDecimals) }
        return parts.joined(separator: " ")
    }
}

extension Float {
    /// `0.87`.
    var twoDecimals: String {
        let hundredths = Int((self * 100).rounded())
        return "\(hundredths / 100).\(hundredths % 100 < 10 ? "0" : "")\(hundredths % 100)"
    }
}

extension Image {
    /// The image with the masks of marks half-transparent over it.
    fileprivate func filled(_ marks: [BoxPainter.Mark]) -> Image {
        var filled = converted(to: .rgb)
        for mark in marks {
            let outlined = { InstanceMask(polygon: mark.polygon, imageHeight: height, imageWidth: width) }
            guard let mask = mark.mask ?? (mark.polygon.isEmpty ? nil : outlined()) else { continue }
            let color = Theme.color(mark.colorIndex)
            let tint = [color.red, color.green, color.blue].map { UInt16(($0 * 255).rounded()) }
            for (position, pixel) in mask.pixels.enumerated() where pixel > 0 {
                let (row, column) = (mask.top + position / mask.width, mask.left + position % mask.width)
                guard row < height, column < width else { continue }
                let start = 3 * (row * width + column)
                for channel in 0..<3 {
                    filled.pixels[start + channel] = UInt8((UInt16(filled.pixels[start + channel]) + tint[channel]) / 2)
                }
            }
        }
        return filled
    }

    /// The image as the canvas takes it.
    var raster: Raster {
        let rgb = converted(to: .rgb)
        return Raster(width: rgb.width, height: rgb.height, rgb: rgb.pixels)
    }
}
