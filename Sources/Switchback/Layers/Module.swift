/// A part of a network: a layer, a block or a whole model.
///
/// A subclass keeps its parts in stored properties (`Parameter`, `Buffer`, other modules, arrays of modules) and
/// computes in `forward`. Parts are found by reflection and named by their path, in the form that checkpoints of
/// PyTorch have: the property `runningMean` of `layer1`'s first block is `layer1.0.running_mean`.
///
/// ```swift
/// final class Classifier: Module {
///     let hidden = Linear(64, 32)
///     let output = Linear(32, 10)
///
///     override func forward(_ x: Tensor) -> Tensor { output(hidden(x).relu()) }
/// }
/// ```
open class Module {
    /// Whether the module behaves as in training: dropout drops, batch normalization uses the batch's statistics.
    public private(set) final var isTraining = true

    private final var forwardHooks: [(Module, Tensor, Tensor) -> Tensor?] = []

    public init() {}

    /// Computes the output. Call the module itself, `module(x)`, which also runs hooks and knows the path for messages.
    open func forward(_ input: Tensor) -> Tensor {
        fail("\(type(of: self))", "does not define forward(_:) for one tensor; call it with the operands that it takes")
    }

    public final func callAsFunction(_ input: Tensor) -> Tensor {
        running {
            var output = forward(input)
            for hook in forwardHooks { output = hook(self, input, output) ?? output }
            return output
        }
    }

    /// Runs `body` as part of this module, so that messages name it. Modules with other operands than one tensor wrap
    /// their `callAsFunction` in it.
    public final func running<Result>(_ body: () throws -> Result) rethrows -> Result {
        let state = ThreadState.current
        state.modules.append(self)
        defer { state.modules.removeLast() }
        return try body()
    }

    /// Calls `hook` with the module, its input and its output after each `forward`; what it returns, unless `nil`,
    /// takes the output's place.
    public final func registerForwardHook(_ hook: @escaping (Module, Tensor, Tensor) -> Tensor?) {
        forwardHooks.append(hook)
    }

    // MARK: Parts

    /// The parts of this module by name. The default finds stored properties; containers override it.
    open func namedParts() -> [(name: String, part: Part)] {
        var parts: [(String, Part)] = []
        var mirror: Mirror? = Mirror(reflecting: self)
        var levels: [Mirror] = []
        while let level = mirror, level.subjectType != Module.self {
            levels.append(level)
            mirror = level.superclassMirror
        }
        for level in levels.reversed() {
            for child in level.children {
                guard let label = child.label else { continue }
                Part.append(child.value, named: label.snakeCased, to: &parts)
            }
        }
        return parts
    }

    /// The path of the innermost module that is running on this thread, from the outermost one: `head.fc`.
    static var runningPath: String {
        let modules = ThreadState.current.modules
        guard let root = modules.first, let innermost = modules.last else { return "" }
        if root === innermost { return "\(type(of: root))" }
        return root.namedModules().first { $0.module === innermost }?.name ?? "\(type(of: innermost))"
    }

    /// Switches this module and its parts to training behaviour, or with `false` to that of inference.
    @discardableResult
    public final func train(_ enabled: Bool = true) -> Self {
        for (_, module) in namedModules() { module.isTraining = enabled }
        return self
    }

    /// Switches this module and its parts to the behaviour of inference.
    @discardableResult
    public final func eval() -> Self { train(false) }
}

extension Module {
    /// What a module consists of.
    public enum Part {
        case parameter(Parameter)
        case buffer(Buffer)
        case module(Module)

        /// Adds what reflection found in a property: parts, also inside optionals and arrays.
        fileprivate static func append(_ value: Any, named name: String, to parts: inout [(String, Part)]) {
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

    /// This module (named "") and all modules inside it, by path, parents first.
    public final func namedModules() -> [(name: String, module: Module)] {
        var found: [(String, Module)] = []
        collectModules(prefix: "", into: &found)
        return found
    }

    private func collectModules(prefix: String, into found: inout [(String, Module)]) {
        found.append((prefix, self))
        for (name, part) in namedParts() {
            if case .module(let module) = part { module.collectModules(prefix: prefix.path(name), into: &found) }
        }
    }

    /// The parameters by path. One that appears in several places is listed once.
    public final var namedParameters: [(name: String, parameter: Parameter)] {
        var seen = Set<ObjectIdentifier>()
        return namedModules().flatMap { path, module in
            module.namedParts().compactMap { name, part -> (String, Parameter)? in
                guard case .parameter(let parameter) = part, seen.insert(ObjectIdentifier(parameter)).inserted
                else { return nil }
                return (path.path(name), parameter)
            }
        }
    }

    public final var parameters: [Parameter] { namedParameters.map(\.parameter) }

    /// The buffers by path.
    public final var namedBuffers: [(name: String, buffer: Buffer)] {
        namedModules().flatMap { path, module in
            module.namedParts().compactMap { name, part -> (String, Buffer)? in
                guard case .buffer(let buffer) = part else { return nil }
                return (path.path(name), buffer)
            }
        }
    }

    /// Forgets the gradients of all parameters.
    public final func zeroGrad() { for parameter in parameters { parameter.zeroGrad() } }
}

extension String {
    /// `self.name`, or `name` alone at the root.
    fileprivate func path(_ name: String) -> String { isEmpty ? name : "\(self).\(name)" }

    /// `runningMean` as `running_mean`: the names of checkpoints.
    fileprivate var snakeCased: String {
        var result = ""
        for character in self {
            if character.isUppercase {
                result += "_" + character.lowercased()
            } else {
                result.append(character)
            }
        }
        return result
    }
}
