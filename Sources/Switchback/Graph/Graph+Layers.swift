extension Graph {
    /// That a layer's result goes into another one, past operations that belong to no layer.
    public struct LayerLink: Codable, Hashable, Sendable {
        /// The paths of the layers.
        public let from, to: String

        public init(from: String, to: String) {
            self.from = from
            self.to = to
        }
    }

    /// Which layers of the model feed which, in the order of computing; empty without a model.
    public var layerLinks: [LayerLink] {
        var links: [LayerLink] = []
        var known: Set<LayerLink> = []
        // The layers whose results reach a node without passing another layer.
        var sources = [Set<String>](repeating: [], count: nodes.count)
        for (number, node) in nodes.enumerated() where node.kind == .operation {
            let reaching = node.inputs.reduce(into: Set<String>()) { $0.formUnion(sources[$1.node]) }
            guard layers.contains(node.module) else {
                sources[number] = reaching
                continue
            }
            sources[number] = [node.module]
            for source in reaching.sorted() where source != node.module {
                let link = LayerLink(from: source, to: node.module)
                if known.insert(link).inserted { links.append(link) }
            }
        }
        return links
    }
}
