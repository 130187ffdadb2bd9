import Foundation
import Switchback
import SwitchbackFormats
import TestSupport
import Testing

@Suite(.seeded()) struct TensorBoardTests {
    let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    /// A PNG file of one red pixel.
    private static let png = Data(
        base64Encoded: "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC")!

    private static let graph = [
        GraphNode(name: "input", operation: "Placeholder", shape: [8, 4]),
        GraphNode(name: "model/linear", operation: "linear", inputs: ["input"], shape: [8, 2]),
    ]

    private func logExample() throws -> String {
        let writer = try TensorBoardWriter(folder: folder.url.path)
        for step in 1...3 { try writer.scalar("loss/train", 1 / Double(step), step: step) }
        try writer.histogram("weights", Tensor([-1.0, 0.0, 0.5, 1.0, 1.0, .nan]), step: 2)
        try writer.image("samples", png: [UInt8](Self.png), step: 3)
        try writer.graph(Self.graph)
        try writer.flush()
        return writer.path
    }

    @Test func whatIsLoggedIsRead() throws {
        let events = try EventFile.read(logExample())
        var scalars: [Int: Float] = [:]
        for event in events {
            switch event.content {
            case .version(let version): #expect(version == "brain.Event:2")
            case .scalar(let tag, let value):
                #expect(tag == "loss/train")
                scalars[event.step] = value
            case .histogram(let tag, let histogram):
                #expect(tag == "weights" && histogram.count == 5 && histogram.counts.reduce(0, +) == 5)
                #expect(histogram.minimum == -1 && histogram.maximum == 1 && histogram.sum == 1.5)
            case .image(let tag, let bytes): #expect(tag == "samples" && bytes == [UInt8](Self.png))
            case .graph(let nodes): #expect(nodes == Self.graph)
            case .other: Issue.record("an event was not understood")
            }
        }
        #expect(events.count == 7 && scalars == [1: 1, 2: 0.5, 3: 1 / 3])
    }

    @Test(.enabled(if: Python.has("tensorboard"), "the Python package tensorboard is not installed"))
    func tensorBoardReadsIt() throws {
        _ = try logExample()
        let output = try Python.run(
            """
            import sys
            from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
            from tensorboard.compat.proto import graph_pb2
            a = EventAccumulator(sys.argv[1], size_guidance={'histograms': 0, 'images': 0}); a.Reload()
            print([(s.step, round(s.value, 4)) for s in a.Scalars('loss/train')])
            h = a.Histograms('weights')[0].histogram_value
            print(h.min, h.max, h.num, h.sum, h.sum_squares, len(h.bucket), h.bucket_limit[-1])
            i = a.Images('samples')[0]
            print(i.width, i.height, i.encoded_image_string[:4])
            g = graph_pb2.GraphDef(); g.MergeFrom(a.Graph())
            print([(n.name, n.op, list(n.input), [d.size for d in n.attr['_output_shapes'].list.shape[0].dim]) for n in g.node])
            """, [folder.url.path])
        #expect(
            output == """
                [(1, 1.0), (2, 0.5), (3, 0.3333)]
                -1.0 1.0 5.0 1.5 3.25 64 1.0
                1 1 b'\\x89PNG'
                [('input', 'Placeholder', [], [8, 4]), ('model/linear', 'linear', ['input'], [8, 2])]

                """)
    }

    @Test func lossesHaveGraphs() {
        let model = Sequential(Linear(4, 3, bias: false), ReLU(), Linear(3, 2, bias: false))
        let nodes = GraphNode.list(of: model(Tensor.zeros([5, 4])).sum().graph)
        #expect(
            nodes.map(\.name) == ["0/weight", "constant", "0/linear", "1/relu", "2/weight", "2/linear", "sum"])
        #expect(
            nodes.map(\.inputs) == [
                [], [], ["0/weight", "constant"], ["0/linear"], [], ["1/relu", "2/weight"], ["2/linear"],
            ])
        #expect(nodes[2].shape == [5, 3] && nodes[6].shape == [])
    }

    @Test func aResumedRunDoublesNothing() throws {
        func log(_ writer: TensorBoardWriter, _ steps: ClosedRange<Int>) throws {
            for step in steps { try writer.scalar("loss", Double(step), step: step) }
            try writer.flush()
        }
        let first = try TensorBoardWriter(folder: folder.url.path)
        try log(first, 1...5)
        // The program was killed while it wrote another record.
        let handle = try #require(FileHandle(forWritingAtPath: first.path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data([7, 0, 0]))
        #expect(throws: InputError.self) { try EventFile.read(first.path) }
        let second = try TensorBoardWriter(folder: folder.url.path, continuingAfter: 3)
        try log(second, 4...6)
        #expect(second.path == first.path && folder.contents.count == 1)
        let steps = try EventFile.read(second.path).filter { if case .scalar = $0.content { true } else { false } }
        #expect(steps.map(\.step) == [1, 2, 3, 4, 5, 6])
        let other = try TemporaryFolder()
        #expect(try EventFile.read(TensorBoardWriter(folder: other.url.path, continuingAfter: 9).path).count == 1)
    }

    @Test func histogramsOfOddTensors() {
        #expect(Histogram(of: Tensor([Double.nan])) == nil)
        #expect(Histogram(of: Tensor.zeros([0])) == nil)
        #expect(Histogram(of: Tensor([2.0, 2.0]))?.counts == [2])
        #expect(Histogram(of: Tensor([0.0, 1.0]), bins: 2)?.counts == [1, 1])
    }

    @Test func whatCannotBeWrittenIsASentence() throws {
        #expect(throws: InputError.self) { try TensorBoardWriter(folder: folder.path("missing")) }
        let writer = try TensorBoardWriter(folder: folder.url.path)
        #expect(throws: InputError.self) { try writer.image("x", png: [1, 2, 3], step: 1) }
    }

    /// Every file that is cut short or has one bit changed is refused with a sentence.
    @Test func damageIsNoticed() throws {
        let bytes = try [UInt8](Data(contentsOf: URL(fileURLWithPath: logExample())))
        let intact = try EventFile.read(folder.write(bytes, to: "intact")).count
        for length in stride(from: 1, to: bytes.count, by: 7) {
            let cut = try folder.write(bytes.prefix(length), to: "cut")
            // Between two records a file may end.
            if let events = try? EventFile.read(cut) { #expect(events.count < intact) }
        }
        for position in stride(from: 0, to: bytes.count, by: 5) {
            var changed = bytes
            changed[position] ^= 0x10
            let path = try folder.write(changed, to: "changed")
            #expect(throws: InputError.self) { try EventFile.read(path) }
        }
    }
}
