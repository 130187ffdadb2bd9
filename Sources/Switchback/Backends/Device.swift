/// The devices of this machine, each with a backend of its own.
public enum Device {
    /// The first is where tensors lie if nothing else is said.
    public static let all: [any Backend.Type] = [CPUBackend.self]

    /// The names of all.
    public static var names: [String] { all.map { $0.name } }

    /// The backend of a device; `nil` if there is none of that name.
    public static func named(_ name: String) -> (any Backend.Type)? { all.first { $0.name == name } }
}
