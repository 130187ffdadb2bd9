// The values of a module by name: what checkpoints hold.

extension Module {
    /// The parameters and persistent buffers by path, under PyTorch's names. The tensors share memory with the module;
    /// a parameter that appears in several places is listed under its first name.
    public final func stateDict() -> [String: Tensor] {
        Dictionary(namedState.map { ($0.name, $0.tensor) }) { first, _ in first }
    }

    /// The contents of `stateDict()`, in the order of definition.
    public final var namedState: [(name: String, tensor: Tensor)] {
        namedStateTensors.map { ($0.name, $0.tensor.detach()) }
    }

    /// The parameters and buffers themselves that `namedState` lists.
    final var namedStateTensors: [(name: String, tensor: Tensor)] {
        var seen = Set<ObjectIdentifier>()
        return namedStateAndAliases.filter { seen.insert(ObjectIdentifier($0.tensor)).inserted }
    }

    /// The state with every name of a tensor that has several.
    private var namedStateAndAliases: [(name: String, tensor: Tensor)] {
        var found: [(String, Tensor)] = []
        visit { path, _, parts in
            let parameters = parts.compactMap { name, part -> (String, Tensor)? in
                guard case .parameter(let parameter) = part else { return nil }
                require(
                    parameter.packed == nil, "state dictionary",
                    "\(path.path(name)) is packed for inference, so its numbers are gone; load the model again to save it"
                )
                return (path.path(name), parameter)
            }
            let buffers = parts.compactMap { name, part -> (String, Tensor)? in
                guard case .buffer(let buffer) = part, buffer.isPersistent else { return nil }
                return (path.path(name), buffer)
            }
            found += parameters + buffers
        }
        return found
    }

    /// Copies values into the parameters and buffers, converting element types.
    ///
    /// - Parameters:
    ///   - state: tensors by path. A tensor with several paths may come under any of them.
    ///   - strict: whether every path must be there, and no other.
    /// - Returns: the paths that were missing and those that were not expected; both empty if `strict`.
    /// - Throws: `InputError` if a shape differs, complex numbers stand for real ones, or, if `strict`, a path is missing or
    ///   not expected. The module is
    ///   then unchanged.
    @discardableResult
    public final func load(
        stateDict state: [String: Tensor], strict: Bool = true
    ) throws -> (missing: [String], unexpected: [String]) {
        let own = namedStateAndAliases
        let names = Set(own.map(\.name))
        let given = Set(own.filter { state[$0.name] != nil }.map { ObjectIdentifier($0.tensor) })
        let missing = own.filter { !given.contains(ObjectIdentifier($0.tensor)) }.map(\.name)
        let unexpected = state.keys.filter { !names.contains($0) }.sorted()
        if strict { try Self.checkNames(missing: missing, unexpected: unexpected, expected: own.map(\.name)) }
        for (name, tensor) in own {
            guard let value = state[name], value.shape != tensor.shape else { continue }
            throw InputError(
                "state dictionary", at: name, "its shape is \(value.shape), and the model's \(tensor.shape)")
        }
        for (name, tensor) in own where !tensor.dtype.isComplex {
            guard let value = state[name], value.dtype.isComplex else { continue }
            throw InputError(
                "state dictionary", at: name,
                "its numbers are \(value.dtype), and the model's \(tensor.dtype), without an imaginary part")
        }
        noGrad {
            for (name, tensor) in own {
                if let value = state[name] { tensor.copy(from: value) }
            }
        }
        return (missing, unexpected)
    }

    private static func checkNames(missing: [String], unexpected: [String], expected: [String]) throws {
        if let first = missing.first {
            let hint = first.nearest(in: unexpected).map { ", unless the file means it by \($0)" } ?? ""
            throw InputError(
                "state dictionary", "\(first)\(others(missing)) is missing\(hint)",
                remedy: "strict: false loads what is there")
        }
        if let first = unexpected.first {
            let hint = first.nearest(in: expected).map { ", whose nearest name is \($0)" } ?? ""
            throw InputError(
                "state dictionary", "\(first)\(others(unexpected)) is not in the model\(hint)",
                remedy: "strict: false leaves it out")
        }
    }

    private static func others(_ names: [String]) -> String {
        names.count > 1 ? " (and \(names.count - 1) more)" : ""
    }
}
