import Switchback

/// The first example's graph with its values, and the gradients as they arrive: one rule of the chain after the other.
package struct BackwardWalk: Encodable, Sendable {
    /// A box of the graph: an input or the result of an operation.
    package struct Node: Encodable, Equatable, Sendable {
        package let id: String
        /// How its value follows from those of `inputs`; `nil` for an input.
        package let formula: String?
        package let inputs: [String]
        package let value: Double
        /// How the loss changes with it; `nil` where backpropagation does not go.
        package let gradient: Double?
    }

    /// One step on the way back: what arrived at `from`, times the derivative of one operation, arrives at `to`.
    package struct Rule: Encodable, Equatable, Sendable {
        package let from, to: String
        /// The derivative of the operation, in symbols: `2 · d`.
        package let derivative: String
        package let local, incoming, gradient: Double
    }

    package let nodes: [Node]
    package let rules: [Rule]
    package let curve: [FirstExample.Point]

    /// Runs the example forward and backward.
    package init(_ example: FirstExample) {
        let w = Tensor([Float(example.w)], requiresGrad: true)
        let x = Tensor([Float(example.x)])
        let product = w * x
        let difference = product - example.target
        let loss = difference.pow(2)
        let graph = Graph(of: loss, names: ["w": w, "p": product, "d": difference, "L": loss])
        func gradient(_ name: String) -> Double? {
            graph.nodes.first { $0.name == name }?.gradients.first.map(Double.init)
        }
        nodes = [
            Node(id: "w", formula: nil, inputs: [], value: w.item(), gradient: gradient("w")),
            Node(id: "x", formula: nil, inputs: [], value: x.item(), gradient: nil),
            Node(id: "p", formula: "w · x", inputs: ["w", "x"], value: product.item(), gradient: gradient("p")),
            Node(id: "t", formula: nil, inputs: [], value: Double(Float(example.target)), gradient: nil),
            Node(
                id: "d", formula: "p − t", inputs: ["p", "t"], value: difference.item(),
                gradient: gradient("d")),
            Node(id: "L", formula: "d²", inputs: ["d"], value: loss.item(), gradient: gradient("L")),
        ]
        let derivatives = [
            ("L", "d", "2 · d", Self.derivative(at: difference) { $0.pow(2) }),
            ("d", "p", "1", Self.derivative(at: product) { $0 - example.target }),
            ("p", "w", "x", Self.derivative(at: w) { $0 * x }),
        ]
        rules = derivatives.map { from, to, derivative, local in
            Rule(
                from: from, to: to, derivative: derivative, local: local, incoming: gradient(from) ?? .nan,
                gradient: gradient(to) ?? .nan)
        }
        curve = example.curve
    }

    private static func derivative(at point: Tensor, of operation: @escaping (Tensor) -> Tensor) -> Double {
        grad(of: operation)(point.detach()).item()
    }
}
