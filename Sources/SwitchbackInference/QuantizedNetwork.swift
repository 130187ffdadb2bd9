import Switchback
import SwitchbackFormats

/// Computes a network in whole numbers of 8 bits, where its layers are quantized.
///
/// For each shape of inputs the network is followed once, and a plan made of it, which is then run without the network. The
/// last few plans are kept. The results are the same on every instruction set and any number of threads, except for what
/// stays in float32.
public final class QuantizedNetwork {
    public let quantization: Quantization
    private var filters: [String: PreparedFilters] = [:]
    /// The latest last.
    private var plans: [(key: Key, plan: QuantizedPlan)] = []

    private struct Key: Hashable {
        let shapes: [Shape]
        let variant: String
    }

    /// How many plans are kept: validation has batches of many shapes.
    private static let keptPlans = 8

    public init(_ quantization: Quantization) { self.quantization = quantization }

    /// What `forward` computes with the model.
    ///
    /// - Parameters:
    ///   - variant: tells apart what else one network computes for inputs of the same shapes.
    /// - Throws: `InputError` where the layers are not the model's, or it computes what no plan can.
    public func run(
        _ model: Module, _ inputs: [Tensor], variant: String = "", forward: ([Tensor]) throws -> [Tensor]
    ) throws -> [Tensor] {
        guard model.backend == CPUBackend.self else {
            throw InputError(
                "the network",
                "its memory is that of \(model.backend.name), and int8 is computed by the processor alone",
                remedy: "leave out --device")
        }
        let key = Key(shapes: inputs.map(\.shape), variant: variant)
        return try noGrad { try plan(key, model, inputs, forward).run(inputs) }
    }

    private func plan(
        _ key: Key, _ model: Module, _ inputs: [Tensor], _ forward: ([Tensor]) throws -> [Tensor]
    ) throws -> QuantizedPlan {
        if let position = plans.firstIndex(where: { $0.key == key }) {
            plans.append(plans.remove(at: position))
            return plans[plans.count - 1].plan
        }
        let graph = InferenceGraph(try Trace.of(model, inputs, forward))
        try check(graph, model)
        let plan = try QuantizedPlan(graph, quantization.layers.mapValues(\.input)) { self.filters(of: $0) }
        plans.append((key, plan))
        if plans.count > Self.keptPlans { plans.removeFirst() }
        return plan
    }

    /// Throws unless every quantized layer that is computed is a convolution with such filters.
    private func check(_ graph: InferenceGraph, _ model: Module) throws {
        let modules = Set(model.namedModules().map(\.name))
        for (name, layer) in quantization.layers.sorted(by: { $0.key < $1.key }) {
            // A second head may be left out of what is computed.
            let own = graph.convolutions.filter { $0.name == name }
            let fits = own.allSatisfy { $0.canUseBytes && $0.weight.shape == layer.numbers.shape }
            guard fits, modules.contains(name) else {
                throw InputError(
                    "layer \(name)", "it is quantized, and the network has no such convolution",
                    remedy: "the file is damaged: quantize the network again")
            }
        }
    }

    private func filters(of convolution: GraphConvolution) -> PreparedFilters? {
        guard let name = convolution.name, let layer = quantization.layers[name] else { return nil }
        if let known = filters[name] { return known }
        let prepared = PreparedFilters(
            layer, isDepthwise: convolution.isDepthwise, dilation: convolution.form.dilation)
        filters[name] = prepared
        return prepared
    }
}

extension Quantization {
    /// What an exported graph of a trace rounds: the same values that plans round.
    package func rounding(_ trace: Trace) throws -> TraceRounding {
        // An exported trace has several images, and its own nodes are to be told apart.
        let graph = InferenceGraph(trace, copied: false)
        let groups = try ByteGroups(graph, layers.mapValues(\.input))
        var rounding = TraceRounding()
        func note(_ value: TraceValue?) {
            if let value { rounding.values[value.key] = groups.scale(of: value) }
        }
        graph.inputs.forEach(note)
        for step in graph.steps {
            switch step {
            case .operation(let node):
                // What only moves numbers leaves them rounded.
                if !node.movesBytes { for output in 0..<2 { note(graph.output(of: node, output)) } }
            case .convolution(let convolution):
                note(convolution.output)
                guard let name = convolution.name, let layer = layers[name] else { continue }
                rounding.filters[ObjectIdentifier(convolution.node)] = layer
            }
        }
        return rounding
    }
}

extension Optional<QuantizedNetwork> {
    /// What an exported graph of a trace rounds: nothing where there is no quantization.
    package var rounding: (Trace) throws -> TraceRounding {
        { trace in try self?.quantization.rounding(trace) ?? TraceRounding() }
    }
}
