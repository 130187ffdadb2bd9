import Switchback

/// Something that can be drawn into a rectangle: a plot, an image, a grid of others.
public protocol Figure {
    /// The size at which it reads best, in units of the canvas.
    var preferredSize: Size { get }

    /// Draws it so that it fills the frame.
    func draw(on canvas: Canvas, in frame: Rectangle)
}

extension Figure {
    public var preferredSize: Size { Size(640, 420) }

    /// The figure on a canvas of its own, with a margin.
    ///
    /// - Parameter size: of the canvas; by default what the figure prefers.
    public func canvas(_ size: Size? = nil) -> Canvas {
        let preferred = preferredSize
        let canvas = Canvas(size ?? Size(preferred.width + 2 * Theme.margin, preferred.height + 2 * Theme.margin))
        draw(on: canvas, in: Rectangle(canvas.size).inset(Theme.margin))
        return canvas
    }

    /// Writes a PNG or an SVG file, as the path's ending says.
    ///
    /// - Parameters:
    ///   - size: of the canvas; by default what the figure prefers.
    ///   - scale: pixels of a PNG for each unit of the canvas.
    /// - Throws: `InputError` if the ending is another, or the file cannot be written.
    public func write(to path: String, size: Size? = nil, scale: Double = 2) throws {
        try canvas(size).write(to: path, scale: scale)
    }
}

/// Figures beside and below each other, under one title.
public struct FigureGrid: Figure {
    public var title: String?
    public var columns: Int
    public var figures: [any Figure]

    /// - Parameter columns: how many figures stand beside each other.
    public init(title: String? = nil, columns: Int, _ figures: [any Figure]) {
        self.title = title
        self.columns = max(1, min(columns, figures.count))
        self.figures = figures
    }

    private static let gap = 28.0
    private var rows: Int { (figures.count + columns - 1) / columns }
    private var titleHeight: Double { title == nil ? 0 : 36 }

    public var preferredSize: Size {
        let sizes = figures.map(\.preferredSize)
        let width = sizes.map(\.width).max() ?? 0
        let height = sizes.map(\.height).max() ?? 0
        return Size(
            Double(columns) * (width + Self.gap) - Self.gap,
            titleHeight + max(0, Double(rows) * (height + Self.gap) - Self.gap))
    }

    public func draw(on canvas: Canvas, in frame: Rectangle) {
        if let title {
            canvas.text(
                canvas.fitting(title, into: frame.width, font: Font(size: 19, isBold: true)),
                at: Point(frame.x, frame.y), font: Font(size: 19, isBold: true), anchor: .topLeft)
        }
        let body = frame.inset(top: titleHeight)
        let width = (body.width + Self.gap) / Double(columns) - Self.gap
        let height = (body.height + Self.gap) / Double(max(rows, 1)) - Self.gap
        for (i, figure) in figures.enumerated() {
            let cell = Rectangle(
                x: body.x + Double(i % columns) * (width + Self.gap),
                y: body.y + Double(i / columns) * (height + Self.gap), width: width, height: height)
            figure.draw(on: canvas, in: cell)
        }
    }
}
