import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision
import Synchronization

/// What the model of a run finds in all images of a data set: found one after another, and kept in a file, so that neither
/// a stop nor a kill begins anew.
///
/// The file's first line names the weights, and each other line is an ``ImageFinding``. Other weights begin it anew.
final class Judgement: Sendable {
    /// `TASK/NAME`.
    let run: String
    private let path: String
    private let state = Mutex(State())

    private struct State {
        var findings: [String: ImageFinding] = [:]
        var weights = ""
        var total = 0
        var isWorking = false
        var isStopping = false
        var problem: String?
        var omitted = 0
    }

    struct Answer: Encodable, Sendable {
        let run: String
        /// How many images were looked at, of how many.
        let done, total: Int
        let isWorking: Bool
        /// Images that cannot be read.
        let omitted: Int
        /// Why it ended before its end.
        let problem: String?
    }

    /// - Parameter folder: of what the studio keeps about the data set.
    init(of run: String, in folder: String) {
        self.run = run
        path = Folder.join(folder, "judgements/\(run.replacing("/", with: "~")).jsonl")
    }

    var answer: Answer {
        state.withLock {
            Answer(
                run: run, done: $0.findings.count + $0.omitted, total: $0.total, isWorking: $0.isWorking,
                omitted: $0.omitted, problem: $0.problem)
        }
    }

    /// The findings of the images as they are now.
    func findings(for images: [IndexedImage]) -> [UInt64: ImageFinding] {
        let known = state.withLock { $0.findings }
        return Dictionary(
            uniqueKeysWithValues: images.compactMap { image in
                guard let finding = known[String(image.id, radix: 16)], finding.version == image.version else {
                    return nil
                }
                return (image.id, finding)
            })
    }

    /// Whether it was not at work: then it is now, and `work` has to be called.
    func begin() -> Bool {
        state.withLock { state in
            defer { (state.isWorking, state.isStopping) = (true, false) }
            return !state.isWorking
        }
    }

    func stop() { state.withLock { $0.isStopping = true } }

    /// Looks at all images that it does not know. Takes long.
    func work(_ set: OpenDataSet, _ run: RunRecord) {
        var problem: String?
        do { try catchingErrors { try self.look(set, run) } } catch { problem = "\(error)" }
        state.withLock { ($0.isWorking, $0.problem) = (false, problem) }
    }

    private func look(_ set: OpenDataSet, _ run: RunRecord) throws {
        let weights = try RunFolder.weightFile(run.path)
        let content = try set.index.now()
        try read(Self.head(weights, content.classNames))
        let known = findings(for: content.images)
        let missing = content.images.filter { known[$0.id] == nil }
        state.withLock { state in
            state.findings = Dictionary(uniqueKeysWithValues: known.values.map { ($0.image, $0) })
            (state.total, state.omitted) = (content.images.count, 0)
        }
        if missing.isEmpty { return }
        let model = try JudgingModel(weights, isClassifier: run.task == "classify", classNames: content.classNames)
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        defer { try? file.close() }
        try file.seekToEnd()
        for image in missing {
            if state.withLock({ $0.isStopping }) { return }
            guard let finding = try? model.finding(in: image) else {
                state.withLock { $0.omitted += 1 }
                continue
            }
            try file.write(contentsOf: Data((JSON.text(finding) + "\n").utf8))
            state.withLock { $0.findings[finding.image] = finding }
        }
    }

    /// The line that names the weights by their path, size and time, and the classes, whose numbers the findings have.
    private static func head(_ weights: String, _ classNames: [String]) -> String {
        let stamp = FileStamp(weights)
        return "\(weights) \(stamp.size) \(stamp.changed) \(Checksum.crc32(classNames.joined(separator: "\n")))"
    }

    /// Reads what is known; where it is of other weights or classes, or there is no file, one is begun.
    private func read(_ head: String) throws {
        if state.withLock({ $0.weights == head }) { return }
        let lines = (try? TextFile.lines(path)) ?? []
        if lines.first.map(String.init) == head {
            // What is cut short at the end was being written when the studio was killed; the next line begins behind it.
            let findings = lines.dropFirst().compactMap { JSON.value(ImageFinding.self, String($0)) }
            state.withLock { $0.findings = Dictionary(findings.map { ($0.image, $0) }) { $1 } }
            let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
            try file.seekToEnd()
            try file.write(contentsOf: Data("\n".utf8))
            try file.close()
        } else {
            state.withLock { $0.findings = [:] }
            try OutputFolder.make(Folder.parent(path))
            try AtomicFile.write(head + "\n", to: path)
        }
        state.withLock { $0.weights = head }
    }
}

/// The judgements of data sets by runs, one at work at a time.
final class Judgements: Sendable {
    private let runs: RunLookup
    private let known = Mutex<[String: Judgement]>([:])
    private let working = NSLock()

    init(_ runs: RunLookup) { self.runs = runs }

    func stop() { known.withLock { $0 }.values.forEach { $0.stop() } }

    /// - Parameter run: `TASK/NAME`.
    func judgement(of set: OpenDataSet, by run: String) throws -> Judgement {
        let record = try runs.run(ofID: run)
        let id = RunSummary.id(of: record)
        return known.withLock { known in
            let key = "\(set.folder.root)\n\(id)"
            let judgement = known[key] ?? Judgement(of: id, in: set.folder.state)
            known[key] = judgement
            return judgement
        }
    }

    /// Looks at what the run's model has not seen yet, in a thread of its own.
    ///
    /// - Throws: `InputError` where the run has no model that looks at images of the data set.
    func begin(_ set: OpenDataSet, by run: String) throws -> Judgement.Answer {
        let record = try runs.run(ofID: run)
        let isClassifier = record.task == "classify"
        guard isClassifier == (set.folder.kind == .classes), RunSummary.visionTasks.contains(record.task) else {
            throw InputError(run, "is of another task than the data set", remedy: "choose a run that learned such data")
        }
        _ = try RunFolder.weightFile(record.path)
        let judgement = try judgement(of: set, by: run)
        if judgement.begin() {
            let thread = Thread { [working] in
                working.withLock { judgement.work(set, record) }
            }
            thread.name = "judging"
            thread.stackSize = 8 << 20
            thread.start()
        }
        return judgement.answer
    }
}
