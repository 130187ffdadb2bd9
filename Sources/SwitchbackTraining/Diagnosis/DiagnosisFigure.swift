import SwitchbackDrawing

extension Diagnosis {
    /// Layers over time as heat maps, the profile of the gradient from the output to the input, and what became of the
    /// units.
    public var figure: any Figure {
        let grid = FigureGrid(
            title: "Backpropagation", columns: 2,
            [
                map("Gradient of each layer's output", "norm", \.signal), profile,
                map("Change of the weights in a step", "part of the weights' norm", \.update), units,
            ])
        return Sheet(grid: grid, layerCount: layers.count)
    }

    /// A grid in which every layer has a line, as far as that fits on a screen.
    private struct Sheet: Figure {
        let grid: FigureGrid
        let layerCount: Int

        var preferredSize: Size { Size(1560, 2 * min(max(120 + 15 * Double(layerCount), 400), 1100)) }

        func draw(on canvas: Canvas, in frame: Rectangle) { grid.draw(on: canvas, in: frame) }
    }

    private func map(_ title: String, _ unit: String, _ value: KeyPath<LayerRecord, Double?>) -> HeatMap {
        let rows = layers.filter { layer in records.contains { $0[layer.layer]?[keyPath: value] != nil } }
        return HeatMap(
            title: title, rows: rows.map { $0.layer.isEmpty ? "(model)" : $0.layer },
            columns: records.map { "\($0.step)" }, rowLabel: "", columnLabel: "step",
            values: rows.map { row in records.map { $0[row.layer]?[keyPath: value] ?? .nan } },
            color: Axis(unit, scale: .logarithmic), showsNumbers: false)
    }

    /// The gradient's norm from the output back to the input: at the start, and lately.
    private var profile: Plot {
        let path = layers.reversed().filter { $0.signal != nil }
        func series(_ name: String, _ record: StepRecord?) -> Series {
            let values = path.map { record?[$0.layer]?.signal ?? .nan }
            return Series(name, values, style: path.count < 40 ? .linePoints : .line)
        }
        var all = [series("step \(records.first?.step ?? 0)", records.first)]
        if records.count > 2 {
            let middle = records[records.count / 2]
            all.append(series("step \(middle.step)", middle))
        }
        if records.count > 1 { all.append(series("step \(records.last?.step ?? 0)", records.last)) }
        let dies = verdicts.first { $0.kind == .vanishing }?.layer
        let markers = path.firstIndex { $0.layer == dies }.map {
            [Plot.Marker(.x(Double($0 + 1)), "dies at \(path[$0].layer)")]
        }
        return Plot(
            title: "Gradient, from the output (left) to the input", x: Axis("layers from the output"),
            y: Axis("norm", scale: .logarithmic), all, markers: markers ?? [])
    }

    /// The shares of units that are dead or saturated, over time, in the layers that have such.
    private var units: any Figure {
        let rows = layers.filter { $0.dead != nil || $0.saturated != nil }
        guard !rows.isEmpty else {
            return map("Standard deviation of each layer's output", "standard deviation", \.std)
        }
        return HeatMap(
            title: "Dead or saturated units", rows: rows.map { "\($0.layer) → \($0.activation ?? "")" },
            columns: records.map { "\($0.step)" }, columnLabel: "step",
            values: rows.map { row in
                records.map { record in record[row.layer].flatMap { $0.dead ?? $0.saturated } ?? .nan }
            }, color: Axis("share", range: 0...1), showsNumbers: false)
    }
}
