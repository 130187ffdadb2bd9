import Foundation
import Switchback
import SwitchbackFormats

/// The checkout.
public let projectFolder = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

/// What tests compare with, and the scripts that made it.
public let fixtureFolder = projectFolder.appendingPathComponent("Tests/Fixtures")

/// A fixture: tensors by name, and what its manifest says of them.
public struct Fixture: @unchecked Sendable {
    public let manifest: [String: Any]
    public let tensors: [String: Tensor]

    /// Reads `name.json` and `name.safetensors` of Tests/Fixtures.
    public init(_ name: String) throws {
        let base = fixtureFolder.appendingPathComponent(name)
        let json = try Data(contentsOf: base.appendingPathExtension("json"))
        manifest = try JSONSerialization.jsonObject(with: json) as! [String: Any]
        tensors = try Safetensors.load(base.appendingPathExtension("safetensors").path)
    }
}

extension Tensor {
    /// The same values in new memory of the backend in use: fixtures are read once and used on several backends.
    public func copied() -> Tensor {
        let copy = Tensor.empty(shape, dtype: dtype)
        array.copy(into: copy.array)
        return copy
    }
}
