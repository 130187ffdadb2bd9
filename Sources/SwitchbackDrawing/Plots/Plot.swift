/// Values over values, as lines, points or both: curves of training, scatter plots, rooflines.
///
/// ```swift
/// try Plot(
///     title: "Loss", x: Axis("epoch"), y: Axis("loss", scale: .logarithmic),
///     [Series("training", losses), Series("validation", validationLosses)]
/// ).write(to: "loss.png")
/// ```
public struct Plot: Figure {
    public var title: String?
    public var x, y: Axis
    public var series: [Series]
    /// Lines across the whole plot that mark a value, with a name.
    public var markers: [Marker]

    /// A straight line across a plot at one value of an axis.
    public struct Marker: Sendable {
        public enum Place: Sendable {
            case x(Double)
            case y(Double)
        }

        public var place: Place
        public var label: String

        public init(_ place: Place, _ label: String = "") {
            self.place = place
            self.label = label
        }
    }

    public init(title: String? = nil, x: Axis, y: Axis, _ series: [Series], markers: [Marker] = []) {
        self.title = title
        self.x = x
        self.y = y
        self.series = series
        self.markers = markers
    }

    public func draw(on canvas: Canvas, in frame: Rectangle) {
        let hasPoints = series.contains { $0.style.hasPoints }
        let points = series.flatMap(\.points)
        let frame = PlotFrame(
            on: canvas, in: frame, title: title, legend: legend,
            x: AxisScale(x, showing: points.map(\.x), padding: hasPoints ? 0.04 : 0),
            y: AxisScale(y, showing: points.map(\.y), padding: 0.05))
        // Room for the dots on the edge, not for more.
        canvas.clipped(to: frame.area.inset(-5)) {
            for marker in markers { draw(marker, in: frame, on: canvas) }
            for (i, series) in series.enumerated() {
                draw(series, in: frame, on: canvas, color: color(i), dash: dash(i))
            }
        }
        for (i, series) in series.enumerated() { drawLabels(of: series, in: frame, on: canvas, color: color(i)) }
        if !points.contains(where: { frame.point($0.x, $0.y) != nil }) {
            canvas.text(
                "nothing to show", at: frame.area.center, font: Theme.label, color: Theme.secondaryText, anchor: .center
            )
        }
    }

    private var legend: [PlotFrame.LegendEntry] {
        if series.count < 2 { return [] }
        return series.enumerated().compactMap { i, series in
            if series.name.isEmpty { return nil }
            return PlotFrame.LegendEntry(name: series.name) { canvas, center in
                if series.style.hasLine {
                    let line = Path.line(from: Point(center.x - 13, center.y), to: Point(center.x + 13, center.y))
                    canvas.stroke(line, color(i), width: 2.5, dash: dash(i))
                }
                if series.style.hasPoints { canvas.fill(.circle(center, radius: 4), color(i)) }
            }
        }
    }

    private func color(_ i: Int) -> Color { series[i].color ?? Theme.color(i) }

    /// When the colors repeat, lines are broken.
    private func dash(_ i: Int) -> [Double] {
        series[i].isDashed ? [6, 5] : [[], [7, 4], [2, 4]][i / Theme.palette.count % 3]
    }

    private func draw(_ series: Series, in frame: PlotFrame, on canvas: Canvas, color: Color, dash: [Double]) {
        if series.style.hasLine {
            for run in runs(of: series, in: frame) {
                if run.count == 1 {
                    canvas.fill(.circle(run[0], radius: 3), color)
                } else {
                    canvas.stroke(.lines(run), color, width: 2, dash: dash)
                }
            }
        }
        if series.style.hasPoints {
            for point in series.points {
                guard let center = frame.point(point.x, point.y) else { continue }
                canvas.fill(.circle(center, radius: 4), color.opacity(series.points.count > 60 ? 0.55 : 1))
            }
        }
    }

    /// The stretches of a line between values that cannot be shown.
    private func runs(of series: Series, in frame: PlotFrame) -> [[Point]] {
        var runs: [[Point]] = [[]]
        for point in series.points {
            if let place = frame.point(point.x, point.y) {
                runs[runs.count - 1].append(place)
            } else if !runs[runs.count - 1].isEmpty {
                runs.append([])
            }
        }
        return runs.filter { !$0.isEmpty }
    }

    private func drawLabels(of series: Series, in frame: PlotFrame, on canvas: Canvas, color: Color) {
        for point in series.points where !point.label.isEmpty {
            guard let place = frame.point(point.x, point.y) else { continue }
            let width = canvas.width(of: point.label, font: Theme.tick)
            let fitsRight = place.x + 8 + width < frame.area.maxX
            canvas.text(
                point.label, at: Point(place.x + (fitsRight ? 8 : -8), place.y - 7), font: Theme.tick,
                color: color.mixed(with: Theme.text, 0.35), anchor: fitsRight ? .left : .right)
        }
    }

    private func draw(_ marker: Marker, in frame: PlotFrame, on canvas: Canvas) {
        let area = frame.area
        switch marker.place {
        case .x(let value):
            guard let x = frame.point(value, frame.y.lower)?.x else { return }
            canvas.stroke(.line(from: Point(x, area.y), to: Point(x, area.maxY)), Theme.axis, width: 1.5, dash: [5, 4])
            let isLeft = x > area.center.x
            canvas.text(
                marker.label, at: Point(x + (isLeft ? -6 : 6), area.y + 10), font: Theme.tick,
                color: Theme.secondaryText,
                anchor: isLeft ? .right : .left)
        case .y(let value):
            guard let y = frame.point(frame.x.lower, value)?.y else { return }
            canvas.stroke(.line(from: Point(area.x, y), to: Point(area.maxX, y)), Theme.axis, width: 1.5, dash: [5, 4])
            canvas.text(
                marker.label, at: Point(area.maxX - 6, y - 9), font: Theme.tick, color: Theme.secondaryText,
                anchor: .right)
        }
    }
}

/// Values of a plot that belong together.
public struct Series: Sendable {
    public enum Style: Sendable {
        case line, points, linePoints

        var hasLine: Bool { self != .points }
        var hasPoints: Bool { self != .line }
    }

    public struct Value: Sendable {
        public var x, y: Double
        /// What is written beside the point.
        public var label: String

        public init(_ x: Double, _ y: Double, label: String = "") {
            self.x = x
            self.y = y
            self.label = label
        }
    }

    public var name: String
    public var points: [Value]
    public var style: Style
    /// By default the next of the theme's palette.
    public var color: Color?
    public var isDashed: Bool

    /// - Parameter points: in the order in which a line connects them; it is broken at NaN and infinity.
    public init(_ name: String, _ points: [Value], style: Style = .line, color: Color? = nil, isDashed: Bool = false) {
        self.name = name
        self.points = points
        self.style = style
        self.color = color
        self.isDashed = isDashed
    }

    /// Values at `first`, `first + 1`, …: one for each epoch.
    public init(
        _ name: String, _ values: [Double], from first: Double = 1, style: Style = .line, color: Color? = nil,
        isDashed: Bool = false
    ) {
        let points = values.enumerated().map { Value(first + Double($0), $1) }
        self.init(name, points, style: style, color: color, isDashed: isDashed)
    }
}
