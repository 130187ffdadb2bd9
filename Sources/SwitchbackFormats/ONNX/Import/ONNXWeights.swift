import Switchback

/// Which of a graph's constants are weights. A file does not say it: what layers take as weights is, and a vector that is
/// added, a bias.
struct ONNXWeights {
    private var weights: Set<String> = []
    private var biases: Set<String> = []

    /// Which operands of layers are their weights.
    private static let operands: [String: [Int]] = [
        "Conv": [1, 2], "ConvTranspose": [1, 2], "Gemm": [1, 2], "MatMul": [0, 1], "BatchNormalization": [1, 2],
        "InstanceNormalization": [1, 2], "LayerNormalization": [1, 2], "GroupNormalization": [1, 2],
        "RMSNormalization": [1], "PRelu": [1], "Gather": [0], "LSTM": [1, 2, 3], "GRU": [1, 2, 3], "RNN": [1, 2, 3],
    ]

    /// - Parameter nodes: the nodes of a graph; those of their graphs may take the constants of this one, too.
    init(of nodes: [ONNXNode]) {
        for node in nodes {
            let names = (Self.operands[node.type] ?? []).filter { $0 < node.inputs.count }.map { node.inputs[$0] }
            weights.formUnion(names)
            if node.type == "Add" { biases.formUnion(node.inputs) }
            for graph in node.graphs.values {
                let inner = ONNXWeights(of: graph.nodes)
                weights.formUnion(inner.weights)
                biases.formUnion(inner.biases)
            }
        }
    }

    /// The constants as parameters and buffers.
    func sorted(_ constants: [(name: String, tensor: Tensor)]) -> [(name: String, tensor: Tensor)] {
        constants.map { name, tensor in
            let isTrained =
                tensor.dtype.isFloatingPoint
                && (weights.contains(name) || (tensor.rank == 1 && biases.contains(name)))
            return (name, isTrained ? Parameter(tensor) : Buffer(tensor))
        }
    }
}
