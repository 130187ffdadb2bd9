// The parts of a module and their names.

extension Module {
    /// The parts of a module.
    public enum Part {
        case parameter(Parameter)
        case buffer(Buffer)
        case module(Module)
    }

    /// The parts found in stored properties, those of superclasses first.
    final func reflectedParts() -> [(name: String, part: Part)] {
        var parts: [(String, Part)] = []
        var mirror: Mirror? = Mirror(reflecting: self)
        var levels: [Mirror] = []
        while let level = mirror, level.subjectType != Module.self {
            levels.append(level)
            mirror = level.superclassMirror
        }
        let names = partNames
        for level in levels.reversed() {
            for child in level.children {
                guard let label = child.label else { continue }
                Part.append(child.value, named: names[label] ?? label.snakeCased, to: &parts)
            }
        }
        return parts
    }

    /// This module (named "") and all modules inside it, by path, parents first. One that appears in several places
    /// has several names.
    public final func namedModules() -> [(name: String, module: Module)] {
        var found: [(String, Module)] = []
        visit { path, module, _ in found.append((path, module)) }
        return found
    }

    /// Shows this module (named "") and all modules inside it with their parts, by path, parents first. Looking for
    /// parts takes longer than small layers compute, and is done once of each.
    package final func visit(
        path: String = "", _ body: (_ path: String, _ module: Module, _ parts: [(name: String, part: Part)]) -> Void
    ) {
        let parts = namedParts()
        body(path, self, parts)
        for case (let name, .module(let module)) in parts { module.visit(path: path.path(name), body) }
    }

    /// The parameters by path. One that appears in several places is listed once.
    public final var namedParameters: [(name: String, parameter: Parameter)] {
        var seen = Set<ObjectIdentifier>()
        var found: [(String, Parameter)] = []
        visit { path, _, parts in
            for case (let name, .parameter(let parameter)) in parts
            where seen.insert(ObjectIdentifier(parameter)).inserted {
                found.append((path.path(name), parameter))
            }
        }
        return found
    }

    public final var parameters: [Parameter] { namedParameters.map(\.parameter) }

    /// The backend in whose memory the parameters lie; that of new tensors if there are none.
    public final var backend: any Backend.Type { firstParameter?.backend ?? ThreadState.current.backend }

    private var firstParameter: Parameter? {
        for (_, part) in namedParts() {
            switch part {
            case .parameter(let parameter): return parameter
            case .buffer: continue
            case .module(let module): if let first = module.firstParameter { return first }
            }
        }
        return nil
    }

    /// How many numbers the parameters hold.
    public final var parameterCount: Int { parameters.reduce(0) { $0 + $1.count } }

    /// The buffers by path.
    public final var namedBuffers: [(name: String, buffer: Buffer)] {
        var found: [(String, Buffer)] = []
        visit { path, _, parts in
            for case (let name, .buffer(let buffer)) in parts { found.append((path.path(name), buffer)) }
        }
        return found
    }

    // MARK: Changing all of them

    /// Clears the gradients of all parameters.
    public final func zeroGrad() { for parameter in parameters { parameter.zeroGrad() } }

    /// Stops the training of all parameters: they get no gradients, and optimizers pass them by.
    @discardableResult
    public final func freeze() -> Self { freeze { _ in true } }

    /// Stops the training of the parameters whose path `isChosen`: `model.freeze { $0.hasPrefix("backbone.") }`.
    @discardableResult
    public final func freeze(where isChosen: (_ path: String) -> Bool) -> Self {
        for (path, parameter) in namedParameters where isChosen(path) { parameter.requiresGrad = false }
        return self
    }

    /// Makes all parameters trainable again.
    @discardableResult
    public final func unfreeze() -> Self {
        for parameter in parameters { parameter.requiresGrad = true }
        return self
    }

    /// Runs `body` with the parameters and buffers as `replace` wants them: the same values in other memory, for
    /// another backend. Afterwards they are what they were.
    public final func withArrays<Result>(
        _ replace: (NDArray) -> NDArray, _ body: () throws -> Result
    ) rethrows -> Result {
        let tensors = parameters + namedBuffers.map(\.buffer)
        let arrays = tensors.map(\.array)
        defer { for (tensor, array) in zip(tensors, arrays) { tensor.array = array } }
        for tensor in tensors { tensor.array = replace(tensor.array) }
        return try body()
    }

    /// Moves the parameters and buffers to the memory of a backend, whose kernels will compute with them. Gradients are
    /// forgotten; optimizers and averages of the weights follow at their next step.
    @discardableResult
    public final func to(_ backend: any Backend.Type) -> Self {
        for tensor in parameters + namedBuffers.map(\.buffer) where tensor.backend != backend {
            tensor.zeroGrad()
            tensor.array = tensor.array.transferred(to: backend)
            if let parameter = tensor as? Parameter { parameter.packed = parameter.packed?.transferred(to: backend) }
        }
        return self
    }

    /// Converts floating-point parameters and buffers to another floating-point type. Gradients are forgotten.
    @discardableResult
    public final func to(_ dtype: DType) -> Self {
        require(dtype.isFloatingPoint, "to", "the numbers of a module are floating-point, not \(dtype)")
        for tensor in parameters + namedBuffers.map(\.buffer) where tensor.dtype.isFloatingPoint {
            tensor.zeroGrad()
            tensor.array = tensor.array.cast(to: dtype)
            tensor.node?.takeForm(of: tensor.array)
        }
        return self
    }
}

extension Module.Part {
    /// Adds what reflection found in a property: parts, also inside optionals and arrays.
    fileprivate static func append(_ value: Any, named name: String, to parts: inout [(String, Self)]) {
        // To be asked whether it is an object, a collection is first copied into one, which takes long for a large one.
        if let collection = value as? any ReflectedCollection, !collection.mayHoldParts { return }
        switch value {
        case let parameter as Parameter: parts.append((name, .parameter(parameter)))
        case let buffer as Buffer: parts.append((name, .buffer(buffer)))
        case let module as Module: parts.append((name, .module(module)))
        case let list as [Module]:
            for (i, module) in list.enumerated() { parts.append(("\(name).\(i)", .module(module))) }
        case let list as [Parameter]:
            for (i, parameter) in list.enumerated() { parts.append(("\(name).\(i)", .parameter(parameter))) }
        default: break
        }
    }
}

/// A collection that reflection finds in a property.
private protocol ReflectedCollection {
    /// Whether its elements can be parts of a module.
    var mayHoldParts: Bool { get }
}

extension Array: ReflectedCollection {
    fileprivate var mayHoldParts: Bool { first.map { $0 is Module || $0 is Parameter } ?? false }
}

extension Dictionary: ReflectedCollection {
    fileprivate var mayHoldParts: Bool { false }
}

extension Set: ReflectedCollection {
    fileprivate var mayHoldParts: Bool { false }
}

extension String {
    /// `self.name`, or `name` alone at the root.
    package func path(_ name: String) -> String { isEmpty ? name : "\(self).\(name)" }

    /// `runningMean` as `running_mean`, and `inputURL` as `input_url`: the names of checkpoints.
    package var snakeCased: String {
        // Most names are one word, and are asked for with every look at a model.
        if utf8.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }) { return self }
        var result = ""
        let characters = Array(self)
        for (i, character) in characters.enumerated() {
            let followsLowercase = i > 0 && !characters[i - 1].isUppercase && characters[i - 1] != "_"
            let precedesLowercase = i > 0 && i + 1 < characters.count && characters[i + 1].isLowercase
            if character.isUppercase && (followsLowercase || precedesLowercase) { result += "_" }
            result += character.lowercased()
        }
        return result
    }
}
