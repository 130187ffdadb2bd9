import SwitchbackDrawing

/// Draws boxes with names on images.
public struct BoxPainter: Sendable {
    /// The class names, by index.
    public var names: [String]
    /// Whether names, and whether scores are written.
    public var showsLabels = true
    public var showsScores = true
    /// How wide lines are, in pixels; from the image's size if `nil`.
    public var lineWidth: Double?

    public init(names: [String]) { self.names = names }

    /// A box to draw.
    public struct Mark: Sendable {
        public var box: Box
        public var classIndex: Int
        public var score: Float?
        /// The number of the object that is tracked.
        public var track: Int?

        public init(_ detection: Detection, track: Int? = nil) {
            (box, classIndex, score) = (detection.box, detection.classIndex, detection.score)
            self.track = track
        }

        public init(_ label: LabeledBox) { (box, classIndex) = (label.box, label.classIndex) }
    }

    /// The image with the boxes, which are in its pixels.
    ///
    /// - Throws: `InputError` where it cannot be drawn.
    public func paint(_ marks: [Mark], on image: Image) throws -> Image {
        let canvas = Canvas(Size(Double(image.width), Double(image.height)))
        canvas.draw(image.raster, in: Rectangle(canvas.size))
        let width = lineWidth ?? max((Double(image.width + image.height) / 2 * 0.003).rounded(), 1)
        // The most likely ones last, so that they are on top.
        for mark in marks.sorted(by: { ($0.score ?? 1) < ($1.score ?? 1) }) { draw(mark, on: canvas, width) }
        let raster = try canvas.raster()
        return Image(height: raster.height, width: raster.width, pixels: raster.rgb)
    }

    private func draw(_ mark: Mark, on canvas: Canvas, _ width: Double) {
        let color = Theme.color(mark.track ?? mark.classIndex)
        let box = mark.box
        let frame = Rectangle(
            x: Double(box.x1), y: Double(box.y1), width: Double(box.width), height: Double(box.height))
        canvas.stroke(.rectangle(frame), color, width: width)
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
    /// The image as the canvas takes it.
    var raster: Raster {
        let rgb = converted(to: .rgb)
        return Raster(width: rgb.width, height: rgb.height, rgb: rgb.pixels)
    }
}
