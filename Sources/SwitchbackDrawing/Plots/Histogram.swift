import Foundation

/// How often values occur.
public struct Histogram: Figure {
    public var title: String?
    public var x: Axis
    /// The limits of the bins: one more than there are counts.
    public var edges: [Double]
    public var counts: [Double]

    /// Bins that were counted elsewhere.
    public init(title: String? = nil, x: Axis, edges: [Double], counts: [Double]) {
        self.title = title
        self.x = x
        self.edges = edges
        self.counts = counts
    }

    /// Counts values in bins of equal width; NaN and infinity are omitted.
    ///
    /// - Parameter bins: how many; by default as many as suit the number of values and their spread (Freedman and
    ///   Diaconis, 1981), from 8 to 80.
    public init(title: String? = nil, x: Axis, _ values: [Double], bins: Int? = nil) {
        let finite = values.filter(\.isFinite).sorted()
        var (low, high) = (finite.first ?? 0, finite.last ?? 1)
        if low == high { (low, high) = (low - 0.5, high + 0.5) }
        let bins = max(1, bins ?? Self.suitableBins(for: finite))
        var counts = [Double](repeating: 0, count: bins)
        for value in finite { counts[min(Int((value - low) / (high - low) * Double(bins)), bins - 1)] += 1 }
        let edges = (0...bins).map { low + (high - low) * Double($0) / Double(bins) }
        self.init(title: title, x: x, edges: edges, counts: counts)
    }

    private static func suitableBins(for sorted: [Double]) -> Int {
        guard let low = sorted.first, let high = sorted.last, high > low else { return 8 }
        let spread = sorted[sorted.count * 3 / 4] - sorted[sorted.count / 4]
        if spread == 0 { return 20 }
        let bins = (high - low) / (2 * spread / pow(Double(sorted.count), 1 / 3))
        return Int(min(max(bins, 8), 80))
    }

    public func draw(on canvas: Canvas, in frame: Rectangle) {
        let frame = PlotFrame(
            on: canvas, in: frame, title: title, x: AxisScale(x, showing: edges),
            y: AxisScale(Axis("count"), showing: counts, padding: 0.05, includesZero: true))
        for (i, count) in counts.enumerated() where i + 1 < edges.count {
            guard let start = frame.point(edges[i], 0), let end = frame.point(edges[i + 1], count) else { continue }
            let bar = Rectangle(x: start.x, y: end.y, width: max(end.x - start.x - 1, 0.5), height: start.y - end.y)
            canvas.fill(.rectangle(bar), Theme.color(0))
        }
    }
}
