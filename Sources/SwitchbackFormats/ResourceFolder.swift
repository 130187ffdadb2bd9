import Foundation
import Switchback

/// The files that a target brings with it.
package enum ResourceFolder {
    /// The folder that the build puts beside the executable for a target. `Bundle.module` is not asked, because it stops
    /// the program where the folder is missing.
    ///
    /// - Throws: `InputError` if there is none.
    package static func of(target: String) throws -> URL {
        let folders = ["resources", "bundle"].map {
            Bundle.main.bundleURL.appendingPathComponent("switchback_\(target).\($0)")
        }
        guard let folder = folders.first(where: { FileManager.default.fileExists(atPath: $0.path) }) else {
            throw InputError(folders[0].path, "is missing", remedy: "copy it from the build folder with the executable")
        }
        return folder
    }
}
