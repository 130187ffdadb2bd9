import CCairo

/// A drawing surface, stored as instructions: it can be written as a PNG of any resolution, an SVG, or pixels.
///
/// ```swift
/// let canvas = Canvas(Size(200, 100))
/// canvas.fill(.circle(Point(50, 50), radius: 30), Theme.color(0))
/// canvas.text("a circle", at: Point(90, 50), anchor: .left)
/// try canvas.writePNG(to: "circle.png")
/// ```
public final class Canvas {
    public let size: Size
    let surface: OpaquePointer
    private let context: OpaquePointer

    /// - Parameter background: what the canvas is filled with; `nil` leaves it transparent.
    public init(_ size: Size, background: Color? = Theme.background) {
        self.size = size
        var extents = cairo_rectangle_t(x: 0, y: 0, width: size.width, height: size.height)
        surface = cairo_recording_surface_create(CAIRO_CONTENT_COLOR_ALPHA, &extents)
        context = cairo_create(surface)
        let options = cairo_font_options_create()
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_set_font_options(context, options)
        cairo_font_options_destroy(options)
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
        cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
        if let background { fill(.rectangle(Rectangle(size)), background) }
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    // MARK: Shapes

    /// - Parameter smooth: whether pixels at the edge are blended with what lies below, which leaves seams between
    ///   areas that touch each other.
    public func fill(_ path: Path, _ color: Color, smooth: Bool = true) {
        trace(path)
        use(color)
        cairo_set_antialias(context, smooth ? CAIRO_ANTIALIAS_DEFAULT : CAIRO_ANTIALIAS_NONE)
        cairo_fill(context)
        cairo_set_antialias(context, CAIRO_ANTIALIAS_DEFAULT)
    }

    /// - Parameter dash: lengths of the strokes and gaps of a broken line, in turn; none for an unbroken one.
    public func stroke(_ path: Path, _ color: Color, width: Double = 1, dash: [Double] = []) {
        trace(path)
        use(color)
        cairo_set_line_width(context, width)
        cairo_set_dash(context, dash, Int32(dash.count), 0)
        cairo_stroke(context)
    }

    /// Draws in `body` only inside of a rectangle.
    public func clipped(to rectangle: Rectangle, _ body: () throws -> Void) rethrows {
        cairo_save(context)
        defer { cairo_restore(context) }
        cairo_new_path(context)
        cairo_rectangle(context, rectangle.x, rectangle.y, rectangle.width, rectangle.height)
        cairo_clip(context)
        try body()
    }

    private func trace(_ path: Path) {
        cairo_new_path(context)
        for element in path.elements {
            switch element {
            case .move(let p): cairo_move_to(context, p.x, p.y)
            case .line(let p): cairo_line_to(context, p.x, p.y)
            case .curve(let a, let b, let p): cairo_curve_to(context, a.x, a.y, b.x, b.y, p.x, p.y)
            case .arc(let center, let radius, let from, let to):
                cairo_arc(context, center.x, center.y, radius, from, to)
            case .close: cairo_close_path(context)
            }
        }
    }

    private func use(_ color: Color) {
        cairo_set_source_rgba(context, color.red, color.green, color.blue, color.opacity)
    }

    // MARK: Text

    /// Writes one line of text.
    ///
    /// - Parameters:
    ///   - anchor: which point of the text lies at `point`.
    ///   - angle: by which the text is turned clockwise about `point`, in radians.
    public func text(
        _ text: String, at point: Point, font: Font = Theme.label, color: Color = Theme.text,
        anchor: TextAnchor = TextAnchor(.left, .baseline), angle: Double = 0
    ) {
        select(font)
        let width = anchor.horizontal == .left ? 0 : self.width(of: text, font: font)
        let x =
            switch anchor.horizontal {
            case .left: 0.0
            case .center: -width / 2
            case .right: -width
            }
        let y =
            switch anchor.vertical {
            case .baseline: 0.0
            case .top: Self.ascent * font.size
            case .middle: Self.capitalHeight * font.size / 2
            case .bottom: -Self.descent * font.size
            }
        cairo_save(context)
        cairo_translate(context, point.x, point.y)
        cairo_rotate(context, angle)
        cairo_move_to(context, x, y)
        use(color)
        cairo_show_text(context, text.printable)
        cairo_restore(context)
    }

    /// How far one line of text reaches to the right.
    public func width(of text: String, font: Font = Theme.label) -> Double {
        select(font)
        var extents = cairo_text_extents_t()
        cairo_text_extents(context, text.printable, &extents)
        return extents.x_advance
    }

    /// The text, if need be cut at its end and closed with "…" so that it fits into a width.
    public func fitting(_ text: String, into width: Double, font: Font = Theme.label) -> String {
        if self.width(of: text, font: font) <= width { return text }
        var kept = text
        while !kept.isEmpty, self.width(of: kept + "…", font: font) > width { kept.removeLast() }
        return kept + "…"
    }

    private func select(_ font: Font) {
        let weight = font.isBold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL
        cairo_select_font_face(context, "sans-serif", CAIRO_FONT_SLANT_NORMAL, weight)
        cairo_set_font_size(context, font.size)
    }

    // Of a font's size; one set of numbers for all typefaces keeps layouts alike.
    private static let ascent = 0.93
    private static let descent = 0.24
    private static let capitalHeight = 0.73

    // MARK: Images

    /// Draws an image so that it fills a rectangle.
    ///
    /// - Parameter smooth: whether pixels are blended where the size differs; otherwise each stays a sharp rectangle.
    public func draw(_ raster: Raster, in rectangle: Rectangle, smooth: Bool = true) {
        guard raster.width > 0, raster.height > 0, let image = raster.cairoSurface() else { return }
        defer { cairo_surface_destroy(image) }
        cairo_save(context)
        defer { cairo_restore(context) }
        cairo_translate(context, rectangle.x, rectangle.y)
        cairo_scale(context, rectangle.width / Double(raster.width), rectangle.height / Double(raster.height))
        cairo_set_source_surface(context, image, 0, 0)
        cairo_pattern_set_filter(cairo_get_source(context), smooth ? CAIRO_FILTER_GOOD : CAIRO_FILTER_NEAREST)
        cairo_pattern_set_extend(cairo_get_source(context), CAIRO_EXTEND_PAD)
        cairo_rectangle(context, 0, 0, Double(raster.width), Double(raster.height))
        cairo_fill(context)
    }
}

extension String {
    /// With spaces for control characters, at which Cairo would stop or show boxes.
    fileprivate var printable: String {
        String(String.UnicodeScalarView(unicodeScalars.map { $0.value < 32 ? " " : $0 }))
    }
}
