import Switchback

/// What is wrong with a model by the structure of its first step alone, before its weights have changed: what stands
/// before the loss, what is compared in it, layers that add nothing, parts that gradients do not reach.
///
/// Every sentence is true of any training with this structure; a structure that some published network has on purpose
/// is passed over, or is a note.
enum GraphFindings {
    /// - Parameter trace: of a step whose gradients are complete and not yet cleared.
    static func of(_ trace: StepTrace) -> [Verdict] {
        let comparisons = trace.comparisons.compactMap(LossFinding.verdict)
        let structure = trace.graphs.flatMap { LayerFindings(graph: $0, model: trace.model).verdicts }
        return
            (comparisons + structure + [eachWithEach(trace), unregistered(trace), detached(trace)].compactMap { $0 })
            .distinct
    }

    // MARK: Shapes

    /// Predictions and targets, a column and a row, that are subtracted each from each by a loss that is written out.
    private static func eachWithEach(_ trace: StepTrace) -> Verdict? {
        for graph in trace.graphs {
            for node in graph.nodes where node.operation == "subtract" && node.module.isEmpty && node.inputs.count == 1
            {
                let shape = graph.nodes[node.inputs[0].node].shape
                guard let count = shape.first, count > 1, [[count], [count, 1]].contains(Array(shape)),
                    Array(node.shape) == [count, count]
                else { continue }
                return Verdict(
                    .lossShape, .failure, onset: 0,
                    finding: "predictions of shape \(shape) and targets of another are subtracted each from each, in a "
                        + "tensor of shape \(node.shape): the best answer is the mean of the targets",
                    remedy: "give both the same shape: targets.unsqueeze(1), or predictions.squeeze(1)")
            }
        }
        return nil
    }

    // MARK: Parts that are not reached

    /// Parameters that the model computes with and does not list.
    private static func unregistered(_ trace: StepTrace) -> Verdict? {
        let uses = trace.graphs.flatMap { graph in
            graph.nodes.flatMap { node in
                node.inputs.filter { graph.nodes[$0.node].isForeign }.map { (node, graph.nodes[$0.node]) }
            }
        }
        guard let (node, parameter) = uses.first else { return nil }
        let count = Set(uses.map { "\($0.0.module) \($0.1.shape)" }).count
        let others = count > 1 ? ", the first of \(count)," : ""
        let place = node.module.isEmpty ? "" : " in \(node.module)"
        return Verdict(
            .unregistered, .failure, onset: 0, layer: node.module,
            finding: "\(node.operation)\(place) computes with a parameter of shape \(parameter.shape)\(others) that is "
                + "not among the model's: it is neither trained by model.parameters nor saved",
            remedy: "keep layers in stored properties of a Module, in an array of modules or in a ModuleList, and lone "
                + "weights as Parameter")
    }

    /// A layer that was computed while others got gradients, but got none itself.
    private static func detached(_ trace: StepTrace) -> Verdict? {
        var trained: [(String, Module, Bool)] = []
        trace.model.visit { path, module, parts in
            let own = parts.compactMap { part -> Parameter? in
                if case .parameter(let parameter) = part.part, parameter.requiresGrad { parameter } else { nil }
            }
            if !own.isEmpty { trained.append((path, module, own.contains { $0.gradElements != nil })) }
        }
        guard trained.contains(where: \.2) else { return nil }
        let cut = trained.filter { _, module, isReached in !isReached && trace.hasRun(module) }
        guard let (path, module, _) = cut.last else { return nil }
        let origin = trace.graphs.flatMap(\.nodes).compactMap(\.detachedFrom).first
        let others = cut.count > 1 ? ", and \((cut.count - 1).counted("layer")) before it," : ""
        let cause = origin.map { ": the result of \($0) is detached" } ?? ""
        return Verdict(
            .noGradient, .problem, onset: 0, layer: path,
            finding:
                "\(path) (\(type(of: module)))\(others) is computed, but no gradient comes back from the loss\(cause)",
            remedy: "look for detach(), noGrad and item() between it and the loss; freeze() it if that is meant")
    }
}

extension [Verdict] {
    /// Each kind and layer once.
    fileprivate var distinct: [Verdict] {
        var seen: Set<String> = []
        return filter { seen.insert("\($0.kind) \($0.layer ?? "")").inserted }
    }
}
