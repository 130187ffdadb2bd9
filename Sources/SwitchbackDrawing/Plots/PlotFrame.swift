/// The frame of a plot: title, legend, axes with ticks and a grid; knows where in it a value lies.
struct PlotFrame {
    /// A line of the legend: its sample is drawn around a point.
    struct LegendEntry {
        let name: String
        let drawSample: (Canvas, Point) -> Void
    }

    /// The color of data.
    let area: Rectangle
    let x, y: AxisScale
    /// Whether values on the vertical axis rise downward, as the rows of a matrix do.
    let isUpsideDown: Bool
    private let canvas: Canvas
    private let xTicks, yTicks: [Tick]
    private let turnsLabels: Bool

    /// Lays the frame out and draws all of it but the data.
    ///
    /// - Parameters:
    ///   - hasGrid: whether thin lines lead from the ticks through the plot.
    ///   - right: what is left free on the right, for a color bar.
    init(
        on canvas: Canvas, in frame: Rectangle, title: String?, legend: [LegendEntry] = [], x: AxisScale, y: AxisScale,
        hasGrid: Bool = true, isUpsideDown: Bool = false, right: Double = 0
    ) {
        (self.canvas, self.x, self.y, self.isUpsideDown) = (canvas, x, y, isUpsideDown)
        var top = Self.draw(title: title, on: canvas, in: frame)
        top += Self.draw(legend: legend, on: canvas, in: frame.inset(top: top))
        // The ticks of one axis depend on its length, which depends on the room that the other's labels take.
        let label = Theme.label.lineHeight
        let yTicks = y.ticks(about: Int((frame.height - top - 50) / 44))
        let yWidth = Self.widest(yTicks, canvas)
        let left = min(yWidth, frame.width * 0.4) + 10 + (y.label.isEmpty ? 0 : label + 4)
        let width = frame.width - left - right - 8
        let xTicks = x.ticks(about: Int(width / 84))
        let (kept, turnsLabels, height) = Self.fit(xTicks, of: x, into: width, canvas)
        area = frame.inset(
            top: top + 6, left: left, bottom: height + 8 + (x.label.isEmpty ? 0 : label + 2), right: right + 8)
        (self.xTicks, self.turnsLabels) = (kept, turnsLabels)
        self.yTicks = Self.thin(yTicks, of: y, room: area.height, each: Theme.tick.lineHeight)
        if hasGrid { drawGrid() }
        drawTicks()
        drawLabels(in: frame, tickWidth: min(yWidth, frame.width * 0.4), tickHeight: height)
    }

    // MARK: Where values lie

    func point(_ x: Double, _ y: Double) -> Point? {
        guard let px = self.x.position(x), let py = self.y.position(y) else { return nil }
        return Point(area.x + px * area.width, isUpsideDown ? area.y + py * area.height : area.maxY - py * area.height)
    }

    // MARK: Title and legend

    /// Returns the height that it took.
    private static func draw(title: String?, on canvas: Canvas, in frame: Rectangle) -> Double {
        guard let title else { return 0 }
        let text = canvas.fitting(title, into: frame.width, font: Theme.title)
        canvas.text(text, at: Point(frame.x, frame.y), font: Theme.title, anchor: .topLeft)
        return Theme.title.lineHeight + 6
    }

    /// Entries from left to right in as many rows as they take; returns the height.
    private static func draw(legend: [LegendEntry], on canvas: Canvas, in frame: Rectangle) -> Double {
        if legend.isEmpty { return 0 }
        let (sample, gap, row) = (34.0, 20.0, Theme.tick.lineHeight + 3)
        var x = frame.x
        var y = frame.y + row / 2
        for entry in legend {
            let name = canvas.fitting(entry.name, into: frame.width - sample, font: Theme.tick)
            let width = sample + canvas.width(of: name, font: Theme.tick)
            if x > frame.x && x + width > frame.maxX { (x, y) = (frame.x, y + row) }
            entry.drawSample(canvas, Point(x + 14, y))
            canvas.text(name, at: Point(x + sample, y), font: Theme.tick, color: Theme.secondaryText, anchor: .left)
            x += width + gap
        }
        return y + row / 2 - frame.y + 4
    }

    // MARK: Room for the labels of ticks

    private static func widest(_ ticks: [Tick], _ canvas: Canvas) -> Double {
        ticks.map { canvas.width(of: $0.label, font: Theme.tick) }.max() ?? 0
    }

    /// Which ticks of the horizontal axis have room, whether their labels are turned, and how high they are.
    private static func fit(
        _ ticks: [Tick], of scale: AxisScale, into width: Double, _ canvas: Canvas
    )
        -> (ticks: [Tick], turned: Bool, height: Double)
    {
        guard case .categories = scale.kind, ticks.count > 1 else { return (ticks, false, Theme.tick.lineHeight) }
        let widest = widest(ticks, canvas)
        if (widest + 10) * Double(ticks.count) <= width || ticks.allSatisfy({ Double($0.label) != nil }) {
            return (thin(ticks, of: scale, room: width, each: widest + 14), false, Theme.tick.lineHeight)
        }
        return (thin(ticks, of: scale, room: width, each: Theme.tick.lineHeight * 0.9), true, min(widest, 140) + 4)
    }

    /// Every so many of the categories that those left have room.
    private static func thin(_ ticks: [Tick], of scale: AxisScale, room: Double, each: Double) -> [Tick] {
        guard case .categories = scale.kind else { return ticks }
        let step = max(1, Int((Double(ticks.count) * each / max(room, 1)).rounded(.up)))
        return ticks.enumerated().filter { $0.offset % step == 0 }.map(\.element)
    }

    // MARK: Drawing

    private func drawGrid() {
        for tick in xTicks {
            guard let x = point(tick.value, y.lower)?.x else { continue }
            let line = Path.line(from: Point(x, area.y), to: Point(x, area.maxY))
            canvas.stroke(line, tick.label.isEmpty ? Theme.grid.opacity(0.6) : Theme.grid)
        }
        for tick in yTicks {
            guard let y = point(x.lower, tick.value)?.y else { continue }
            let line = Path.line(from: Point(area.x, y), to: Point(area.maxX, y))
            canvas.stroke(line, tick.label.isEmpty ? Theme.grid.opacity(0.6) : Theme.grid)
        }
        let axes = Path.lines([
            Point(area.x, area.y), Point(area.x, area.maxY), Point(area.maxX, area.maxY),
        ])
        canvas.stroke(axes, Theme.axis)
    }

    private func drawTicks() {
        for tick in xTicks where !tick.label.isEmpty {
            guard let x = point(tick.value, y.lower)?.x else { continue }
            let label = turnsLabels ? canvas.fitting(tick.label, into: 140, font: Theme.tick) : tick.label
            canvas.text(
                label, at: Point(x, area.maxY + 6), font: Theme.tick, color: Theme.secondaryText,
                anchor: turnsLabels ? .right : .top, angle: turnsLabels ? -.pi / 2 : 0)
        }
        for tick in yTicks where !tick.label.isEmpty {
            guard let y = point(x.lower, tick.value)?.y else { continue }
            canvas.text(
                tick.label, at: Point(area.x - 7, y), font: Theme.tick, color: Theme.secondaryText, anchor: .right)
        }
    }

    private func drawLabels(in frame: Rectangle, tickWidth: Double, tickHeight: Double) {
        if !x.label.isEmpty {
            canvas.text(
                x.label, at: Point(area.center.x, area.maxY + tickHeight + 8), color: Theme.text, anchor: .top)
        }
        if !y.label.isEmpty {
            canvas.text(
                y.label, at: Point(area.x - tickWidth - 14, area.center.y), color: Theme.text, anchor: .bottom,
                angle: -.pi / 2)
        }
    }
}
