import Switchback

/// A listener that draws `results.png`: now and then while the training continues, and at its end.
public final class RunPlots {
    private var history: [EpochResult] = []
    private var folder: RunFolder?
    private var lastDrawn = ContinuousClock.now

    public init() {}

    public func receive(_ event: TrainingEvent) throws -> TrainingDecision {
        switch event {
        case .started(let start):
            history = start.history
            folder = start.folder
        case .epoch(let result):
            history.append(result)
            if ContinuousClock.now - lastDrawn > .seconds(60) { RunDrawing.attempt(draw) }
        case .finished: RunDrawing.attempt(draw)
        default: break
        }
        return .continue
    }

    private func draw() throws {
        guard let folder, !history.isEmpty else { return }
        try RunCurves([(folder.path, ResultsTable(history))]).write(to: folder.file("results.png"))
        lastDrawn = .now
    }
}
