import SwitchbackVision

/// A way to run a network, what it costs, and how good it is.
struct BenchmarkRow: Encodable {
    let way: String
    /// For one input.
    let inferenceMs, postprocessMs, imagesPerSecond: Double
    let peakMegabytes: Double
    /// Of detectors.
    let map50, map: Double?
    /// Of classifiers.
    let accuracy: Double?

    /// - Parameter batch: how many inputs were computed at a time.
    init(
        _ way: String, _ times: RunTimes, batch: Int, map50: Double? = nil, map: Double? = nil, accuracy: Double? = nil
    ) {
        let (inference, postprocess) = (times.inference / Double(batch), times.postprocess / Double(batch))
        self.way = way
        (inferenceMs, postprocessMs) = (inference * 1000, postprocess * 1000)
        imagesPerSecond = 1 / (inference + postprocess)
        peakMegabytes = Double(times.peakBytes) / 1e6
        (self.map50, self.map, self.accuracy) = (map50, map, accuracy)
    }

    /// The rows as a table.
    ///
    /// - Parameters:
    ///   - noun: what inputs are called.
    ///   - figures: the columns of what was measured, by their titles.
    static func table(
        _ rows: [BenchmarkRow], noun: String, _ figures: [(title: String, value: (BenchmarkRow) -> Double?)]
    ) -> TextTable {
        let header = ["variant", "ms inference", "ms postprocess", "\(noun)s/s", "peak MB"] + figures.map(\.title)
        return TextTable(
            header,
            rows.map { row in
                [
                    row.way, row.inferenceMs.formatted(1), row.postprocessMs.formatted(1),
                    row.imagesPerSecond.formatted(1), row.peakMegabytes.formatted(1),
                ] + figures.map { $0.value(row)?.formatted(3) ?? "" }
            })
    }
}
