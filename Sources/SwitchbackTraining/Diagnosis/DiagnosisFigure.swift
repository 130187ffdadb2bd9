import Foundation
import Switchback
import SwitchbackDrawing

extension Diagnosis {
    /// The loss and the learning rate above layers over time as heat maps, the way of the gradient from the output to the
    /// input with all its branches, and what became of the units. Lines mark the steps from which verdicts hold.
    public var figure: any Figure {
        let grid = FigureGrid(
            title: "Backpropagation", columns: 2,
            [
                lossPlot, ratePlot, map(.signal), way, map(.update),
                hasUnits ? map(.lost) : deviations,
            ])
        return Sheet(grid: grid, layerCount: layers.count)
    }

    /// A grid in which every layer has a line, as far as that fits on a screen; the curves above are lower.
    private struct Sheet: Figure {
        let grid: FigureGrid
        let layerCount: Int

        private static let (titleHeight, curveHeight, gap) = (36.0, 260.0, 28.0)
        private var mapHeight: Double { min(max(140 + 15 * Double(layerCount), 380), 1100) }

        var preferredSize: Size {
            Size(1560, Self.titleHeight + Self.curveHeight + 2 * (mapHeight + Self.gap))
        }

        func draw(on canvas: Canvas, in frame: Rectangle) {
            let rows = frame.height - Self.titleHeight - Self.curveHeight
            let curves = FigureGrid(title: grid.title, columns: 2, Array(grid.figures.prefix(2)))
            let maps = FigureGrid(columns: 2, Array(grid.figures.dropFirst(2)))
            curves.draw(on: canvas, in: frame.inset(bottom: rows))
            maps.draw(on: canvas, in: frame.inset(top: frame.height - rows + Self.gap))
        }
    }

    // MARK: Curves

    /// The steps from which verdicts hold.
    private var markers: [Plot.Marker] {
        verdicts.compactMap { verdict in
            guard let onset = verdict.onset, verdict.severity > .note else { return nil }
            return Plot.Marker(.x(Double(onset + 1)), verdict.kind.rawValue)
        }
    }

    private func curve(_ name: String, _ value: (StepRecord) -> Double?) -> Series {
        Series(name, records.map { Series.Value(Double($0.step + 1), value($0) ?? .nan) })
    }

    private var lossPlot: Plot {
        let held = validations.compactMap { validation in
            validation.validationLoss.map { Series.Value(Double(validation.step), $0) }
        }
        let series = [curve("loss", \.loss)] + (held.isEmpty ? [] : [Series("held-out loss", held, style: .linePoints)])
        return Plot(title: "Loss", x: Axis("step"), y: Axis(), series, markers: markers)
    }

    private var ratePlot: Plot {
        Plot(
            title: "Learning rate", x: Axis("step"), y: Axis(), [curve("learning rate", \.rate)],
            markers: markers.map { Plot.Marker($0.place) })
    }

    // MARK: Maps

    /// The color of what is the worst: that nothing arrives.
    private static let zero = Color(0xD62728)

    private var hasUnits: Bool { layers.contains { $0.dead != nil || $0.saturated != nil } }

    private func map(_ kind: DiagnosisMap) -> HeatMap {
        let rows = layers.filter { layer in
            records.contains { $0[layer.layer].flatMap(kind.value) != nil }
        }
        var map = HeatMap(
            title: "\(kind.title), as a \(kind.unit)", rows: rows.map { "\($0.label) \($0.layerType)" },
            columns: records.map { "\($0.step + 1)" }, columnLabel: "step",
            values: rows.map { row in records.map { shown(kind.colored($0[row.layer], in: $0)) } },
            color: Axis("", scale: kind.isLogarithmic ? .logarithmic : .linear, range: kind.range),
            showsNumbers: false)
        map.specials = [HeatMap.Special("not finite", Color(0xE377C2)) { $0.isInfinite }]
        if kind.isLogarithmic { map.specials.insert(HeatMap.Special("exactly 0", Self.zero) { $0 == 0 }, at: 0) }
        map.usual = kind.healthy
        map.usualName = "what healthy trainings show"
        map.marks = verdicts.compactMap { verdict in
            guard let onset = verdict.onset, verdict.severity > .note else { return nil }
            return records.lastIndex { $0.step <= onset }
        }
        return map
    }

    /// A value for a map, in which NaN is what was not measured.
    private func shown(_ value: Double?) -> Double { value.map { $0.isNaN ? .infinity : $0 } ?? .nan }

    private var deviations: HeatMap {
        let rows = layers.filter { $0.std != nil }
        return HeatMap(
            title: "Standard deviation of each layer's output", rows: rows.map { "\($0.label) \($0.layerType)" },
            columns: records.map { "\($0.step + 1)" }, columnLabel: "step",
            values: rows.map { row in records.map { shown($0[row.layer]?.std) } },
            color: Axis("", scale: .logarithmic, range: 1e-3...1e3), showsNumbers: false)
    }

    // MARK: The way back

    /// The gradient's norm from the output back to the input, at the start and lately: each line leads from a layer to
    /// one that it feeds, so that branches part and meet.
    private var way: Plot {
        let path = layers.filter { $0.signal != nil }
        let depths = LayerDepths(path.map(\.layer), layerLinks)
        // What is 0 has no place on this scale: it stands below all others, in red.
        let floor = (records.flatMap(\.layers).compactMap(\.signal).filter { $0 > 0 && $0.isFinite }.min() ?? 1) / 3
        func value(_ layer: String, _ record: StepRecord) -> Series.Value {
            Series.Value(Double(depths[layer]), record[layer]?.signal.map { max($0, floor) } ?? .nan)
        }
        func series(_ record: StepRecord) -> Series {
            let points = depths.links.flatMap {
                [value($0.from, record), value($0.to, record), Series.Value(.nan, .nan)]
            }
            return Series("step \(record.step + 1)", points, style: path.count < 40 ? .linePoints : .line)
        }
        let shown = [records.first, records.count > 2 ? records[records.count / 2] : nil, records.last]
        var steps: Set<Int> = []
        let dies = verdicts.first { $0.kind == .vanishing }?.layer
        let distinct = shown.compactMap { $0 }.filter { steps.insert($0.step).inserted }
        let zeros = distinct.flatMap { record in
            path.filter { record[$0.layer]?.signal == 0 }.map { value($0.layer, record) }
        }
        let zero = Series("exactly 0", zeros, style: .points, color: Self.zero)
        return Plot(
            title: "The way of the gradient, from the output (left) to the input",
            x: Axis("layers from the output"), y: Axis("norm", scale: .logarithmic),
            distinct.map(series) + (zeros.isEmpty ? [] : [zero]),
            markers: path.filter { $0.layer == dies }.map {
                Plot.Marker(.x(Double(depths[$0.layer])), "vanishes at \($0.name)")
            })
    }
}

/// How far layers are from the output: the longest way over the layers that they feed.
struct LayerDepths {
    let links: [Graph.LayerLink]
    private var depths: [String: Int] = [:]

    /// - Parameters:
    ///   - layers: in the order of computing.
    ///   - links: which feed which; one after the other, if none is known.
    init(_ layers: [String], _ links: [Graph.LayerLink]) {
        let places = Dictionary(layers.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
        let known = links.filter { places[$0.from] != nil && places[$0.to] != nil && $0.from != $0.to }
        self.links =
            known.isEmpty ? zip(layers, layers.dropFirst()).map { Graph.LayerLink(from: $0, to: $1) } : known
        let fed = Dictionary(grouping: self.links, by: \.from)
        // A layer that is computed before those that it feeds has all their depths; one that is used again has not, and
        // counts from where it was first.
        for layer in layers.reversed() {
            depths[layer] = (fed[layer] ?? []).map { (depths[$0.to] ?? 0) + 1 }.max() ?? 1
        }
    }

    subscript(layer: String) -> Int { depths[layer] ?? 1 }
}
