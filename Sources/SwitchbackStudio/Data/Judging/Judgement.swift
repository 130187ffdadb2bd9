import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import SwitchbackVision
import Synchronization

/// What the model of a run finds in all images of a data set: found one after another, and kept in a file, so that neither
/// a stop nor a kill begins anew.
///
/// The first line of its ``FindingFile`` names the weights. Other weights begin it anew.
final class Judgement: Sendable {
    /// `TASK/NAME`.
    let run: String
    private let file: FindingFile
    private let outcomes = KeptOutcomes()
    private let state = Mutex(State())

    private struct State {
        /// The first line of the file that the findings are of; `nil` where none was read.
        var head: String?
        /// How many of the images were looked at, of how many.
        var done = 0, total = 0
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
        file = FindingFile(Folder.join(folder, "judgements/\(run.replacing("/", with: "~")).findings"))
    }

    var answer: Answer {
        state.withLock {
            Answer(
                run: run, done: $0.done + $0.omitted, total: $0.total, isWorking: $0.isWorking,
                omitted: $0.omitted, problem: $0.problem)
        }
    }

    /// The findings of images as they are now.
    func findings() -> Findings { Findings(entries: file.entries, reader: file.reader(), outcomes: outcomes) }

    /// What was found, read image by image.
    struct Findings {
        fileprivate let entries: [UInt64: FindingFile.Entry]
        fileprivate let reader: FindingFile.Reader
        fileprivate let outcomes: KeptOutcomes

        /// Of an image that is another now, nothing is known.
        private func entry(_ image: IndexedImage) -> FindingFile.Entry? {
            entries[image.id].flatMap { $0.version == image.version ? $0 : nil }
        }

        func uncertainty(of image: IndexedImage) -> Float? { entry(image)?.uncertainty }

        func finding(of image: IndexedImage) -> ImageFinding? {
            entry(image).flatMap { reader.finding(image.id, $0) }
        }

        /// How the model does on an image, if that is known; `finding` tells it.
        func counts(of image: IndexedImage, confidence: Float) -> KeptOutcomes.Counts? {
            entry(image).flatMap { outcomes.counts(of: image, $0.offset, confidence: confidence) }
        }

        func keep(_ counts: KeptOutcomes.Counts, of image: IndexedImage, confidence: Float) {
            if let entry = entry(image) { outcomes.keep(counts, of: image, entry.offset, confidence: confidence) }
        }
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
        let missing = unseen(of: content.images)
        state.withLock { state in
            (state.done, state.total) = (content.images.count - missing.count, content.images.count)
            state.omitted = 0
        }
        if missing.isEmpty { return }
        let model = try JudgingModel(weights, isClassifier: run.task == "classify", classNames: content.classNames)
        try set.changing { try file.begin(head) }
        for image in missing {
            if state.withLock({ $0.isStopping }) { return }
            guard let finding = try? model.finding(in: image) else {
                state.withLock { $0.omitted += 1 }
                continue
            }
            try file.append(finding)
            state.withLock { $0.done += 1 }
        }
    }

    /// The images of which nothing is known.
    private func unseen(of images: [IndexedImage]) -> [IndexedImage] {
        let known = findings()
        return images.filter { known.uncertainty(of: $0) == nil }
    }

    /// The line that names the weights by their path, size and time, and the classes, whose numbers the findings have.
    private static func head(_ weights: String, _ classNames: [String]) -> String {
        let stamp = FileStamp(weights)
        return "\(weights) \(stamp.size) \(stamp.changed) \(Checksum.crc32(classNames.joined(separator: "\n")))"
    }

    /// Reads what is known, unless that was done; of other weights or classes it is nothing.
    private func read(_ head: String, _ content: DataIndex.Content, _ state: inout State) {
        if state.head == head { return }
        file.read(head)
        outcomes.clear()
        state.done = content.images.count - unseen(of: content.images).count
        (state.head, state.total, state.omitted, state.problem) = (head, content.images.count, 0, nil)
    }
}

/// The judgements of data sets by runs, one at work at a time.
final class Judgements: Sendable {
    private let runs: RunLookup
    /// The one that was asked for last is the last.
    private let known = Mutex<[(key: String, judgement: Judgement)]>([])
    /// What is known of the images in memory grows with the runs that are compared; files have it.
    private static let mostKnown = 4
    private let working = NSLock()

    init(_ runs: RunLookup) { self.runs = runs }

    func stop() { known.withLock { $0 }.forEach { $0.judgement.stop() } }

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
            let place = known.firstIndex { $0.key == key }
            let judgement = place.map { known.remove(at: $0).judgement } ?? Judgement(of: id, in: set.folder.state)
            known.append((key, judgement))
            if known.count > Self.mostKnown, let idle = known.firstIndex(where: { !$0.judgement.answer.isWorking }) {
                known.remove(at: idle)
            }
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
