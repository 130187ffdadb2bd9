// A module as text: the tree of its parts, as a Swift expression would make them.

extension Module: CustomStringConvertible {
    /// The module and the modules inside it, one a line, as PyTorch prints them.
    public final var description: String {
        let head = "\(type(of: self))(\(configuration)"
        let lines = namedParts().compactMap { name, part -> String? in
            guard case .module(let module) = part else { return nil }
            return "  (\(name)): " + module.description.split(separator: "\n").joined(separator: "\n  ")
        }
        return lines.isEmpty ? head + ")" : ([head] + lines + [")"]).joined(separator: "\n")
    }
}
