/// A matrix drawn as colors, with a color bar: confusion matrices, layers over time.
public struct HeatMap: Figure {
    public var title: String?
    /// The names of the rows, from the top, and of the columns. Those for which there is no room are omitted.
    public var rows, columns: [String]
    public var rowLabel, columnLabel: String
    /// The values by row; NaN if there is none.
    public var values: [[Double]]
    /// The meaning of the colors.
    public var color: Axis
    public var colorMap: ColorMap
    /// Whether each value is written into its field; by default where they fit.
    public var showsNumbers: Bool?
    /// The values with a color of their own; the legend names those that occur.
    public var specials: [Special] = []
    /// The values that are as they should be, a bar beside the color bar, and what the legend says of them.
    public var usual: ClosedRange<Double>?
    public var usualName = "usual"
    /// The columns, counted from 0, at whose left edge a line marks a moment.
    public var marks: [Int] = []

    /// Values that the color bar does not show.
    public struct Special: Sendable {
        public var name: String
        public var color: Color
        public var contains: @Sendable (Double) -> Bool

        public init(_ name: String, _ color: Color, contains: @escaping @Sendable (Double) -> Bool) {
            self.name = name
            self.color = color
            self.contains = contains
        }
    }

    public init(
        title: String? = nil, rows: [String], columns: [String], rowLabel: String = "", columnLabel: String = "",
        values: [[Double]], color: Axis = Axis(), colorMap: ColorMap = .viridis, showsNumbers: Bool? = nil
    ) {
        self.title = title
        self.rows = rows
        self.columns = columns
        self.rowLabel = rowLabel
        self.columnLabel = columnLabel
        self.values = values
        self.color = color
        self.colorMap = colorMap
        self.showsNumbers = showsNumbers
    }

    /// A confusion matrix: how often items of each class, by row, were taken for each class, by column.
    ///
    /// - Parameters:
    ///   - totals: how many items each class has; the sums of the rows by default, where all classes are shown.
    ///   - isNormalized: whether rows are shown as shares of their totals, or as counts.
    public static func confusion(
        title: String? = "Confusion matrix", classes: [String], counts: [[Double]], totals: [Double]? = nil,
        isNormalized: Bool = true
    ) -> HeatMap {
        let shown = counts.enumerated().map { index, row in
            let sum = totals?[index] ?? row.reduce(0, +)
            return isNormalized ? row.map { sum > 0 ? $0 / sum : .nan } : row
        }
        return HeatMap(
            title: title, rows: classes, columns: classes, rowLabel: "true class", columnLabel: "predicted class",
            values: shown,
            color: isNormalized ? Axis("share of the true class", range: 0...1) : Axis("number of items"),
            colorMap: .blues)
    }

    public var preferredSize: Size {
        let width = min(max(Double(columns.count) * 34, 420), 1600) + 200
        let height = min(max(Double(rows.count) * 26, 320), 1600) + 110
        return Size(width, height)
    }

    private static let barRoom = 104.0

    public func draw(on canvas: Canvas, in frame: Rectangle) {
        let scale = AxisScale(color, showing: values.joined())
        let plot = PlotFrame(
            on: canvas, in: frame, title: title, legend: legend, x: AxisScale(columnLabel, categories: columns),
            y: AxisScale(rowLabel, categories: rows), hasGrid: false, isUpsideDown: true, right: Self.barRoom)
        let cell = Size(
            plot.area.width / Double(max(columns.count, 1)), plot.area.height / Double(max(rows.count, 1)))
        for (i, row) in values.prefix(rows.count).enumerated() {
            for (j, value) in row.prefix(columns.count).enumerated() {
                let place = Rectangle(
                    x: plot.area.x + Double(j) * cell.width, y: plot.area.y + Double(i) * cell.height,
                    width: cell.width, height: cell.height)
                draw(value, in: place, scale: scale, on: canvas)
            }
        }
        canvas.stroke(.rectangle(plot.area), Theme.axis)
        for mark in marks { draw(mark: mark, in: plot.area, columnWidth: cell.width, on: canvas) }
        drawBar(beside: plot.area, scale: scale, on: canvas)
    }

    /// The special values that occur, and that some are missing.
    private var legend: [PlotFrame.LegendEntry] {
        guard !specials.isEmpty || usual != nil else { return [] }
        let band = PlotFrame.LegendEntry(name: usualName) { canvas, center in
            canvas.stroke(
                .line(from: Point(center.x, center.y - 7), to: Point(center.x, center.y + 7)), Theme.sound, width: 4)
        }
        let shown = values.joined()
        let absent = Special("not measured", Theme.missing) { $0.isNaN }
        let entries = (specials + [absent]).filter { shown.contains(where: $0.contains) }.map { special in
            PlotFrame.LegendEntry(name: special.name) { canvas, center in
                canvas.fill(
                    .rectangle(Rectangle(x: center.x - 7, y: center.y - 6, width: 14, height: 12)), special.color)
            }
        }
        return entries + (usual == nil ? [] : [band])
    }

    private func draw(mark: Int, in area: Rectangle, columnWidth: Double, on canvas: Canvas) {
        let x = area.x + Double(mark) * columnWidth
        canvas.stroke(.line(from: Point(x, area.y), to: Point(x, area.maxY)), Theme.alarm, width: 2, dash: [6, 4])
    }

    private func draw(_ value: Double, in cell: Rectangle, scale: AxisScale, on canvas: Canvas) {
        let special = specials.first { $0.contains(value) }?.color
        let color = special ?? scale.position(value).map { colorMap($0) } ?? Theme.missing
        canvas.fill(.rectangle(cell), color, smooth: false)
        guard showsNumbers ?? (cell.width >= 30 && cell.height >= 16), !value.isNaN else { return }
        canvas.text(
            NumberText.twoDecimals(value), at: cell.center, font: Font(size: 11.5), color: color.legible,
            anchor: .center)
    }

    private func drawBar(beside area: Rectangle, scale: AxisScale, on canvas: Canvas) {
        let bar = Rectangle(x: area.maxX + 20, y: area.y, width: 14, height: area.height)
        let steps = 64
        for i in 0..<steps {
            let height = bar.height / Double(steps)
            let slice = Rectangle(
                x: bar.x, y: bar.maxY - Double(i + 1) * height, width: bar.width, height: height)
            canvas.fill(.rectangle(slice), colorMap((Double(i) + 0.5) / Double(steps)), smooth: false)
        }
        canvas.stroke(.rectangle(bar), Theme.axis)
        if let usual {
            let ends = [usual.lowerBound, usual.upperBound].map { min(max(scale.position($0) ?? 0, 0), 1) }
            let (low, high) = (bar.maxY - ends[0] * bar.height, bar.maxY - ends[1] * bar.height)
            canvas.stroke(.line(from: Point(bar.x - 6, low), to: Point(bar.x - 6, high)), Theme.sound, width: 4)
        }
        for tick in scale.ticks(about: Int(bar.height / 50)) where !tick.label.isEmpty {
            guard let position = scale.position(tick.value) else { continue }
            canvas.text(
                tick.label, at: Point(bar.maxX + 6, bar.maxY - position * bar.height), font: Theme.tick,
                color: Theme.secondaryText, anchor: .left)
        }
        if !scale.label.isEmpty {
            canvas.text(
                scale.label, at: Point(area.maxX + Self.barRoom - 10, bar.center.y), font: Theme.tick,
                color: Theme.secondaryText, anchor: .bottom, angle: .pi / 2)
        }
    }
}
