import Foundation
import SwitchbackFormats
import SwitchbackTraining

/// One line in the list of runs.
struct RunSummary: Encodable, Sendable {
    /// `TASK/NAME`, below the folder of runs.
    let id: String
    let path: String
    let task: String
    let progress: String
    let isComplete: Bool
    let best: [String: Double]
    /// The tasks of runs whose models look at images.
    static let visionTasks = ["detect", "segment", "pose", "obb", "classify"]
    /// The tasks of runs that can be served.
    static let servedTasks = visionTasks + TalkRoutes.tasks

    /// Whether there is a model to try.
    let canTry: Bool
    /// Whether there is one to serve.
    let canServe: Bool
    /// Whether it can go on: it was stopped, or is at work now.
    let canResume: Bool
    /// In seconds since 1970.
    let modified: Double

    init(_ run: RunRecord) {
        (id, path, task, progress) = (RunSummary.id(of: run), run.path, run.task, run.progress)
        (isComplete, modified) = (run.isComplete, run.modified.timeIntervalSince1970)
        canServe =
            TalkRoutes.tasks.contains(run.task)
            ? (try? TalkRoutes.weights(of: run)) != nil
            : RunSummary.visionTasks.contains(run.task) && (try? RunFolder.weightFile(run.path)) != nil
        canTry = canServe || SentenceRoutes.tasks.contains(run.task) && SentenceRoutes.model(of: run) != nil
        canResume = !run.isComplete && Folder.exists(Folder.join(run.path, "resume"))
        best = Dictionary(run.results.bestMetrics.map { ($0.name, $0.value) }) { $1 }
    }

    /// The last two parts of the run's path.
    static func id(of run: RunRecord) -> String {
        run.path.split(separator: "/").suffix(2).joined(separator: "/")
    }
}

/// All that the page shows of one run.
struct RunDetails: Encodable, Sendable {
    struct Sentence: Encodable, Sendable {
        let severity: Verdict.Severity
        let text: String
    }

    let summary: RunSummary
    let arguments: [String: String]
    let columns: [String]
    /// A row for each validation; a cell that is empty or no finite number is null.
    let rows: [[Double?]]
    let bestRow: Int?
    /// What the diagnosis found; empty where the run was not trained with `--diagnose`.
    let diagnosis: [Sentence]
    /// Of a training that is at work.
    let pace: TrainingPace?

    /// - Parameter training: with what it has printed, if it is at work.
    /// - Throws: `InputError` where the run's diagnosis is damaged.
    init(_ run: RunRecord, _ training: (job: Job, output: String)?) throws {
        pace = training.map { TrainingPace(run, $0.job, output: $0.output, now: Date()) }
        summary = RunSummary(run)
        let given = run.arguments.compactMap { pair in run.argument(pair.key).map { (pair.key, $0) } }
        arguments = Dictionary(given) { $1 }
        columns = run.results.columns
        rows = run.results.rows.map { row in row.map { $0.flatMap { $0.isFinite ? $0 : nil } } }
        bestRow = run.results.bestRow
        diagnosis = try RunDetails.sentences(in: run.path)
    }

    private static func sentences(in folder: String) throws -> [Sentence] {
        let path = "\(folder)/\(Diagnosis.fileName)"
        guard FileManager.default.fileExists(atPath: path) else { return [] }
        return try Diagnosis(path: path, ignoringCutEnd: true).verdicts.map {
            Sentence(severity: $0.severity, text: "\($0)")
        }
    }
}
