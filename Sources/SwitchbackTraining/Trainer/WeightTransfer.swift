import Switchback
import SwitchbackFormats

/// Which tensors of a weights file fitted a model, and which did not.
public struct WeightTransfer: Sendable {
    public let path: String
    /// The names that were taken over.
    public let matched: [String]
    /// The names whose shapes differ: they stay as they were.
    public let differing: [(name: String, own: Shape, found: Shape)]
    /// The names that the model has and the file lacks: they stay as they were.
    public let missing: [String]
    /// The names that the file has and the model lacks.
    public let unused: [String]

    /// In one sentence.
    public var summary: String {
        func list(_ names: [String]) -> String {
            names.prefix(4).joined(separator: ", ") + (names.count > 4 ? ", … (\(names.count))" : "")
        }
        var sentence =
            "\(path): took \(matched.count) of \((matched.count + differing.count + missing.count).counted("tensor"))"
        if !differing.isEmpty {
            let shapes = differing.map { "\($0.name) (\($0.found) there, \($0.own) here)" }
            sentence += "; other shapes: \(list(shapes))"
        }
        if !missing.isEmpty { sentence += "; not in the file: \(list(missing))" }
        if !unused.isEmpty { sentence += "; not in the model: \(list(unused))" }
        return sentence
    }
}

extension Module {
    /// Takes over the weights of a safetensors or PyTorch file whose names and shapes are this module's, and leaves the
    /// others as they are.
    ///
    /// Throws `InputError` if the file cannot be read, or nothing in it fits.
    @discardableResult
    public final func transferWeights(from path: String) throws -> WeightTransfer {
        let path = try RunFolder.weightFile(path)
        try Quantization.refuse(toTrain: path)
        let found = try WeightFile.load(path)
        let own = namedState
        let shared = own.filter { found[$0.name] != nil }
        let matching = shared.filter { found[$0.name]?.shape == $0.tensor.shape }
        guard let first = own.first else { throw InputError("model", "has no weights") }
        if matching.isEmpty {
            let names = found.keys.sorted().prefix(3).joined(separator: ", ")
            throw InputError(
                path, "has no tensor that fits the model: it has \(names), …, and the model \(first.name), …")
        }
        try load(
            stateDict: Dictionary(uniqueKeysWithValues: matching.map { ($0.name, found[$0.name] ?? $0.tensor) }),
            strict: false)
        let names = Set(own.map(\.name))
        return WeightTransfer(
            path: path, matched: matching.map(\.name),
            differing: shared.compactMap { name, tensor in
                guard let shape = found[name]?.shape, shape != tensor.shape else { return nil }
                return (name, tensor.shape, shape)
            },
            missing: own.map(\.name).filter { found[$0] == nil },
            unused: found.keys.filter { !names.contains($0) }.sorted())
    }

    /// Freezes the parts whose paths are given: `conv1` or `backbone.layer1`, with all that is inside them.
    ///
    /// Throws `InputError` if there is no such part, or where no parameter is left to train.
    func freeze(_ paths: [String]) throws {
        let names = namedParameters.map(\.name)
        for path in paths {
            func isInside(_ name: String) -> Bool { name == path || name.hasPrefix(path + ".") }
            guard names.contains(where: isInside) else {
                let parts = Set(namedModules().map(\.name) + names).subtracting([""])
                let hint = path.nearest(in: parts.sorted()).map { "did you mean \($0)?" }
                throw InputError("option freeze", "the model has no part \(path) with parameters", remedy: hint)
            }
            freeze(where: isInside)
        }
        guard parameters.contains(where: \.requiresGrad) else {
            throw InputError("option freeze", "it leaves no parameters to train", remedy: "freeze fewer parts")
        }
    }
}
