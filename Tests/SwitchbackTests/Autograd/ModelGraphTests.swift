import Switchback
import TestSupport
import Testing

/// Graphs that know the model: layers as boxes, and what the gradient does not reach.
@Suite(.seeded()) struct ModelGraphTests {
    /// A network of which a part is detached, a part is not used, and a part is not listed.
    private final class Broken: Module {
        let encoder = Conv2d(1, 4, kernelSize: 3)
        let head = Linear(4, 3)
        let spare = Linear(3, 3)
        /// Hidden in a tuple, where no module looks.
        private let hidden: (Linear, Int) = (Linear(4, 4), 0)
        private let cuts: Bool

        init(cuts: Bool) { self.cuts = cuts }

        override func forward(_ x: Tensor) -> Tensor {
            let features = encoder(x).relu().mean(dims: [2, 3])
            return head(hidden.0(cuts ? features.detach() : features))
        }
    }

    private func loss(_ model: Module) -> Tensor {
        model(Tensor.ones([2, 1, 5, 5])).crossEntropy(Tensor([0, 2]))
    }

    @Test func whatTheGradientDoesNotReachIsListed() {
        let model = Broken(cuts: true)
        let graph = Graph(of: loss(model), model: model)
        #expect(graph.unreached.map(\.name) == ["encoder (Conv2d)", "spare (Linear)"])
        #expect(graph.unreached.first?.parameters == ["weight", "bias"])
        #expect(graph.nodes.compactMap(\.detachedFrom) == ["Broken"])
        #expect(graph.nodes.filter(\.isForeign).map(\.shape) == [[4, 4], [4]])
        #expect(graph.text.contains("not reached: encoder (Conv2d): weight, bias"))
        let whole = Broken(cuts: false)
        #expect(Graph(of: loss(whole), model: whole).unreached.map(\.path) == ["spare"])
    }

    @Test func whatIsMissingIsDrawnInRed() {
        let model = Broken(cuts: true)
        let graph = Graph(of: loss(model), model: model)
        for image in [graph.svg, graph.dot] {
            #expect(image.contains("not reached by the gradient") && image.contains("#c0392b"))
            #expect(image.contains("detached from Broken") && image.contains("not a part of the model"))
        }
        let sound = Sequential(Linear(3, 3))
        #expect(!Graph(of: sound(Tensor.ones([1, 3])).sum(), model: sound).svg.contains("#c0392b"))
    }

    /// Of a layer's operations one box is made, with its name and type; in a chain as in branches.
    @Test func layersAreBoxes() {
        let model = Sequential(Conv2d(1, 2, kernelSize: 3), BatchNorm2d(2), ReLU(), Flatten(), Linear(18, 2))
        let graph = Graph(of: model(Tensor.ones([2, 1, 5, 5])).sum(), model: model)
        #expect(graph.dot.contains("[label=\"0\\nConv2d: conv2d\\nweight [2, 1, 3, 3]"))
        #expect(graph.dot.contains("[label=\"4\\nLinear: linear"))
        #expect(graph.layerLinks == [.init(from: "0", to: "1"), .init(from: "1", to: "4")])

        final class Forked: Module {
            let trunk = Linear(3, 3)
            let left = Linear(3, 2)
            let right = Linear(3, 2)
            override func forward(_ x: Tensor) -> Tensor {
                let y = trunk(x)
                return left(y) + right(y.relu())
            }
        }
        let forked = Forked()
        let links = Graph(of: forked(Tensor.ones([1, 3])).sum(), model: forked).layerLinks
        #expect(links == [.init(from: "trunk", to: "left"), .init(from: "trunk", to: "right")])
    }

    @Test func aRecomputedGraphTellsNothingOfWhatIsMissing() {
        let model = Linear(2, 2)
        let loss = checkpoint([Tensor.ones([1, 2])]) { model($0[0]) }.sum()
        #expect(Graph(of: loss, model: model).unreached.isEmpty)
    }

    @Test func aTraceSeesWhatLossesCompare() {
        let model = Sequential(Linear(4, 1), ReLU())
        let trace = StepTrace(model)
        model(Tensor.ones([2, 4])).squeeze(1).mseLoss(Tensor([-1.0, 2.0])).backward()
        trace.end()
        // What comes after the end is not seen.
        _ = model(Tensor.ones([2, 4])).squeeze(1).l1Loss(Tensor([1.0, 2.0]))
        #expect(trace.comparisons.count == 1 && trace.graphs.count == 1 && trace.hasRun(model[0]))
        #expect(trace.comparisons[0].loss == "mseLoss" && trace.comparisons[0].source?.kind == .relu)
        #expect(trace.comparisons[0].unreachable == 0.5 && trace.comparisons[0].layer == "1")
    }
}
