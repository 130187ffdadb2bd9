import Switchback

/// Steps along the gradient as the curvature that the latest steps showed turns and stretches it (Liu and Nocedal, "On the
/// limited memory BFGS method for large scale optimization", 1989), in the form of `torch.optim.LBFGS`. For smooth losses of
/// the whole data, not of batches: each step computes the loss several times.
///
/// ```swift
/// let optimizer = LBFGS(model, lineSearch: .strongWolfe)
/// for _ in 0..<10 { optimizer.step { model(x).mseLoss(y) } }
/// ```
public final class LBFGS: Optimizer {
    /// How long a step along the direction is.
    public enum LineSearch: Sendable {
        /// The learning rate.
        case fixed
        /// One that satisfies the strong Wolfe conditions; the learning rate is tried first.
        case strongWolfe
    }

    private let iterations, evaluations, historySize: Int
    private let gradientTolerance, changeTolerance: Double
    private let lineSearch: LineSearch

    /// - Parameters:
    ///   - iterations: how many changes of direction a step makes at most.
    ///   - evaluations: after how many computations of the loss a step ends; 5/4 of `iterations` by default.
    ///   - gradientTolerance: a step ends where no element of the gradient is larger.
    ///   - changeTolerance: and where neither the loss nor any parameter moves by more.
    ///   - historySize: how many changes are remembered.
    public init(
        _ parameters: some ParameterSource, learningRate: Double = 1, iterations: Int = 20, evaluations: Int? = nil,
        gradientTolerance: Double = 1e-7, changeTolerance: Double = 1e-9, historySize: Int = 100,
        lineSearch: LineSearch = .fixed
    ) {
        self.iterations = iterations
        self.evaluations = evaluations ?? iterations * 5 / 4
        self.gradientTolerance = gradientTolerance
        self.changeTolerance = changeTolerance
        self.historySize = historySize
        self.lineSearch = lineSearch
        super.init(parameters, learningRate: learningRate)
        require(groups.count == 1, "LBFGS", "it moves all parameters together, and cannot have \(groups.count) groups")
        let types = Set(groups[0].parameters.map { $0.parameter.dtype })
        require(types.count == 1, "LBFGS", "all parameters must have one element type, not \(types)")
        require(iterations > 0 && historySize > 0, "LBFGS", "\(iterations) iterations, a history of \(historySize)")
    }

    public override func update(
        _ parameter: Tensor, gradient: Tensor, state: inout ParameterState, group: Group
    ) -> Tensor {
        fail("LBFGS", "a step computes the loss several times: call step(_:) with a closure that does")
    }

    /// Makes a step.
    ///
    /// - Parameter loss: computes the loss. Gradients are cleared before, and computed after each call.
    /// - Returns: the loss before the step.
    @discardableResult
    public func step(_ loss: () -> Tensor) -> Double {
        withoutActuallyEscaping(loss) { loss in
            noGrad { iterate(loss) }
        }
    }

    private func iterate(_ closure: @escaping () -> Tensor) -> Double {
        var (loss, gradient) = evaluate(closure)
        let initial = loss
        var (used, memory) = (1, recalled())
        if largest(gradient) <= gradientTolerance { return initial }
        for iteration in 1...iterations {
            memory.turn(gradient, historySize)
            let rate = memory.iterations > 1 ? 1 : min(1, 1 / gradient.abs().sum().item())
            memory.step = rate * learningRate
            let direction = memory.direction!
            let slope = gradient.dot(direction).item()
            let previous = loss
            if slope > -changeTolerance { break }
            switch lineSearch {
            case .strongWolfe:
                let origin = values()
                let start = LinePoint(step: 0, loss: loss, gradient: gradient, slope: slope)
                var search = WolfeSearch(from: start, largest: largest(direction), tolerance: changeTolerance) { step in
                    self.move(to: origin + direction * step)
                    let (loss, gradient) = self.evaluate(closure)
                    return LinePoint(step: step, loss: loss, gradient: gradient, slope: gradient.dot(direction).item())
                }
                let found = search.run(first: memory.step)
                (loss, gradient, memory.step) = (found.loss, found.gradient, found.step)
                move(to: origin + direction * memory.step)
                used += search.evaluations
            case .fixed:
                move(to: values() + direction * memory.step)
                if iteration == iterations { break }
                (loss, gradient) = evaluate(closure)
                used += 1
            }
            if used >= evaluations || largest(gradient) <= gradientTolerance { break }
            if largest(direction * memory.step) <= changeTolerance || abs(loss - previous) < changeTolerance { break }
        }
        remember(memory)
        return initial
    }

    private func largest(_ vector: Tensor) -> Double { vector.abs().max().item() }
}

// MARK: - All parameters as one vector

extension LBFGS {
    private var parameters: [(name: String, parameter: Parameter)] {
        groups[0].parameters.filter { $0.parameter.requiresGrad }
    }

    /// The loss at the present parameters, and its gradient.
    private func evaluate(_ closure: () -> Tensor) -> (loss: Double, gradient: Tensor) {
        zeroGrad()
        let loss = enableGrad { closure() }
        require(loss.count == 1, "LBFGS", "the closure gave a tensor of shape \(loss.shape), not a single loss")
        enableGrad { loss.backward() }
        return (loss.item(), joined { $0.grad?.to($0.dtype) ?? $0.zerosLike() })
    }

    private func joined(_ part: (Parameter) -> Tensor) -> Tensor {
        Tensor.cat(parameters.map { part($0.parameter).detach().reshape(-1) })
    }

    private func values() -> Tensor { joined { $0 } }

    private func move(to values: Tensor) {
        for (parameter, part) in zip(parameters, parts(of: values)) { parameter.parameter.copy(from: part) }
    }

    /// A vector of all parameters, cut into their shapes.
    private func parts(of vector: Tensor) -> [Tensor] {
        let shapes = parameters.map(\.parameter.shape)
        return zip(vector.split(shapes.map(\.elementCount)), shapes).map { $0.reshape($1) }
    }
}

// MARK: - What is remembered

/// The latest changes of parameters and gradients, and the direction that follows from them.
private struct CurvatureMemory {
    var iterations = 0
    var direction, gradient: Tensor?
    var step = 0.0
    var scale = 1.0
    /// Of the gradient and of the parameters, oldest first, and 1 / their inner product.
    var changes: [(gradient: Tensor, parameters: Tensor, inverse: Double)] = []

    /// Finds the direction at a new gradient by the two loops of Liu and Nocedal.
    mutating func turn(_ next: Tensor, _ historySize: Int) {
        iterations += 1
        defer { gradient = next }
        guard let direction, let gradient else {
            self.direction = -next
            return
        }
        let change = (gradient: next - gradient, parameters: direction * step)
        let product = change.gradient.dot(change.parameters).item()
        if product > 1e-10 {
            if changes.count == historySize { changes.removeFirst() }
            changes.append((change.gradient, change.parameters, 1 / product))
            scale = product / change.gradient.dot(change.gradient).item()
        }
        var vector = -next
        var shares: [Double] = []
        for change in changes.reversed() {
            let share = change.parameters.dot(vector).item() * change.inverse
            vector = vector.add(change.gradient, alpha: -share)
            shares.append(share)
        }
        vector = vector * scale
        for (change, share) in zip(changes, shares.reversed()) {
            let back = change.gradient.dot(vector).item() * change.inverse
            vector = vector.add(change.parameters, alpha: share - back)
        }
        self.direction = vector
    }
}

extension LBFGS {
    /// Puts what a step leaves where checkpoints find it: vectors in parts with the parameters, numbers with the first.
    private func remember(_ memory: CurvatureMemory) {
        var vectors = memory.changes.enumerated().flatMap { index, change in
            [("old_dirs.\(index)", change.gradient), ("old_stps.\(index)", change.parameters)]
        }
        if let direction = memory.direction, let gradient = memory.gradient {
            vectors += [("d", direction), ("prev_flat_grad", gradient)]
        }
        var saved = state
        saved.tensors = [:]
        for (role, vector) in vectors {
            for ((name, _), part) in zip(parameters, parts(of: vector)) { saved.tensors["\(name)/\(role)"] = part }
        }
        guard let first = parameters.first?.name else { return }
        saved.numbers["\(first)/n_iter"] = Double(memory.iterations)
        saved.numbers["\(first)/t"] = memory.step
        saved.numbers["\(first)/H_diag"] = memory.scale
        for (index, change) in memory.changes.enumerated() { saved.numbers["\(first)/ro.\(index)"] = change.inverse }
        do { try load(saved) } catch { fail("LBFGS", "\(error)") }
    }

    private func recalled() -> CurvatureMemory {
        var memory = CurvatureMemory()
        let saved = state
        func number(_ role: String) -> Double? { parameters.first.flatMap { saved.numbers["\($0.name)/\(role)"] } }
        func vector(_ role: String) -> Tensor? {
            let parts = parameters.compactMap { name, parameter in
                saved.tensors["\(name)/\(role)"]?.to(parameter.backend).reshape(-1)
            }
            return parts.count == parameters.count ? Tensor.cat(parts) : nil
        }
        guard let count = number("n_iter") else { return memory }
        memory.iterations = Int(count)
        (memory.direction, memory.gradient) = (vector("d"), vector("prev_flat_grad"))
        (memory.step, memory.scale) = (number("t") ?? 0, number("H_diag") ?? 1)
        while let gradient = vector("old_dirs.\(memory.changes.count)"),
            let parameters = vector("old_stps.\(memory.changes.count)"),
            let inverse = number("ro.\(memory.changes.count)")
        {
            memory.changes.append((gradient, parameters, inverse))
        }
        return memory
    }
}
