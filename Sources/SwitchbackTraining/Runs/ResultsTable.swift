/// The rows of `results.csv`: what came of each validation.
struct ResultsTable {
    let columns: [String]
    /// As wide as `columns`; empty where a validation had no such number.
    let rows: [[String]]

    init(_ history: [EpochResult]) {
        let training = ResultsTable.names(history.map(\.training))
        let validation = ResultsTable.names(history.map(\.validation))
        columns =
            ["epoch", "step", "seconds"] + training.map { "train/\($0)" } + validation.map { "val/\($0)" } + ["lr"]
        rows = history.map { result in
            ["\(result.epoch)", "\(result.step)", "\((result.seconds * 1000).rounded() / 1000)"]
                + training.map { result.training[$0].map { "\($0)" } ?? "" }
                + validation.map { result.validation[$0].map { "\($0)" } ?? "" } + ["\(result.learningRate)"]
        }
    }

    /// All names, in the order in which they first appear.
    private static func names(_ metrics: [Metrics]) -> [String] {
        var seen = Set<String>()
        return metrics.flatMap(\.names).filter { seen.insert($0).inserted }
    }

    var text: String { ([columns] + rows).map { $0.joined(separator: ",") + "\n" }.joined() }
}
