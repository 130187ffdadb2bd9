import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// A data set that pages look at: the index of its images, and its labels. Used from several threads.
final class OpenDataSet: @unchecked Sendable {
    let folder: DataFolder
    let index: DataIndex
    private let hold: DataHold
    /// Held while files or classes are added, moved or removed.
    private let changing = NSLock()
    // Guarded by it.
    var names = PlacedNames()
    private let lock = NSLock()
    // Guarded by the lock.
    private var store: (labels: LabelStore, isHeld: Bool)?
    /// By the description, which other programs may change at any time.
    private let layouts = KeptByFile<SaidKeypoints>()

    init(_ folder: DataFolder) {
        self.folder = folder
        let index = DataIndex(folder)
        self.index = index
        // What a studio that was killed had begun is completed by the one that may change the data set.
        hold = DataHold(folder.state) {
            if FileMoves.recover(in: folder.state) { index.forget() }
        }
        if FileMoves.areUnfinished(in: folder.state) { try? hold.take() }
    }

    /// Why nothing can be changed; `nil` where it can.
    var readOnly: InputError? {
        get throws {
            if folder.kind == .yolo { return try labels().readOnly }
            do { try hold.take() } catch let problem as InputError { return problem }
            return nil
        }
    }

    /// Changes files of the data set, one caller after another.
    ///
    /// - Throws: `InputError` where another studio has it open; and what `body` throws.
    func changing<Value>(_ body: () throws -> Value) throws -> Value {
        try changing.withLock {
            try hold.take()
            return try body()
        }
    }

    /// The labels; the journal is opened when they are first asked for.
    ///
    /// - Throws: `InputError` where the data set has none.
    func labels() throws -> LabelStore {
        guard folder.kind == .yolo else {
            throw InputError(folder.root, "its images are sorted into folders: there are no objects to label in them")
        }
        // Another studio that had the data set may have ended.
        let isHeld = (try? hold.take()) != nil
        var content = try index.known()
        let keypoints = try keypoints()
        if content.description != keypoints.file { content = try index.now(isFresh: true) }
        return lock.withLock {
            if let store, store.isHeld == isHeld {
                store.labels.follow(keypoints.layout)
                return store.labels
            }
            let labels = LabelStore(hold, keypoints: keypoints.layout) { id in
                content.image(id).map(LabelStore.Image.init)
            }
            store = (labels, isHeld)
            return labels
        }
    }

    /// The keypoints that its objects have now: other programs may change the data.yaml at any time.
    ///
    /// - Throws: `InputError` where it cannot be read.
    func keypoints() throws -> SaidKeypoints {
        try folder.description.flatMap { try layouts.keypoints(in: $0) } ?? SaidKeypoints()
    }

    /// Does something during which no label is changed.
    ///
    /// - Throws: `InputError` where labels cannot be written, as in another studio's data set; and what `body` throws.
    func exclusively<Value>(_ body: () throws -> Value) throws -> Value {
        guard folder.kind == .yolo else { return try body() }
        let store = try labels()
        if let problem = store.readOnly { throw problem }
        return try store.exclusively(body)
    }

    /// Changes the labels of an image, and what the index knows of them.
    func change(
        _ image: IndexedImage, _ change: (LabelStore, LabelStore.Image) throws -> LabelStore.Outcome
    ) throws -> LabelStore.Outcome {
        let outcome = try change(labels(), LabelStore.Image(image))
        index.refresh(image.id)
        return outcome
    }
}

extension LabelStore.Image {
    init(_ image: IndexedImage) {
        self.init(id: image.id, name: image.path, labelPath: YOLOData.labelPath(ofImage: image.path))
    }
}

/// The data sets below a folder, each opened once.
final class OpenDataSets: @unchecked Sendable {
    let catalog: DataCatalog
    private let lock = NSLock()
    // Guarded by the lock.
    private var open: [String: OpenDataSet] = [:]

    init(folder: String) { catalog = DataCatalog(folder: folder) }

    /// - Throws: `APIError` where there is no such data set.
    func set(_ name: String) throws -> OpenDataSet {
        if let known = lock.withLock({ open[name] }), Folder.isFolder(known.folder.root) { return known }
        return opened(try catalog.set(name))
    }

    private func opened(_ folder: DataFolder) -> OpenDataSet {
        lock.withLock {
            if let known = open[folder.name], known.folder.root == folder.root, known.folder.kind == folder.kind {
                return known
            }
            let set = OpenDataSet(folder)
            open[folder.name] = set
            return set
        }
    }

    /// Makes a data set, with the images of a folder where one was named: linked, so that they stay there and take no space.
    func create(_ request: NewDataSet) throws -> DataSummary {
        let source = try request.source.map { try set($0).folder }
        let folder = try catalog.create(request)
        guard let source else { return DataSummary(folder, nil) }
        try folder.keep(source: source.root)
        let made = opened(folder)
        let staged = Folder.join(folder.state, "uploads/\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(atPath: staged) }
        for path in try ImageSurvey.files(in: source.root) {
            try linkOrCopy(path, to: Folder.join(staged, (path as NSString).lastPathComponent))
        }
        _ = try made.add { try $0.add(folder: staged, workingIn: Folder.join(folder.state, "uploads")) }
        return DataSummary(folder, made.index)
    }

    /// The summaries of all.
    func list() -> [DataSummary] {
        catalog.sets().map { DataSummary($0, $0.kind.isShown ? opened($0).index : nil) }
    }

    /// The data set that the option `--data` of a training meant, or a version of which it did; `nil` where it is none of
    /// this folder.
    func set(learnedFrom path: String) throws -> OpenDataSet? {
        let path = URL(fileURLWithPath: path).standardizedFileURL.path
        let folder = catalog.sets().first { set in
            [set.root, set.description].contains(path)
                || path.hasPrefix(DataVersion.folder(in: set.state) + "/")
        }
        return folder.map(opened)
    }
}
