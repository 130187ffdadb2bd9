// Modules made of modules.

/// Layers one after another: the output of each is the input of the next. Named by their position: `0`, `1`, ….
public final class Sequential: Module {
    public private(set) var layers: [Module]

    public init(_ layers: [Module]) { self.layers = layers }

    public convenience init(_ layers: Module...) { self.init(layers) }

    public func append(_ layer: Module) { layers.append(layer) }

    public subscript(position: Int) -> Module { layers[position] }

    /// An activation after a convolution or a batch normalization is computed together with it, unless one of the two
    /// has a hook.
    public override func forward(_ input: Tensor) -> Tensor {
        var output = input
        var position = 0
        while position < layers.count {
            if position + 1 < layers.count, let fused = layers[position].forward(output, fusing: layers[position + 1]) {
                output = fused
                position += 2
            } else {
                output = layers[position](output)
                position += 1
            }
        }
        return output
    }

    public override func namedParts() -> [(name: String, part: Part)] {
        layers.enumerated().map { ("\($0)", .module($1)) }
    }
}

/// Modules that the owner calls as it likes, named by their position. A property that is an array of modules does the
/// same.
public final class ModuleList: Module {
    public private(set) var modules: [Module]

    public init(_ modules: [Module] = []) { self.modules = modules }

    public func append(_ module: Module) { modules.append(module) }

    public override func namedParts() -> [(name: String, part: Part)] {
        modules.enumerated().map { ("\($0)", .module($1)) }
    }
}

extension ModuleList: RandomAccessCollection {
    public var startIndex: Int { modules.startIndex }
    public var endIndex: Int { modules.endIndex }
    public subscript(position: Int) -> Module { modules[position] }
}

/// Modules that the owner calls by name, in the order in which they were added.
public final class ModuleDict: Module {
    private var entries: [(name: String, module: Module)]

    public init(_ modules: KeyValuePairs<String, Module> = [:]) { entries = modules.map { ($0.key, $0.value) } }

    public var names: [String] { entries.map(\.name) }

    /// The module of a name; set it to add or replace one, or to `nil` to remove it.
    public subscript(name: String) -> Module? {
        get { entries.first { $0.name == name }?.module }
        set {
            let position = entries.firstIndex { $0.name == name }
            switch (position, newValue) {
            case (let position?, let module?): entries[position].module = module
            case (let position?, nil): entries.remove(at: position)
            case (nil, let module?): entries.append((name, module))
            case (nil, nil): break
            }
        }
    }

    public override func namedParts() -> [(name: String, part: Part)] {
        entries.map { ($0.name, .module($0.module)) }
    }
}

/// A body whose input is added to its output (He et al., "Deep residual learning", 2016): `body(x) + shortcut(x)`.
public final class Residual: Module {
    public let body: Module
    /// The projection of the input to the shape of the output; `nil` if they agree.
    public let shortcut: Module?

    public init(_ body: Module, shortcut: Module? = nil) {
        self.body = body
        self.shortcut = shortcut
    }

    public override func forward(_ input: Tensor) -> Tensor { body(input) + (shortcut?(input) ?? input) }
}
