import Switchback

/// Measures one step of a training: what enters the model and the loss, the layers as they are computed and as gradients
/// pass back through them, and what the optimizer does.
///
/// What is measured of a layer that is computed several times in a step is averaged over them; gradients are added up.
final class StepObserver: TrainingObserver {
    private let model: Module
    private var layers: [LayerMeasurement]
    private let positions: [ObjectIdentifier: Int]
    /// The positions of layers in the order in which they were first computed.
    private var order: [Int] = []
    private var latest: Int?
    private var input: InputRecord?
    private var numbers = EnteredNumbers()
    private var output: OutputRecord?
    private var watch: OptimizerWatch
    private let memory: ExampleMemory
    private var hasBegun = false
    private var observation: TrainingObservation?
    /// Whether the weights are those that the training began with.
    private let isFirst: Bool

    /// Measures from now until `end()`, on this thread.
    ///
    /// - Parameter memory: of the training's examples.
    init(_ model: Module, _ layers: ObservedLayers, _ memory: ExampleMemory, isFirst: Bool = false) {
        self.model = model
        self.memory = memory
        self.isFirst = isFirst
        self.layers = layers.all
        positions = layers.positions
        watch = OptimizerWatch(layers.parameters)
        observation = TrainingObservation(self)
    }

    func end() { observation?.end() }

    /// Watches again, after another one was shown what this thread computes.
    func goOn() { observation = TrainingObservation(self) }

    // MARK: Forward

    func begins(_ module: Module, on input: Tensor) {
        guard module === model || positions[ObjectIdentifier(module)] != nil else { return }
        numbers.add(input)
        guard self.input == nil else { return }
        noGrad {
            let input = input.detach()
            let marks = input.exampleMarks
            self.input = InputRecord(measuring: input, marks: marks, unseen: marks.map { memory.note($0) })
        }
    }

    func computed(_ output: Tensor, by module: Module) {
        guard let position = positions[ObjectIdentifier(module)], output.requiresGrad, !output.isLeaf,
            output.count > 0
        else { return }
        if layers[position].signal == nil { order.append(position) }
        layers[position].signal = layers[position].signal ?? 0
        latest = position
        noGrad {
            let sample = sample(of: output.detach())
            let measured = sample.meanAndDeviation
            layers[position].mean.add(measured.mean)
            layers[position].deviation.add(measured.deviation)
            if isFirst, let variation = sample.variationOverExamples { layers[position].variation.add(variation) }
        }
        output.registerHook { [weak self] gradient in
            noGrad { self?.layers[position].signal? += gradient.sumOfSquares }
            return nil
        }
    }

    func computed(_ output: Tensor, by operation: OperationName, from inputs: [Tensor], inside module: Module?) {
        if operation.kind == .softmax { noteChoice(output, inside: module) }
        guard let activation = ActivationShape(operation.kind), output.dtype.isFloatingPoint, output.count > 0,
            let position = position(of: module)
        else { return }
        layers[position].activation = "\(operation)"
        noGrad {
            let sample = sample(of: output)
            let unit = layers[position].unitDimension(of: sample)
            if let dead = activation.deadUnits(of: sample, along: unit) { layers[position].dead.add(dead) }
            if let flat = activation.flatShare(of: sample) { layers[position].saturated.add(flat) }
        }
    }

    /// Enough of an output to tell of all: more of it in the first step, where examples are compared.
    private func sample(of output: Tensor) -> Tensor {
        output.sample(of: isFirst ? Tensor.manyElements : Tensor.fewElements)
    }

    /// An operation belongs to the layer that is being computed, or else to the one before it.
    private func position(of running: Module?) -> Int? {
        running.flatMap { positions[ObjectIdentifier($0)] } ?? latest
    }

    func compares(_ prediction: Tensor, with target: Tensor, in loss: OperationName) {
        guard output == nil, prediction.count > 0 else { return }
        noGrad {
            output = OutputRecord(measuring: prediction.detach(), with: target.detach(), in: "\(loss)")
            output?.lead = numbers.lead(of: target)
        }
    }

    /// Notes how a softmax over places, [N, …, places], as attention that is written out has it, spreads its weights.
    private func noteChoice(_ weights: Tensor, inside module: Module?) {
        guard weights.rank >= 3, let position = position(of: module) else { return }
        noGrad {
            if let spread = weights.detach().spread {
                layers[position].attention.add(spread)
                if isFirst { note(seesAhead: weights.showsLaterPlaces, among: weights.size(-1), at: position) }
            } else if isFirst, weights.size(0) == input?.shape.first, weights.detach().isSpreadOverExamples {
                layers[position].mixesExamples = true
            }
        }
    }

    func attends(_ attention: ObservedAttention, inside module: Module?) {
        guard let position = position(of: module) else { return }
        noGrad {
            if let spread = attention.spread { layers[position].attention.add(spread) }
            if isFirst { note(seesAhead: attention.showsLaterPlaces, among: attention.key.size(-2), at: position) }
        }
    }

    /// Notes whether the places of a text, of so many, see those after them.
    private func note(seesAhead: Bool?, among places: Int, at position: Int) {
        guard let seesAhead, numbers.haveLength(places) else { return }
        layers[position].seesAhead = (layers[position].seesAhead ?? true) && seesAhead
    }

    func reads(_ gates: Tensor, inside module: Module?) {
        let running = module.flatMap { positions[ObjectIdentifier($0)] }
        // A layer whose forward(_:) is called directly is not told of: the first of its kind is meant.
        guard let position = running ?? layers.firstIndex(where: { $0.module is RecurrentLayer }) else { return }
        if isFirst { layers[position].sequenceShape = Array(gates.shape.prefix(2)) }
        guard gates.requiresGrad, gates.size(0) >= 8 else { return }
        gates.registerHook { [weak self] gradient in
            noGrad { self?.layers[position].add(signalInTime: gradient) }
            return nil
        }
    }

    // MARK: The way back and the step

    func walksBack(from loss: Tensor) {
        if hasBegun { return }
        hasBegun = true
        noGrad { watch.noteBeginning() }
    }

    func clips() { noGrad { watch.noteClipping() } }

    func steps(_ optimizer: Optimizer) { noGrad { watch.noteStep(of: optimizer) } }

    /// The measurements, with the gradients and weights after the step.
    func record(step: Int, loss: Double, rate: Double?) -> StepRecord {
        let computed = Set(order)
        let rows = order + layers.indices.filter { !computed.contains($0) }
        let missing = layers.flatMap(\.parameters).filter {
            $0.parameter.requiresGrad && watch.gradient(of: $0.parameter) == nil
        }
        return noGrad {
            watch.noteEnd()
            return StepRecord(
                step: step, loss: loss.recorded, rate: (rate ?? watch.learningRate)?.recorded,
                layers: rows.map { layers[$0].record(watch) }, missing: missing.map(\.name),
                isTraining: model.isTraining, input: input,
                output: output, optimizer: watch.record)
        }
    }
}
