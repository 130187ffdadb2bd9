import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// A data set that pages look at: the index of its images, and its labels. Used from several threads.
final class OpenDataSet: @unchecked Sendable {
    let folder: DataFolder
    let index: DataIndex
    /// Held while files or classes are added.
    let adding = NSLock()
    // Guarded by it.
    var memory = AddingMemory()
    private let lock = NSLock()
    // Guarded by the lock.
    private var store: LabelStore?

    init(_ folder: DataFolder) {
        self.folder = folder
        index = DataIndex(folder)
    }

    /// The labels; the journal is opened when they are first asked for.
    ///
    /// - Throws: `InputError` where the data set has none.
    func labels() throws -> LabelStore {
        guard folder.kind == .yolo else {
            throw InputError(folder.root, "its images are sorted into folders: there are no objects to label in them")
        }
        let content = try index.known()
        return lock.withLock {
            if let store { return store }
            let store = LabelStore(folder: folder.state, hasKeypoints: content.hasKeypoints) { id in
                content.image(id).map(LabelStore.Image.init)
            }
            self.store = store
            return store
        }
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

    /// The summaries of all.
    func list() -> [DataSummary] {
        catalog.sets().map { DataSummary($0, $0.kind == .foreign ? nil : opened($0).index) }
    }
}
