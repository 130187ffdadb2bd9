import Switchback
import SwitchbackTraining
import TestSupport
import Testing

/// What is measured of tables, of whose rows a step uses some.
@Suite(.seeded(), .serialized) struct TableGradientTests {
    private final class Network: Module {
        let table: Embedding
        let head = Linear(8, 1)

        init(rows: Int) { table = Embedding(rows, 8) }

        override func forward(_ ids: Tensor) -> Tensor { head(table(ids).sum(dim: 1)) }
    }

    /// A measured step of plain gradient descent, which goes straight down the gradient.
    ///
    /// - Parameter before: makes gradients that are there when the step begins.
    private func record(
        rows: Int, before: (Network) -> Void = { _ in }
    ) throws -> (StepRecord, table: LayerRecord) {
        let network = Network(rows: rows)
        let optimizer = SGD(network, learningRate: 0.1)
        before(network)
        let recorder = DiagnosisRecorder(network, every: 1)
        recorder.record {
            let loss = network(Tensor([[5, 9], [700, 9], [12, 999]])).square().mean()
            loss.backward()
            optimizer.step()
            return loss
        }
        let record = try #require(recorder.diagnosis.records.first)
        return (record, try #require(record.layers.first { $0.layer == "table" }))
    }

    /// Of all elements, whether the table is small or large.
    @Test(arguments: [1000, 20_000]) func unusedRowsAreZero(_ rows: Int) throws {
        let zeros = try #require(try record(rows: rows).table.zeros)
        #expect(abs(zeros - (1 - 5 / Double(rows))) < 1e-3, "\(zeros)")
    }

    /// Rows of an earlier batch have gradients, too, before the step that is measured begins.
    @Test(arguments: [1000, 20_000]) func theStepIsComparedWithTheGradientOfTheSameRows(_ rows: Int) throws {
        let (record, table) = try record(rows: rows) { network in
            network(Tensor([[1, 2], [3, 500], [600, 998]])).sum().backward()
        }
        let descent = try #require(record.optimizer?.descent)
        #expect(abs(descent - 1) < 1e-3, "\(descent)")
        #expect(table.update ?? 0 > 0)
    }
}
