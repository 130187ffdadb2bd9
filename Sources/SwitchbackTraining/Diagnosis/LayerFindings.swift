import Switchback

/// What is wrong with layers that follow each other.
struct LayerFindings {
    private let graph: Graph
    private let consumers: [Int]
    /// The paths of the model's modules: what others do in the same graph is none of its concern.
    private let paths: Set<String>

    init(graph: Graph, model: Module) {
        self.graph = graph
        paths = Set(model.namedModules().map(\.name))
        var consumers = [Int](repeating: 0, count: graph.nodes.count)
        for node in graph.nodes { for input in Set(node.inputs.map(\.node)) { consumers[input] += 1 } }
        self.consumers = consumers
    }

    var verdicts: [Verdict] {
        graph.nodes.compactMap(twiceNormalized)
            + first(graph.nodes.compactMap(withoutNonlinearity), "such pair")
            + first(graph.nodes.compactMap(droppedBeforeNormalization), "such layer")
            + first(graph.nodes.compactMap(biasBeforeNormalization), "such layer")
            + first(graph.nodes.compactMap(normalizedAlone), "such layer")
    }

    /// The first, which tells how many there are.
    private func first(_ verdicts: [Verdict], _ noun: String) -> [Verdict] {
        guard let first = verdicts.first else { return [] }
        let more = verdicts.count > 1 ? "; there are \((verdicts.count - 1).counted("other \(noun)"))" : ""
        return [
            Verdict(
                first.kind, first.severity, onset: first.onset, layer: first.layer, finding: first.finding + more,
                remedy: first.remedy)
        ]
    }

    // MARK: The operation before

    /// The operation that made the first operand, past those that rearrange elements; `nil` where another also uses
    /// what lies between.
    private func source(of node: Graph.Node, past kinds: Set<OperationName.Kind> = [.arrangement]) -> Graph.Node? {
        var node = node
        while let input = node.inputs.first(where: { graph.nodes[$0.node].kind == .operation }) {
            guard consumers[input.node] == 1 else { return nil }
            node = graph.nodes[input.node]
            if !kinds.contains(node.function) || node.activation != nil { return node }
        }
        return nil
    }

    private func weight(of node: Graph.Node) -> Shape? {
        node.inputs.lazy.map { graph.nodes[$0.node] }.first { $0.kind == .leaf && $0.shape.count > 1 }?.shape
    }

    private func hasBias(_ node: Graph.Node) -> Bool {
        node.inputs.contains { graph.nodes[$0.node].kind == .leaf && graph.nodes[$0.node].shape.count == 1 }
    }

    private func name(_ node: Graph.Node) -> String {
        node.module.isEmpty ? node.operation : "\(node.module) (\(node.moduleType))"
    }

    // MARK: Findings

    /// Softmax of softmax.
    private func twiceNormalized(_ node: Graph.Node) -> Verdict? {
        guard node.function == .softmax || node.function == .logSoftmax, let before = source(of: node),
            before.function == .softmax
        else { return nil }
        return Verdict(
            .outputActivation, .failure, onset: 0, layer: node.module,
            finding: "\(node.operation) is applied to the result of softmax: the probabilities become nearly equal",
            remedy: "apply softmax once")
    }

    /// Two affine layers without anything between. A narrow waist is passed over: it saves weights, as adapters and
    /// factorized embeddings do; so is a convolution that mixes channels alone, as in pyramids of features.
    private func withoutNonlinearity(_ node: Graph.Node) -> Verdict? {
        guard node.function == .product || node.function == .convolution, let own = weight(of: node),
            let before = source(of: node, past: node.function == .product ? [.arrangement, .dropout] : [.dropout]),
            before.function == node.function, before.activation == nil, let earlier = weight(of: before),
            before.module != node.module, paths.contains(before.module), paths.contains(node.module),
            earlier[0] >= min(own[0], earlier[1])
        else { return nil }
        let areFull = [own, earlier].allSatisfy { $0.dropFirst(2).reduce(1, *) > 1 } && own[1] == earlier[0]
        guard node.function == .product || areFull else { return nil }
        return Verdict(
            .nonlinearity, .problem, onset: 0, layer: node.module,
            finding: "between \(name(before)) and \(name(node)) stands no nonlinearity: together they compute no more "
                + "than one of them could",
            remedy: "put an activation such as ReLU between them")
    }

    /// A mean over one number is that number.
    private func normalizedAlone(_ node: Graph.Node) -> Verdict? {
        guard node.operation == "layerNorm", node.shape.last == 1, node.shape.reduce(1, *) > 1 else { return nil }
        return Verdict(
            .normalization, .failure, onset: 0, layer: node.module,
            finding: "\(name(node)) normalizes single numbers, each of which is its own mean: its result is the same "
                + "whatever enters, and no gradient passes",
            remedy: "normalize over more numbers: before the places of an image are down to one, over several channels "
                + "or features, or not here")
    }

    private func droppedBeforeNormalization(_ node: Graph.Node) -> Verdict? {
        guard node.function == .batchNorm, let before = source(of: node), before.function == .dropout else {
            return nil
        }
        return Verdict(
            .layerOrder, .problem, onset: 0, layer: node.module,
            finding: "dropout stands right before \(name(node)): in training it changes the variance that the batch "
                + "normalization learns, and in inference it does not (Li et al., 2018)",
            remedy: "put dropout after batch normalization, or only before the last layer")
    }

    private func biasBeforeNormalization(_ node: Graph.Node) -> Verdict? {
        guard node.function == .batchNorm, let before = source(of: node), before.activation == nil,
            before.function == .product || before.function == .convolution, hasBias(before)
        else { return nil }
        return Verdict(
            .layerOrder, .note, onset: 0, layer: before.module,
            finding: "\(name(before)) has a bias that \(name(node)) after it subtracts again: its gradient is 0",
            remedy: "make it with bias: false")
    }
}
