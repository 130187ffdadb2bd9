import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// What the pages below `/data` ask for: the data sets of a folder, their images, labels, faults and exports.
///
/// The folders on disk stay the truth: programs may change them at any time. Work is done on threads of its own, so that
/// a stroke in the editor never waits for a thumbnail or an import.
package struct DataRoutes: Sendable {
    let sets: OpenDataSets
    let proposing: ProposingModel
    let judgements: Judgements
    let outlining = OutlineFinder()
    /// For lists, statistics, uploads, imports and checks.
    let files = WorkQueue("data", threads: 2, limit: 256)
    /// For labels.
    let strokes = WorkQueue("labels", threads: 2, limit: 256)
    /// For thumbnails and views.
    let previews = WorkQueue("previews", threads: 2, limit: 512)

    /// - Parameters:
    ///   - folder: below it lie the data sets, and new ones are made in it.
    ///   - runs: the folder that runs are saved in.
    package init(folder: String, runs: String) {
        sets = OpenDataSets(folder: folder)
        let lookup = RunLookup(output: runs)
        proposing = ProposingModel(lookup)
        judgements = Judgements(lookup)
    }

    /// Ends the threads.
    package func stop() {
        for queue in [files, strokes, previews] { queue.stop() }
        proposing.stop()
        outlining.stop()
        judgements.stop()
    }

    package func add(to router: some RouterMethods<some RequestContext>) {
        let group = router.group("api/v1/data")
        addSets(to: group)
        addImages(to: group)
        addLabels(to: group)
        addOutlines(to: group)
        addCheck(to: group)
        addArranging(to: group)
        addVersions(to: group)
        addJudging(to: group)
    }

    /// How long may be needed for what looks at each image of a large data set.
    static let longSeconds = 1800.0

    // MARK: Data sets

    private struct SetList: Encodable, Sendable {
        let folder: String
        let sets: [DataSummary]
    }

    private func addSets(to group: RouterGroup<some RequestContext>) {
        group.get { [sets] _, _ in
            await files.answer(within: Self.longSeconds) {
                SetList(folder: sets.catalog.folder, sets: sets.list())
            }
        }
        group.post { [sets] request, _ in
            await files.answer(request, within: Self.longSeconds) { fields in
                try sets.create(NewDataSet(fields))
            }
        }
        group.get(":set") { [sets] _, context in
            let name = try context.parameters.part("set")
            return await files.answer(within: Self.longSeconds) {
                let set = try sets.set(name)
                guard set.folder.kind.isShown else {
                    throw InputError(set.folder.root, "has to be imported before it is shown here")
                }
                let readOnly = try set.readOnly?.description
                return DataStatistics(
                    set.folder, try set.index.now(), keypoints: try set.keypoints().layout, readOnly: readOnly)
            }
        }
        group.post(":set/classes") { [sets] request, context in
            let name = try context.parameters.part("set")
            return await files.answer(request) { fields in
                let set = try sets.set(name)
                guard let description = set.folder.description else {
                    throw InputError(
                        set.folder.root, "has folders for classes", remedy: "make a folder for the new one")
                }
                let newName = try fields.string("name")
                _ = try set.changing { try ClassList.add([newName], to: description) }
                return try set.index.now(isFresh: true).classNames
            }
        }
        group.post(":set/keypoints") { [sets] request, context in
            let name = try context.parameters.part("set")
            return await files.answer(request) { fields in
                let set = try sets.set(name)
                return try set.changing { try set.setKeypoints(fields) }
            }
        }
        group.post(":set/imports") { [sets] request, context in
            let name = try context.parameters.part("set")
            return await files.answer(request, within: Self.longSeconds) { _ in
                try DataImport.make(sets.set(name).folder, in: sets.catalog)
            }
        }
        group.post(":set/exports") { [sets] request, context in
            let name = try context.parameters.part("set")
            return await files.answer(request, within: Self.longSeconds) { fields in
                let set = try sets.set(name)
                return try DataExport(
                    set.folder, set.index.now(isFresh: true), as: fields.choice("format", default: DataFormat.yolo))
            }
        }
        group.post(":set/files") { request, context in
            try await receive(request, try context.parameters.part("set"))
        }
    }

    /// Takes a file from the body of a request into a data set.
    private func receive(_ request: Request, _ name: String) async throws -> Response {
        do {
            // Forms and plain text are what a page of another origin may send without asking.
            guard request.headers[.contentType]?.lowercased().hasPrefix("application/octet-stream") == true else {
                throw APIError.unsupportedMediaType(
                    request.headers[.contentType] ?? "nothing that is named",
                    wanted: "the file, with the header Content-Type: application/octet-stream")
            }
            let query = request.uri.queryParameters
            let set = try await files.run(within: Self.longSeconds) { [sets] in try sets.set(name) }
            let (split, className): (DataSplit?, String?) = (try query.choice("split"), query.get("class"))
            let seconds = try query.seconds("every") ?? 1
            let working = Folder.join(set.folder.state, "uploads")
            let file = try await UploadedFile.receive(request, name: query.get("name") ?? "", in: working)
            return await files.answer(within: Self.longSeconds) {
                defer { file.remove() }
                return try set.add(
                    file, split: split, className: className, every: seconds, workingIn: working)
            }
        } catch {
            return Response(refusing: error)
        }
    }
}

extension Parameters {
    private static let mostSeconds = 86_400.0

    /// A number of seconds; `nil` where the part is missing or empty.
    fileprivate func seconds(_ name: String) throws -> Double? {
        guard let text = get(name), !text.isEmpty else { return nil }
        guard let seconds = Double(text), (0...Self.mostSeconds).contains(seconds) else {
            throw InputError(
                "request", at: "field \(name)", "it is no number of seconds from 0 to \(Int(Self.mostSeconds))")
        }
        return seconds
    }
}
