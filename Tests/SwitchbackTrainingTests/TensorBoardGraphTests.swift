import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining
import TestSupport
import Testing

/// The graph of the model in the event file of a run.
@Suite(.seeded()) struct TensorBoardGraphTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func trainedFolder() throws -> String {
        var options = TrainingConfiguration()
        options.epochs = 1
        let run = try RunFolder(in: folder.url.path, task: "small", name: "train", arguments: options)
        let trainer = try Trainer(SmallTask(), options, folder: run)
        trainer.listeners = [TensorBoardLog().receive]
        _ = try trainer.run()
        return run.path
    }

    @Test func itIsInTheEvents() throws {
        let path = try trainedFolder()
        let name = try #require(
            FileManager.default.contentsOfDirectory(atPath: path).first { $0.contains("tfevents") })
        let graphs = try EventFile.read((path as NSString).appendingPathComponent(name)).compactMap { event in
            if case .graph(let nodes) = event.content { nodes } else { nil }
        }
        #expect(graphs.count == 1)
        let nodes = try #require(graphs.first)
        let linear = try #require(nodes.first { $0.name == "first/linear" })
        #expect(linear.shape == [8, 8] && linear.inputs.contains("first/weight"))
        #expect(nodes.contains { $0.name == "second/weight" && $0.shape == [1, 8] })
    }

    @Test(.enabled(if: Python.has("tensorboard"), "the Python package tensorboard is not installed"))
    func tensorBoardReadsIt() throws {
        let output = try Python.run(
            """
            import sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            from tensorboard.compat.proto import graph_pb2
            a = EventAccumulator(sys.argv[1]); a.Reload()
            g = graph_pb2.GraphDef(); g.MergeFrom(a.Graph())
            nodes = {n.name: n for n in g.node}
            print(len(nodes) == len(g.node), all(i.split(':')[0] in nodes for n in g.node for i in n.input))
            n = nodes['first/linear']
            print(n.op, sorted(n.input), [d.size for d in n.attr['_output_shapes'].list.shape[0].dim])
            """, [try trainedFolder()])
        #expect(
            output == """
                True True
                linear ['constant', 'first/bias', 'first/weight'] [8, 8]

                """)
    }
}
