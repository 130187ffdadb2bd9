import Foundation
import Switchback
import TestSupport
import Testing

/// Graphs as text, for Graphviz and as images.
@Suite(.seeded()) struct GraphDrawingTests {
    private func firstExample() -> Graph {
        let w = Tensor([2.0], requiresGrad: true)
        let x = Tensor([3.0])
        let loss = (w * x - 10.0).pow(2)
        let graph = Graph(of: loss, names: ["w": w, "x": x, "loss": loss])
        // Looking changes nothing.
        #expect(w.grad == nil)
        loss.backward()
        #expect(w.grad?.item() == -24)
        return graph
    }

    @Test func theFirstExampleAsText() {
        #expect(
            firstExample().text == """
                1  w               [1]  value 2   gradient -24
                2  x               [1]  value 3
                3  multiply(1, 2)  [1]  value 6   gradient -8
                4  subtract(3)     [1]  value -4  gradient -8
                5  loss = pow(4)   [1]  value 16  gradient 1
                """)
    }

    @Test func theFirstExampleForGraphviz() {
        #expect(
            firstExample().dot == """
                digraph {
                  node [shape=box, style="rounded,filled", fontname=monospace, fontsize=10]
                  edge [color="#808080"]
                  n0 [label="w\\n[1]\\nvalue 2\\ngradient -24", fillcolor="#fdf0d2", color="#c78a1c"]
                  n1 [label="x\\n[1]\\nvalue 3", fillcolor="#ececec", color="#8a8a8a"]
                  n2 [label="multiply\\n[1]\\nvalue 6\\ngradient -8", fillcolor="#e6eef8", color="#5a7fb5"]
                  n3 [label="subtract\\n[1]\\nvalue -4\\ngradient -8", fillcolor="#e6eef8", color="#5a7fb5"]
                  n4 [label="pow\\nloss\\n[1]\\nvalue 16\\ngradient 1", fillcolor="#ddf1e0", color="#3c8a50"]
                  n0 -> n2
                  n1 -> n2
                  n2 -> n3
                  n3 -> n4
                }

                """)
    }

    /// The README shows what a reader gets. Where the drawing is changed on purpose, save it there again.
    @Test func theReadmeShowsTheFirstExample() throws {
        let shown = projectFolder.appendingPathComponent("Docs/first-gradient.svg")
        #expect(try String(contentsOf: shown, encoding: .utf8) == firstExample().svg)
    }

    /// The layers and the parameters of a model are named, and what backward() would do to it is left undone.
    @Test func modelsAreNamed() {
        final class Model: Module {
            let hidden = Linear(3, 2, bias: false)
            let norm = BatchNorm1d(2)
            override func forward(_ x: Tensor) -> Tensor { norm(hidden(x)).relu() }
        }
        let model = Model()
        let calls = Calls()
        model.hidden.weight.registerHook { _ in
            calls.count += 1
            return nil
        }
        let loss = model(Tensor.ones([4, 3])).sum()
        let graph = loss.graph
        #expect(calls.count == 0 && model.parameters.allSatisfy { $0.grad == nil })
        let leaves = graph.nodes.filter { $0.kind == .leaf }
        #expect(Set(leaves.map(\.name)) == ["hidden.weight", "norm.weight", "norm.bias"])
        let operations = graph.nodes.filter { $0.kind == .operation }
        #expect(operations.map(\.module) == ["hidden", "norm", "Model", ""])
        #expect(graph.nodes.first { $0.kind == .constant }?.shape == [4, 3])
        #expect(leaves.first { $0.name == "norm.bias" }?.values == [0, 0])
        loss.backward()
        #expect(calls.count == 1)
    }

    private final class Calls {
        var count = 0
    }

    @Test func resultsOfSeveralAreTold() {
        let x = Tensor([3.0, 1.0, 2.0], requiresGrad: true)
        let text = (x.sort().values * 2).sum().graph.text
        #expect(text.contains("leaf") && text.contains("sort(1)"))
        let parts = Tensor([1.0, 2.0], requiresGrad: true).unbind(dim: 0)
        #expect((parts[0] * parts[1]).graph.text.contains("gradient 1"))
    }

    @Test func whatIsMissingIsSaid() {
        let x = Tensor([1.0], requiresGrad: true)
        var y = x
        for _ in 0..<500 { y = y + 1 }
        let cut = Graph(of: y, limit: 100)
        #expect(cut.nodes.count == 100 && cut.omittedCount == 401)
        #expect(cut.text.hasSuffix("(left out: the 401 nodes furthest from the result)"))
        #expect(cut.svg.contains("left out: the 401 nodes") && cut.dot.contains("left out: the 401 nodes"))
        y.backward()
        #expect(y.graph.text.contains("freed by backward()"))
        // No single number, so no gradients.
        let z = Tensor([1.0, 2.0], requiresGrad: true) * 2
        #expect(z.graph.nodes.allSatisfy { $0.gradients.isEmpty } && z.graph.nodes.last?.values == [2, 4])
        #expect(Tensor([1.0, 2.0]).graph.text == "1  constant  [2]  value [1, 2]")
    }

    @Test func aLongGraphIsRead() {
        let x = Tensor([1.0], requiresGrad: true)
        var y = x
        for _ in 0..<300_000 { y = y + 1 }
        #expect(y.graph.omittedCount == 300_001 - 1000)
    }

    /// What `checkpoint` runs again is the user's code, and adds to gradients: it is not run to draw.
    @Test func checkpointsAreNotRunAgain() {
        let w = Tensor([2.0], requiresGrad: true)
        let loss = checkpoint([w]) { ($0[0] * w).sum() }
        #expect(loss.graph.nodes.allSatisfy { $0.gradients.isEmpty } && w.grad == nil)
    }

    /// Every box is inside of the image, and none lies over another.
    @Test func boxesDoNotOverlap() {
        manualSeed(0)
        let x = Tensor.randn([4, 4], requiresGrad: true)
        let a = x.relu().matmul(x)
        let b = (a + x).exp()
        let loss = (b * a + x.sigmoid()).sum()
        let boxes = Self.boxes(of: loss.graph.svg)
        #expect(boxes.count == loss.graph.nodes.count)
        for (number, box) in boxes.enumerated() {
            #expect(box.minX >= 0 && box.minY >= 0)
            for other in boxes.dropFirst(number + 1) { #expect(!box.intersects(other)) }
        }
    }

    private static func boxes(of svg: String) -> [CGRect] {
        svg.split(separator: "\n").filter { $0.hasPrefix("<rect") }.map { line in
            func number(_ name: String) -> Double {
                let rest = line.components(separatedBy: " \(name)=\"")[1]
                return Double(rest.prefix { $0 != "\"" }) ?? .nan
            }
            return CGRect(x: number("x"), y: number("y"), width: number("width"), height: number("height"))
        }
    }

    @Test(
        .enabled(
            if: FileManager.default.isExecutableFile(atPath: "/usr/bin/dot"),
            "Graphviz, the package graphviz, is missing"))
    func graphvizReadsIt() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write(firstExample().dot, to: "graph.dot")
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/dot")
        process.arguments = ["-Tsvg", "-o", folder.path("graph.svg"), path]
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        #expect(try String(contentsOfFile: folder.path("graph.svg"), encoding: .utf8).contains("gradient"))
    }
}
