import Foundation
import SwitchbackFormats

/// A folder for what is needed for a while, which disappears with it. Whoever puts the first file there makes it.
final class WorkingFolder {
    let path: String

    init(in parent: String) {
        path = Folder.join(parent, UUID().uuidString)
        UnfinishedFiles.begin(path)
    }

    deinit {
        try? FileManager.default.removeItem(atPath: path)
        UnfinishedFiles.end(path)
    }
}
