import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackTraining
import SwitchbackVision

/// What the page `/watch` asks for: the requests that endpoints have kept, how they differ from what the run has learned
/// from, and the way of an image back to labelling.
struct WatchRoutes: Sendable {
    private let runs: RunLookup
    private let sets: OpenDataSets
    private let folders: WatchFolders
    private let queue = WorkQueue("watch", threads: 1, limit: 64)
    private let requests: MetRequestsByRun
    /// By the file of a run's options, which is another one where another run has taken the name.
    private let training = KeptByFile<TrainingImages>()
    private let classes = ModelClasses()

    private static let seconds = 300.0

    init(_ runs: RunLookup, _ sets: OpenDataSets, _ folders: WatchFolders) {
        (self.runs, self.sets, self.folders) = (runs, sets, folders)
        requests = MetRequestsByRun(folders)
    }

    func stop() { queue.stop() }

    func add(to router: some RouterMethods<some RequestContext>) {
        let group = router.group("api/v1/watch")
        group.get { _, _ in
            await queue.answer { WatchedList(runs: folders.runs()) }
        }
        group.get(":task/:name") { _, context in
            let run = try Self.run(context)
            return await queue.answer(within: Self.seconds) { try answer(run) }
        }
        group.get(":task/:name/images/:image") { _, context in
            let (run, image) = (try Self.run(context), try context.parameters.part("image"))
            return await queue.respond(within: Self.seconds) {
                Response(jpeg: try ImagePreviews.small(folders.image(image, of: run)))
            }
        }
        group.post(":task/:name/label") { request, context in
            let run = try Self.run(context)
            return await queue.answer(request, within: Self.seconds) { try label($0, of: run) }
        }
    }

    private struct WatchedList: Encodable, Sendable { let runs: [String] }

    private static func run(_ context: some RequestContext) throws -> String {
        try "\(context.parameters.part("task"))/\(context.parameters.part("name"))"
    }

    private func answer(_ run: String) throws -> WatchAnswer {
        let met = try requests.met(by: run)
        let record = try runs.run(ofID: run)
        let images = try training.value(of: Folder.join(record.path, "args.yaml")) { _ in
            try set(of: record).map { try TrainingImages($0) }
        }
        return WatchAnswer(run, met, classNames: try classes.names(of: record), images, now: Date())
    }

    /// The data set that a run has learned from, where it is one of this studio's.
    private func set(of run: RunRecord) throws -> OpenDataSet? {
        try run.argument("data").flatMap { try sets.set(learnedFrom: $0) }
    }

    private struct Labeled: Encodable, Sendable {
        let set: String
        let added: Int
        /// What the names of the new images have in common.
        let query = "request-"
    }

    /// Moves kept images to the data set that the run has learned from, to be labelled there.
    private func label(_ fields: ConfigurationFields, of run: String) throws -> Labeled {
        try fields.checkNames(known: ["images"])
        let folder = try folders.path(of: run)
        guard let set = try set(of: runs.run(ofID: run)) else {
            throw InputError(run, "has learned from data that is not in the studio's folder")
        }
        guard set.folder.kind == .yolo else {
            throw InputError(set.folder.root, "its images are sorted into folders", remedy: "sort them there by hand")
        }
        var added = 0
        for value in try fields.array("images") ?? [] {
            guard case .string(let name) = value else { throw fields.problem("images", "names of images are needed") }
            let path = try folders.image(name, of: run)
            let file = UploadedFile(name: name, path: path)
            let report = try set.add(file, split: nil, className: nil, workingIn: folder)
            if let problem = report.problems.first { throw APIError.invalid(problem) }
            added += report.added
            // What is in the data set already leaves the list, too.
            unlink(path)
        }
        return Labeled(set: set.folder.name, added: added)
    }
}
