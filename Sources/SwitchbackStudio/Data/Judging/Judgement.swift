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
        /// The first line of the file that the findings are of; `nil` where none was read.
        var head: String?
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

    /// Takes up what an earlier studio has found, where it is of the run's weights as they are now.
    func takeUp(_ set: OpenDataSet, _ run: RunRecord) throws {
        if state.withLock({ $0.head != nil || $0.isWorking }) { return }
        let (weights, content) = (try RunFolder.weightFile(run.path), try set.index.now())
        // At work it knows more than the file.
        state.withLock { if !$0.isWorking { read(Self.head(weights, content.classNames), content, &$0) } }
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
        let head = Self.head(weights, content.classNames)
        state.withLock { read(head, content, &$0) }
        let known = findings(for: content.images)
        let missing = content.images.filter { known[$0.id] == nil }
        state.withLock { state in
            state.findings = Dictionary(uniqueKeysWithValues: known.values.map { ($0.image, $0) })
            (state.total, state.omitted) = (content.images.count, 0)
        }
        if missing.isEmpty { return }
        let model = try JudgingModel(weights, isClassifier: run.task == "classify", classNames: content.classNames)
        let file = try set.changing { try begun(head) }
        defer { try? file.close() }
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

    /// Reads what is known, unless that was done; of other weights or classes it is nothing.
    private func read(_ head: String, _ content: DataIndex.Content, _ state: inout State) {
        if state.head == head { return }
        let lines = (try? TextFile.lines(path)) ?? []
        // What is cut short at the end was being written when the studio was killed.
        let found = lines.first?.isExactly(head) == true ? lines.dropFirst() : []
        let findings = found.compactMap { JSON.value(ImageFinding.self, String($0)) }
        state.findings = Dictionary(findings.map { ($0.image, $0) }) { $1 }
        (state.head, state.total, state.omitted, state.problem) = (head, content.images.count, 0, nil)
    }

    /// The file to write on, begun anew where it is of other weights.
    private func begun(_ head: String) throws -> FileHandle {
        let first = try? TextFile.lines(path).first
        if first?.isExactly(head) != true {
            try OutputFolder.make(Folder.parent(path))
            try AtomicFile.write(head, to: path)
        }
        let file = try FileHandle(forUpdating: URL(fileURLWithPath: path))
        try file.seekToEnd()
        // The next line begins behind what was cut short.
        try file.write(contentsOf: Data("\n".utf8))
        return file
    }
}

/// The judgements of data sets by runs, one at work at a time.
final class Judgements: Sendable {
    private let runs: RunLookup
    private let known = Mutex<[String: Judgement]>([:])
    private let working = NSLock()

    init(_ runs: RunLookup) { self.runs = runs }

    func stop() { known.withLock { $0 }.values.forEach { $0.stop() } }

    /// What a run has found in a data set so far.
    ///
    /// - Parameter run: `TASK/NAME`.
    /// - Throws: `InputError` where the run has no model.
    func judgement(of set: OpenDataSet, by run: String) throws -> Judgement {
        let record = try runs.run(ofID: run)
        let judgement = judgement(of: set, by: record)
        try judgement.takeUp(set, record)
        return judgement
    }

    private func judgement(of set: OpenDataSet, by run: RunRecord) -> Judgement {
        let id = RunSummary.id(of: run)
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
        let judgement = judgement(of: set, by: record)
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
