import Switchback

/// A model with a loss and batches in memory, as a task to examine.
final class ExampleTask: ExaminedTask {
    let name = "examples"
    let model: Module
    let source: BatchSource<Example>
    private let batches: [Example]
    private let criterion: (Module, Example) -> Tensor

    init(_ model: Module, _ batches: [Example], _ loss: @escaping (Module, Example) -> Tensor) {
        (self.model, self.batches) = (model, batches)
        criterion = loss
        source = BatchSource(sampler: SequentialSampler(batches.count), batchSize: 1) { indices, _ in
            batches[indices[0]]
        }
    }

    func loss(_ batch: Example) -> BatchLoss { BatchLoss(criterion(model, batch), count: batch.input.shape[0]) }

    func validate() -> Metrics { [:] }
    func fitness(_ metrics: Metrics) -> [Double] { [] }

    func answers(to batch: Example) -> Tensor { model(batch.input) }

    func shufflingTargets(of batch: Example, by generator: Generator) -> Example {
        Example(input: batch.input, target: batch.target.withRowsShuffled(by: generator))
    }

    func blankingInputs(of batch: Example, from first: Int) -> Example {
        Example(input: batch.input.withRowsBlanked(from: first), target: batch.target)
    }

    /// Known of targets that are numbers of classes.
    var chance: Chance? {
        guard batches.allSatisfy({ $0.target.dtype.isInteger && $0.target.rank == 1 }) else { return nil }
        let targets = batches.flatMap { $0.target.toArray(as: Int.self) }
        guard let most = targets.max(), targets.min() ?? -1 >= 0 else { return nil }
        let answers: Shape = noGrad { self.answers(to: batches[0]).shape }
        var counts = [Int](repeating: 0, count: max(most + 1, answers.count == 2 ? answers[1] : 0))
        for target in targets { counts[target] += 1 }
        return Chance(counts: counts)
    }

    func dataChecks() -> [DoctorCheck] {
        let inputs = batches.map(\.input).filter(\.dtype.isFloatingPoint)
        guard !inputs.isEmpty else { return [] }
        return [ValueCheck.check(inputs) { batch, row in "batch \(batch + 1), example \(row + 1)" }]
    }
}

extension Tensor {
    /// The rows in another order, in which each row is another one wherever rows are not all the same.
    package final func withRowsShuffled(by generator: Generator) -> Tensor {
        let count = shape.first ?? 0
        guard count > 1 else { return self }
        let order = Tensor.randperm(count, generator: generator).toArray(as: Int.self)
        // Each place of a random round trip gives to the next one, so that no row stays where it is.
        var sources = [Int](repeating: 0, count: count)
        for (position, place) in order.enumerated() { sources[place] = order[(position + 1) % count] }
        return indexSelect(dim: 0, index: Tensor(sources, shape: [count]).to(backend))
    }

    /// The rows from `first` on filled with the mean of the whole, or with 0 where they are whole numbers.
    package final func withRowsBlanked(from first: Int) -> Tensor {
        let count = shape.first ?? 0
        guard first < count else { return self }
        return noGrad {
            let rest = narrow(dim: 0, start: first, length: count - first)
            let blank = dtype.isFloatingPoint ? rest * 0 + mean() : rest.zerosLike()
            return first == 0 ? blank : Tensor.cat([narrow(dim: 0, start: 0, length: first), blank], dim: 0)
        }
    }
}
