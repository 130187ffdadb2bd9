import Switchback
import SwitchbackDrawing

/// The results of one run or of several as curves: a plot for each metric and one for the learning rate.
public struct RunCurves {
    private let runs: [(name: String, results: ResultsTable)]

    /// Throws `InputError` if none of the runs has results.
    public init(_ records: [RunRecord]) throws {
        let runs = records.filter { !$0.results.rows.isEmpty }.map { ($0.path, $0.results) }
        guard let first = records.first else { throw InputError("runs", "there are none to draw") }
        if runs.isEmpty { throw InputError(first.path, "there was no validation yet, so there are no curves to plot") }
        self.init(runs)
    }

    init(_ runs: [(name: String, results: ResultsTable)]) { self.runs = runs }

    /// The figure: of several runs, each has a color; what was measured in training is dashed.
    public var figure: any Figure {
        let plots = metricNames.map { plot($0, ["train/\($0)", "val/\($0)"]) } + [plot("learning rate", ["lr"])]
        return FigureGrid(title: runs.count == 1 ? runs[0].name : nil, columns: plots.count > 4 ? 3 : 2, plots)
    }

    /// Writes the figure as PNG or SVG, as the path's ending says. Throws `InputError` if that is another, or the file
    /// cannot be written.
    public func write(to path: String) throws { try figure.write(to: path) }

    /// The metric's name without its group.
    private var metricNames: [String] {
        var seen = Set<String>()
        return runs.flatMap(\.results.columns).compactMap { column in
            let parts = column.split(separator: "/", maxSplits: 1)
            guard parts.count == 2, ["train", "val"].contains(parts[0]) else { return nil }
            return String(parts[1])
        }.filter { seen.insert($0).inserted }
    }

    private func plot(_ name: String, _ columns: [String]) -> Plot {
        let series = runs.enumerated().flatMap { position, run in
            columns.compactMap { curve($0, of: run.results, named: runs.count == 1 ? nil : run.name, position) }
        }
        return Plot(title: name, x: Axis(xColumn), y: Axis(), series)
    }

    /// Epochs, unless some have several validations.
    private var xColumn: String {
        let isByEpoch = runs.allSatisfy { run in
            let epochs = run.results.values("epoch")
            return Set(epochs).count == epochs.count
        }
        return isByEpoch ? "epoch" : "step"
    }

    private func curve(_ column: String, of results: ResultsTable, named run: String?, _ position: Int) -> Series? {
        guard results.columns.contains(column) else { return nil }
        let points = zip(results.values(xColumn), results.values(column)).map {
            Series.Value($0 ?? .nan, $1 ?? .nan)
        }
        let isTraining = column.hasPrefix("train/")
        let part = column == "lr" ? nil : isTraining ? "training" : "held out"
        return Series(
            [run, part].compactMap { $0 }.joined(separator: ", "), points,
            style: points.count < 30 ? .linePoints : .line,
            color: Theme.color(run == nil ? (isTraining ? 1 : 0) : position), isDashed: isTraining)
    }
}
