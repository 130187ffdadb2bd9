import Switchback
import SwitchbackAdditions

// The examples in the sources' comments: that they compile, and stay what the comments say, is the test.

private final class Detector: Module {
    func heads(_ images: Tensor) -> (boxes: Tensor, scores: Tensor) { (images, images) }
}

private func loading(images: Tensor, labels: Tensor, train: (Tensor, Tensor) -> Void) {
    let loader = DataLoader(TensorDataset(images, labels), batchSize: 64, shuffle: true)
    for batch in loader { train(batch.input, batch.target) }  // the next epoch, each time
}

private func loadingAnEpoch(loader: DataLoader<Example, any Error>, train: (Tensor, Tensor) -> Void) throws {
    let batches = loader.batches(epoch: 3)
    while let batch = try batches.next() { train(batch.input, batch.target) }
}

private func drawingTheGraph() {
    let w = Tensor([2.0], requiresGrad: true)
    let loss = (w * Tensor([3.0]) - 10.0).pow(2)
    print(loss.graph)
}

private func fusing(model: Sequential, detector: Detector, images: Tensor) -> [Tensor] {
    let fast = model.fused()
    let logits = fast(images)
    let (boxes, scores) = detector.fused().run { $0.heads(images) }  // a model with more than one result
    return [logits, boxes, scores]
}

private func computingInBFloat16(model: Sequential, images: Tensor, labels: Tensor, optimizer: SGD) {
    let loss = withPrecision(.bfloat16) { model(images).crossEntropy(labels) }
    loss.backward()
    optimizer.step()
}

private func catching(model: Sequential, input: Tensor) throws {
    do {
        print(try catchingErrors { model(input) })
    } catch let error as ShapeError {
        print(error)  // linear: the input has shape [1, 3]; expected […, 4] (in fc1)
    }
}

private func gradientsOfExamples(weight: Tensor, inputs: Tensor, targets: Tensor) -> Tensor {
    func loss(_ weight: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor { x.matmul(weight).mseLoss(y) }
    let perExample = vmap(of: { example in grad(of: { loss($0, example[0], example[1]) })(weight) })
    let gradients = perExample([inputs, targets])  // [N, weight…]
    return gradients
}

private func steppingByCurvature(model: Module, x: Tensor, y: Tensor) {
    let optimizer = LBFGS(model, lineSearch: .strongWolfe)
    for _ in 0..<10 { optimizer.step { model(x).mseLoss(y) } }
}

private func normalizingWeights() -> Module {
    let layer = WeightNorm(Linear(20, 40))
    return layer
}

private func initializing(layer: Conv2d) {
    layer.weight.initialize(.kaimingNormal(fan: .out, nonlinearity: .relu))
}

private enum Modules {
    final class Classifier: Module {
        let hidden = Linear(64, 32)
        let output = Linear(32, 10)

        override func forward(_ x: Tensor) -> Tensor { output(hidden(x).relu()) }
    }
}

private func averaging(
    model: Module, loader: DataLoader<Example, Never>, optimizer: Optimizer, loss: (Example) -> Tensor
) {
    let average = ExponentialMovingAverage(model)
    for batch in loader {
        loss(batch).backward()
        optimizer.step()
        average.update()
    }
    average.swap()  // the model now has the averaged weights
}

private func optimizing(model: Module, loss: Tensor) {
    let optimizer = AdamW(model, learningRate: 1e-3)
    loss.backward()
    optimizer.step()
    optimizer.zeroGrad()
}

private func grouping(model: Module) -> Optimizer {
    let optimizer = SGD(
        [
            ParameterGroup(model.namedParameters.filter { $0.parameter.rank > 1 }),
            ParameterGroup(model.namedParameters.filter { $0.parameter.rank <= 1 }, weightDecay: 0),
        ], learningRate: 0.01, momentum: 0.9, weightDecay: 5e-4)
    return optimizer
}

private func reducing(optimizer: Optimizer, epochs: Int, validationLoss: () -> Double) {
    let plateau = ReduceOnPlateau(optimizer, patience: 3)
    for _ in 0..<epochs {
        plateau.observe(validationLoss())
    }
}

private func scheduling(optimizer: Optimizer, trainingStep: () -> Void) {
    let schedule = Schedule.linear(from: 0.1, to: 1, steps: 500).followed(by: .cosine(steps: 9_500), after: 500)
    for step in 0..<10_000 {
        schedule.apply(to: optimizer, step: step)
        trainingStep()
    }
}

private func differentiating() {
    let w = Tensor([2.0], requiresGrad: true)
    let loss = (w * 3.0 - 10.0).pow(2)
    loss.backward()
    print(w.grad!.item())  // -24.0
}

private func tracing(model: Module, inputs: Tensor, labels: Tensor) {
    let trace = StepTrace(model)
    model(inputs).crossEntropy(labels).backward()
    trace.end()
    print(trace.graphs.first?.unreached ?? [])
}
