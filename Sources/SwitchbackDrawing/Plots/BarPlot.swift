/// A bar for each category, or one for each of several groups.
public struct BarPlot: Figure {
    public var title: String?
    public var categories: [String]
    /// The axis of the values.
    public var values: Axis
    /// What is compared: each group has a value for every category.
    public var groups: [(name: String, values: [Double])]

    public init(title: String? = nil, _ categories: [String], values: Axis, groups: [(name: String, values: [Double])])
    {
        self.title = title
        self.categories = categories
        self.values = values
        self.groups = groups
    }

    /// One bar for each category.
    public init(title: String? = nil, _ bars: [(name: String, value: Double)], values: Axis) {
        self.init(title: title, bars.map(\.name), values: values, groups: [("", bars.map(\.value))])
    }

    /// Bars lie, so that names of any length read from left to right.
    public var preferredSize: Size {
        let bars = Double(categories.count * max(groups.count, 1))
        return Size(640, max(160, 90 + bars * (groups.count > 1 ? 16 : 24) + Double(categories.count) * 6))
    }

    public func draw(on canvas: Canvas, in frame: Rectangle) {
        let shown = groups.flatMap(\.values)
        let frame = PlotFrame(
            on: canvas, in: frame, title: title, legend: legend,
            x: AxisScale(values, showing: shown, padding: 0.1, includesZero: true),
            y: AxisScale("", categories: categories), isUpsideDown: true)
        let width = 0.76 / Double(max(groups.count, 1))
        for (g, group) in groups.enumerated() {
            for (i, value) in group.values.prefix(categories.count).enumerated() {
                let top = Double(i) - 0.38 + Double(g) * width
                draw(value, from: top, width: width, in: frame, on: canvas, color: Theme.color(g))
            }
        }
    }

    private var legend: [PlotFrame.LegendEntry] {
        if groups.count < 2 { return [] }
        return groups.enumerated().map { g, group in
            PlotFrame.LegendEntry(name: group.name) { canvas, center in
                let sample = Rectangle(x: center.x - 6, y: center.y - 6, width: 12, height: 12)
                canvas.fill(.rectangle(sample, cornerRadius: 2), Theme.color(g))
            }
        }
    }

    private func draw(
        _ value: Double, from top: Double, width: Double, in frame: PlotFrame, on canvas: Canvas, color: Color
    ) {
        let start = frame.point(max(frame.x.lower, 0), top) ?? frame.point(frame.x.lower, top)
        guard let start, let end = frame.point(value, top + width) else { return }
        let bar = Rectangle(
            x: min(start.x, end.x), y: start.y, width: abs(end.x - start.x), height: end.y - start.y - 1)
        canvas.fill(.rectangle(bar), color)
        if bar.height < 10 { return }
        let isNegative = end.x < start.x
        canvas.text(
            NumberText.brief(value), at: Point(end.x + (isNegative ? -5 : 5), bar.center.y), font: Font(size: 11.5),
            color: Theme.secondaryText, anchor: isNegative ? .right : .left)
    }
}
