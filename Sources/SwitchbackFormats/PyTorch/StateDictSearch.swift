import Switchback

/// Finds the tensors of a model in a checkpoint.
struct StateDictSearch {
    let heap: PickleHeap
    let path: String

    typealias NamedTensor = (name: String, tensor: PickleTensor)

    /// Where programs keep the model in their checkpoints, in the order in which it is looked for.
    private static let keys = ["state_dict", "model_state_dict", "model", "ema", "net", "module"]
    /// Deeper nested models are refused; the deepest that are known have some 20 levels.
    private static let deepest = 200

    func tensors(in root: PickleValue, key: String?) throws -> [NamedTensor] {
        var start = root
        if let key {
            let names = members(root).map(\.key)
            guard let value = members(root).last(where: { $0.key == key })?.value else {
                let hint = key.nearest(in: names).map { "; did you mean \($0)?" } ?? ""
                throw InputError(path, "has no entry \(key): there are \(names.joined(separator: ", "))\(hint)")
            }
            start = value
        }
        for candidate in [start] + Self.keys.compactMap({ key in members(start).last { $0.key == key }?.value }) {
            let found = try model(candidate)
            if !found.isEmpty { return found }
        }
        throw InputError(
            path, "has no tensors by name, neither at the top level nor under \(Self.keys.joined(separator: ", "))",
            remedy: "PyTorch.load shows its contents")
    }

    /// The members of a dictionary, or of an object's state, whose keys are texts.
    private func members(_ value: PickleValue) -> [(key: String, value: PickleValue)] {
        switch heap.node(value) {
        case .dictionary(let members)?:
            members.compactMap { if case .text(let key) = $0.key { (key, $0.value) } else { nil } }
        case .object(_, _, let state)?: if case .object? = heap.node(state) { [] } else { members(state) }
        default: []
        }
    }

    /// The tensors of a state dict, or of a module that was saved whole.
    private func model(_ value: PickleValue) throws -> [NamedTensor] {
        if case .object? = heap.node(value) { return try module(value) }
        return members(value).compactMap { key, value in tensor(value).map { (key, $0) } }
    }

    private func tensor(_ value: PickleValue) -> PickleTensor? {
        if case .tensor(let tensor)? = heap.node(value) { tensor } else { nil }
    }

    /// The module's `state_dict()`: its parameters and buffers, then those of its submodules.
    private func module(_ root: PickleValue) throws -> [NamedTensor] {
        var found: [NamedTensor] = []
        var open: [(prefix: String, module: PickleValue, depth: Int)] = [("", root, 0)]
        while let (prefix, module, depth) = open.popLast() {
            guard depth < Self.deepest, open.count + found.count <= heap.nodes.count + 1 else {
                throw InputError(path, at: prefix, "its modules are nested too deeply, or hold themselves")
            }
            let state = members(module)
            func group(_ name: String) -> [(key: String, value: PickleValue)] {
                state.last { $0.key == name }.map { members($0.value) } ?? []
            }
            for (name, value) in group("_parameters") + group("_buffers") {
                if let tensor = tensor(value) { found.append((prefix + name, tensor)) }
            }
            for (name, inner) in group("_modules") { open.append(("\(prefix)\(name).", inner, depth + 1)) }
        }
        return found
    }
}
