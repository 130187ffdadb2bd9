/// Images in rows, each with a caption: sample batches, predictions.
public struct ImageGrid: Figure {
    public struct Tile: Sendable {
        public var image: Raster
        public var caption: String
        /// Of the caption; tells right from wrong.
        public var color: Color

        public init(_ image: Raster, _ caption: String = "", color: Color = Theme.text) {
            self.image = image
            self.caption = caption
            self.color = color
        }
    }

    public var title: String?
    public var tiles: [Tile]
    public var columns: Int
    /// The side of the square that each image is fitted into, in units of the canvas.
    public var tileSize: Double

    /// How wide all images together are at most.
    private static let largestWidth = 1920.0

    /// - Parameters:
    ///   - columns: how many images stand beside each other; by default about as many as there are rows.
    ///   - tileSize: by default the size of the images, at least 96; smaller where they would not fit beside each
    ///     other.
    public init(title: String? = nil, _ tiles: [Tile], columns: Int? = nil, tileSize: Double? = nil) {
        self.title = title
        self.tiles = tiles
        self.columns = max(1, columns ?? Int(Double(tiles.count).squareRoot().rounded(.up)))
        let largest = tiles.map { max($0.image.width, $0.image.height) }.max() ?? 0
        self.tileSize = min(tileSize ?? max(96, Double(largest)), Self.largestWidth / Double(self.columns))
    }

    private static let gap = 10.0
    private var rows: Int { (tiles.count + columns - 1) / columns }
    private var titleHeight: Double { title == nil ? 0 : Theme.title.lineHeight + 8 }
    private var captionHeight: Double { tiles.allSatisfy(\.caption.isEmpty) ? 0 : Theme.tick.lineHeight + 4 }

    public var preferredSize: Size {
        Size(
            Double(columns) * (tileSize + Self.gap) - Self.gap,
            titleHeight + Double(rows) * (tileSize + captionHeight + Self.gap) - Self.gap)
    }

    public func draw(on canvas: Canvas, in frame: Rectangle) {
        if let title {
            let text = canvas.fitting(title, into: frame.width, font: Theme.title)
            canvas.text(text, at: Point(frame.x, frame.y), font: Theme.title, anchor: .topLeft)
        }
        let body = frame.inset(top: titleHeight)
        let width = (body.width + Self.gap) / Double(columns) - Self.gap
        let height = (body.height + Self.gap) / Double(max(rows, 1)) - Self.gap - captionHeight
        for (i, tile) in tiles.enumerated() {
            let place = Rectangle(
                x: body.x + Double(i % columns) * (width + Self.gap),
                y: body.y + Double(i / columns) * (height + captionHeight + Self.gap), width: width, height: height)
            draw(tile, in: place, on: canvas)
        }
    }

    /// The image keeps its proportions, in the middle of its square; small ones stay sharp squares of pixels.
    private func draw(_ tile: Tile, in place: Rectangle, on canvas: Canvas) {
        let (width, height) = (Double(max(tile.image.width, 1)), Double(max(tile.image.height, 1)))
        let factor = min(place.width / width, place.height / height)
        let fitted = Rectangle(
            x: place.center.x - width * factor / 2, y: place.center.y - height * factor / 2, width: width * factor,
            height: height * factor)
        canvas.draw(tile.image, in: fitted, smooth: factor < 2)
        let caption = canvas.fitting(tile.caption, into: place.width, font: Theme.tick)
        canvas.text(
            caption, at: Point(place.center.x, place.maxY + 3), font: Theme.tick, color: tile.color, anchor: .top)
    }
}
