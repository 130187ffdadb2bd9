import Switchback

/// The layers of a model that a ``StepObserver`` measures: the modules that have parameters of their own.
struct ObservedLayers {
    /// With nothing measured yet.
    private(set) var all: [LayerMeasurement] = []
    private(set) var positions: [ObjectIdentifier: Int] = [:]

    init(_ model: Module) {
        var seen = Set<ObjectIdentifier>()
        model.visit { path, module, parts in
            guard positions[ObjectIdentifier(module)] == nil else { return }
            let own = parts.compactMap { name, part -> (String, Parameter)? in
                guard case .parameter(let parameter) = part, seen.insert(ObjectIdentifier(parameter)).inserted else {
                    return nil
                }
                return (path.path(name), parameter)
            }
            if own.isEmpty { return }
            positions[ObjectIdentifier(module)] = all.count
            all.append(LayerMeasurement(path: path, module: module, parameters: own))
        }
    }

    var parameters: [(name: String, parameter: Parameter)] { all.flatMap(\.parameters) }
}
