import Foundation
import Switchback
import SwitchbackFormats

/// The checkout.
public let projectFolder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// Our own fixtures, with the programs that made them.
public let fixtureFolder = projectFolder.appendingPathComponent("Tests/Fixtures")

/// The folder of shared fixtures beside the checkout, or `nil` where it is missing.
public let sharedFolder: URL? = {
    let beside = projectFolder.deletingLastPathComponent().appendingPathComponent("shared")
    return FileManager.default.fileExists(atPath: beside.path) ? beside : nil
}()

/// Why a test that needs the shared folder is skipped.
public let sharedFolderMissing = "the folder ../shared, which holds the fixtures, is not beside the checkout"

/// A fixture: tensors by name, and what its manifest says of them.
public struct Fixture: @unchecked Sendable {
    public let manifest: [String: Any]
    public let tensors: [String: Tensor]

    /// Reads `path.json` and `path.safetensors`, relative to the shared folder.
    public init(shared path: String) throws {
        try self.init(sharedFolder!.appendingPathComponent(path))
    }

    public init(_ base: URL) throws {
        let json = try Data(contentsOf: base.appendingPathExtension("json"))
        manifest = try JSONSerialization.jsonObject(with: json) as! [String: Any]
        tensors = try Safetensors.load(base.appendingPathExtension("safetensors").path)
    }
}

extension Tensor {
    /// The same values in new memory of the backend in use: fixtures are read once and used on several backends.
    public func copied() -> Tensor {
        let copy = Tensor.empty(shape, dtype: dtype)
        copy.array.backend.copy(array, into: copy.array)
        return copy
    }
}
