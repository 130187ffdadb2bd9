// Differentiation as functions of functions: thin layers over the same graph that `backward()` walks.

/// The function that computes the gradient of `function`, whose result must have one element, at a point.
///
/// As `torch.func.grad`. Nested calls give derivatives of derivatives: `grad(of: grad(of: f))`.
public func grad(of function: @escaping (Tensor) -> Tensor) -> (Tensor) -> Tensor {
    { point in valueAndGrad(of: function)(point).gradient }
}

/// The function that computes both `function` and its gradient at a point.
public func valueAndGrad(
    of function: @escaping (Tensor) -> Tensor
) -> (Tensor) -> (value: Tensor, gradient: Tensor) {
    { point in
        let (value, gradients) = valueAndGrads(of: { function($0[0]) })([point])
        return (value, gradients[0])
    }
}

/// The function that computes `function` of several tensors and its gradient with respect to each of them.
public func valueAndGrads(
    of function: @escaping ([Tensor]) -> Tensor
) -> ([Tensor]) -> (value: Tensor, gradients: [Tensor]) {
    { points in
        let differentiatesFurther = ThreadState.current.recordsGradients && points.contains { $0.requiresGrad }
        let inputs = points.map { $0.tracked(linkedToGraph: differentiatesFurther) }
        let value = enableGrad { function(inputs) }
        require(
            value.count == 1, "valueAndGrads",
            "the function must give a single value, a loss; it gave a tensor of shape \(value.shape)")
        let found = gradients(of: [value], withRespectTo: inputs, createGraph: differentiatesFurther)
        let result = zip(found, inputs).map { $0 ?? $1.zerosLike() }
        return (differentiatesFurther ? value : value.detach(), result)
    }
}

/// The value of `function` at `points`, and the function that takes an upstream gradient to the gradients of the
/// points: the vector-Jacobian product.
public func vjp(
    of function: ([Tensor]) -> Tensor, at points: [Tensor]
) -> (value: Tensor, pullback: (Tensor) -> [Tensor]) {
    let inputs = points.map { $0.tracked(linkedToGraph: false) }
    let value = enableGrad { function(inputs) }
    func pullback(_ gradient: Tensor) -> [Tensor] {
        guard value.requiresGrad else { return inputs.map { $0.zerosLike() } }
        let found = gradients(of: [value], withRespectTo: inputs, gradients: [gradient], retainGraph: true)
        return zip(found, inputs).map { $0 ?? $1.zerosLike() }
    }
    return (value.detach(), pullback)
}

/// The value of `function` at `points`, and its change along `tangents`: the Jacobian-vector product.
///
/// Computed by differentiating the pullback, which is linear in its argument (the "double backward trick"), so every
/// operation with a second derivative has it.
public func jvp(
    of function: ([Tensor]) -> Tensor, at points: [Tensor], along tangents: [Tensor]
) -> (value: Tensor, change: Tensor) {
    require(
        points.count == tangents.count && zip(points, tangents).allSatisfy { $0.shape == $1.shape }, "jvp",
        "each point needs a tangent of its shape: \(points.map(\.shape)) and \(tangents.map(\.shape))")
    let inputs = points.map { $0.tracked(linkedToGraph: false) }
    return enableGrad {
        let value = function(inputs)
        guard value.requiresGrad else { return (value, value.detach().zerosLike()) }
        let cotangent = value.detach().zerosLike()
        cotangent.requiresGrad = true
        let pulled = gradients(of: [value], withRespectTo: inputs, gradients: [cotangent], createGraph: true)
        let pairs = zip(pulled, tangents).compactMap { pulled, tangent in
            pulled.flatMap { $0.requiresGrad ? ($0, tangent.to($0.dtype)) : nil }
        }
        let change = gradients(of: pairs.map(\.0), withRespectTo: [cotangent], gradients: pairs.map(\.1))[0]
        return (value.detach(), change?.detach() ?? value.detach().zerosLike())
    }
}

/// The matrix of first derivatives: of each element of `function`'s value (shape [m…]) with respect to each element of
/// the point (shape [n…]); shape [m…, n…].
public func jacobian(of function: ([Tensor]) -> Tensor, at point: Tensor) -> Tensor {
    let (value, pullback) = vjp(of: function, at: [point])
    let rows = (0..<value.count).map { i -> Tensor in
        let unit = value.newZeros([value.count])
        unit.array.backend.fill(unit.array.sliced(0, start: i, length: 1), with: 1, integer: 1)
        return pullback(unit.reshape(value.shape))[0]
    }
    let shape = Shape(Array(value.shape) + Array(point.shape))
    return rows.isEmpty ? point.newZeros(shape) : Tensor.stack(rows).reshape(shape)
}

/// The matrix of second derivatives of `function`, whose value must have one element; shape [n…, n…] for a point of
/// shape [n…].
public func hessian(of function: @escaping (Tensor) -> Tensor, at point: Tensor) -> Tensor {
    jacobian(of: { grad(of: function)($0[0]) }, at: point)
}

/// Runs `body` without remembering what its operations save, and runs it again when `backward()` needs that: less
/// memory, for the price of a second forward pass (Chen et al., "Training Deep Nets with Sublinear Memory Cost", 2016).
///
/// - Parameters:
///   - inputs: every tensor that a gradient is to flow to and that `body` takes as an argument. Parameters of modules
///     that `body` uses get their gradient too, as they are leaves.
///   - body: must compute the same both times. Random numbers of the default generator are replayed.
public func checkpoint(_ inputs: [Tensor], _ body: @escaping ([Tensor]) -> Tensor) -> Tensor {
    guard ThreadState.current.recordsGradients else { return body(inputs) }
    let randomState = Generator.default.state
    let output = noGrad { body(inputs.map { $0.detach() }) }
    let replay = Replay(body: body, randomState: randomState)
    // Parameters inside `body` require gradients even if no input does: a link of no elements makes the graph reach it.
    let link = output.newZeros([0])
    link.requiresGrad = true
    let positions = inputs.indices
    return Tensor.record(.checkpoint, output.array, from: inputs + [link], saving: inputs, once: true) {
        saved, gradient in
        replay.gradients(of: positions.map { saved.tensor($0) }, upstream: gradient) + [nil]
    }
}

/// What `checkpoint` runs again. It holds a function of the user's, which may refer to modules; it is only ever called
/// on the thread that walks the graph.
private struct Replay: @unchecked Sendable {
    let body: ([Tensor]) -> Tensor
    let randomState: Generator.State

    func gradients(of inputs: [Tensor], upstream: Tensor) -> [Tensor?] {
        let current = Generator.default.state
        Generator.default.state = randomState
        defer { Generator.default.state = current }
        let leaves = inputs.map { input in
            let leaf = input.detach()
            leaf.requiresGrad = input.requiresGrad
            return leaf
        }
        let output = enableGrad { body(leaves) }
        if output.requiresGrad { output.backward(gradient: upstream) }
        return leaves.map(\.grad)
    }
}

extension Tensor {
    /// A tensor of the same values to differentiate by: a leaf of its own, or, where derivatives of the derivative
    /// will be asked for, linked to this one.
    fileprivate final func tracked(linkedToGraph: Bool) -> Tensor {
        if linkedToGraph && requiresGrad { return Tensor.record("alias", array, from: [self]) { [$1] } }
        let leaf = detach()
        leaf.requiresGrad = true
        return leaf
    }
}
