import Switchback
import SwitchbackFormats

/// Which values of a graph are rounded to bytes, and how.
///
/// Values that operations only move share one scale: what is joined, cut out, repeated or the largest of its neighbors. Such a
/// group is rounded if a quantized convolution reads any of it.
struct ByteGroups {
    private var parents: [TraceValue.Key: TraceValue.Key] = [:]
    private var scales: [TraceValue.Key: ByteScale] = [:]

    /// - Parameter layers: how the input of each quantized convolution is rounded.
    /// - Throws: `InputError` where two that read one group differ.
    init(_ graph: InferenceGraph, _ inputs: [String: ByteScale]) throws {
        self.init(joining: graph)
        for convolution in graph.convolutions {
            guard let name = convolution.name, let scale = inputs[name] else { continue }
            let group = root(convolution.input.key)
            if let other = scales[group], other != scale {
                throw InputError(
                    "layer \(name)", "its input is rounded otherwise than that of a layer which reads the same map",
                    remedy: "the file is damaged: quantize the network again")
            }
            scales[group] = scale
        }
    }

    /// The groups alone, none of which is rounded.
    init(joining graph: InferenceGraph) {
        var inputOfLayer: [String: TraceValue.Key] = [:]
        for step in graph.steps {
            switch step {
            case .operation(let node) where node.movesBytes:
                guard let output = graph.output(of: node) else { continue }
                for input in node.inputs { join(input.key, output.key) }
            case .convolution(let convolution):
                // A layer that is used twice rounds both its inputs alike.
                guard let name = convolution.name else { continue }
                if let other = inputOfLayer[name] { join(other, convolution.input.key) }
                inputOfLayer[name] = convolution.input.key
            default: continue
            }
        }
    }

    /// What stands for the group of a value.
    func root(_ key: TraceValue.Key) -> TraceValue.Key {
        var key = key
        while let parent = parents[key] { key = parent }
        return key
    }

    /// How a value is rounded; `nil` if it is not.
    func scale(of value: TraceValue) -> ByteScale? { value.isConstant ? nil : scales[root(value.key)] }

    private mutating func join(_ a: TraceValue.Key, _ b: TraceValue.Key) {
        let (a, b) = (root(a), root(b))
        if a != b { parents[a] = b }
    }
}
