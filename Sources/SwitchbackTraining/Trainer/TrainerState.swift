import Switchback

// What a trainer puts into a checkpoint, and how it continues from one.

extension Trainer {
    /// The state's numbers at this moment.
    func capturedState() -> TrainingState {
        var captured = state
        captured.generator = Generator.default.state
        captured.averageUpdates = average?.updates ?? 0
        captured.optimizers = optimizers.optimizers.map { optimizer in
            let state = optimizer.state
            return TrainingState.SavedOptimizer(kind: state.kind, numbers: state.numbers)
        }
        for (name, parameter) in waiting where parameter.gradRows == nil {
            captured.gradientStrides[name] = parameter.grad.map { Array($0.array.emptyLike().strides) }
        }
        return captured
    }

    /// The parameters whose gradients are of batches whose step has not been made.
    private var waiting: [(name: String, parameter: Parameter)] {
        state.gradient.batchCount > 0 ? task.model.namedParameters.filter { $0.parameter.gradElements != nil } : []
    }

    /// The state's tensors at this moment, which share memory with those that train.
    func capturedTensors() -> [(name: String, tensor: Tensor)] {
        var tensors = task.model.namedState.map { (Part.model.name($0.name), $0.tensor) }
        for (name, tensor) in average?.averages.sorted(by: { $0.key < $1.key }) ?? [] {
            tensors.append((Part.average.name(name), tensor))
        }
        for (number, optimizer) in optimizers.optimizers.enumerated() {
            for (name, tensor) in optimizer.state.tensors.sorted(by: { $0.key < $1.key }) {
                tensors.append((Part.optimizer(number).name(name), tensor))
            }
        }
        for (name, parameter) in waiting {
            if let rows = parameter.gradRows {
                // To ask for the whole would make it one, and sums over it are of another order.
                let part = rows.staysInRows ? Part.gradientRows : .usedRows
                tensors.append((part.name(name), rows.rows))
            }
            if let gradient = parameter.gradElements { tensors.append((Part.gradient.name(name), gradient)) }
        }
        return tensors
    }

    /// Continues from a checkpoint. Throws `InputError` if it belongs to something else; the model may then have
    /// changed.
    func restore(_ found: CheckpointFolder.Found) throws {
        try check(found)
        func tensors(_ part: Part) -> [String: Tensor] { part.tensors(in: found.tensors) }
        do {
            try task.model.load(stateDict: tensors(.model))
            try average?.load(tensors(.average), updates: found.state.averageUpdates)
            for (number, optimizer) in optimizers.optimizers.enumerated() {
                let saved = found.state.optimizers[number]
                try optimizer.load(
                    OptimizerState(kind: saved.kind, tensors: tensors(.optimizer(number)), numbers: saved.numbers))
            }
        } catch let error as InputError {
            throw InputError(found.path, at: error.place, error.problem, remedy: "it belongs to another model")
        }
        try restoreGradients(
            tensors(.gradient), rows: tensors(.gradientRows), usedRows: tensors(.usedRows), found)
        state = found.state
        Generator.default.state = found.state.generator
    }

    private func restoreGradients(
        _ gradients: [String: Tensor], rows: [String: Tensor], usedRows: [String: Tensor],
        _ found: CheckpointFolder.Found
    ) throws {
        for (name, parameter) in task.model.namedParameters where parameter.requiresGrad {
            guard let values = gradients[name] else {
                parameter.grad = nil
                continue
            }
            let stays = rows[name] != nil
            guard let rows = rows[name] ?? usedRows[name] else {
                if values.shape != parameter.shape {
                    throw InputError(
                        found.path, at: "gradient of \(name)",
                        "its shape is \(values.shape), and the parameter has \(parameter.shape)")
                }
                parameter.grad = values.to(parameter.dtype).to(parameter.backend).arranged(
                    found.state.gradientStrides[name])
                continue
            }
            guard values.dtype == parameter.dtype, parameter.rank == 2, rows.dtype == .int64, rows.rank == 1,
                values.shape == [rows.count, parameter.shape[1]],
                rows.toArray(as: Int.self).allSatisfy((0..<parameter.shape[0]).contains)
            else {
                throw InputError(found.path, at: "gradient of \(name)", "is of rows that the parameter does not have")
            }
            var gradient = RowGradient(
                rows: rows.to(parameter.backend), values: values.to(parameter.backend), shape: parameter.shape)
            gradient.staysInRows = stays
            parameter.rowGrad = gradient
        }
    }

    /// The newest checkpoint of the first process's folder, in all processes.
    func newestCheckpoint() throws -> CheckpointFolder.Found? {
        let group = slots.group
        var found: CheckpointFolder.Found?
        let state: TrainingState? = try group.fromRoot {
            found = try folder?.checkpoints.newest()
            return found?.state
        }
        guard let state else { return nil }
        let tensors = try group.fromRoot(found?.tensors ?? [:])
        return CheckpointFolder.Found(
            path: found?.path ?? "the checkpoint", state: state, tensors: tensors, warnings: found?.warnings ?? [])
    }

    /// Begins with the weights of the first process in all of them.
    func shareWeights() throws {
        if slots.group.size == 1 { return }
        try task.model.load(stateDict: slots.group.fromRoot(task.model.stateDict()))
    }

    /// Throws unless the checkpoint is of this task, this model and this data.
    private func check(_ found: CheckpointFolder.Found) throws {
        let saved = found.state
        guard saved.task == task.name else {
            throw InputError(found.path, "is of the task \(saved.task), and this is \(task.name)")
        }
        let own = Dictionary(uniqueKeysWithValues: task.model.namedState.map { ($0.name, $0.tensor.shape) })
        let theirs = Part.model.tensors(in: found.tensors).mapValues(\.shape)
        if let name = Set(own.keys).union(theirs.keys).sorted().first(where: { own[$0] != theirs[$0] }) {
            func described(_ shape: Shape?) -> String { shape.map { "the shape \($0)" } ?? "no tensor of that name" }
            throw InputError(
                found.path, at: "tensor \(name)",
                "belongs to another model: it has \(described(theirs[name])) there, and this model \(described(own[name]))"
            )
        }
        guard saved.batchCount == batchCount else {
            throw InputError(
                found.path,
                "belongs to other data: an epoch had \(saved.batchCount.counted("batch")), and has \(batchCount) now"
            )
        }
        // A step is of one batch at least, and of so many at most.
        let steps = saved.step.multipliedReportingOverflow(by: configuration.accumulate)
        guard steps.overflow || saved.batchesDone - saved.gradient.batchCount <= steps.partialValue else {
            throw InputError(
                found.path,
                "is damaged: \(saved.step.counted("step")) of at most \(configuration.accumulate.counted("batch")) "
                    + "cannot have taken it to \(saved.place)")
        }
        let gradients = Part.gradient.tensors(in: found.tensors)
        guard (saved.gradient.batchCount > 0) == !gradients.isEmpty else {
            throw InputError(
                found.path,
                "is damaged: it has gradients of \(gradients.count.counted("parameter")), and "
                    + "\(saved.gradient.batchCount.counted("batch")) wait for a step")
        }
        let precision = saved.precision ?? .float32
        guard precision == configuration.precision else {
            throw InputError(
                found.path,
                "was trained in \(precision.rawValue), and precision is \(configuration.precision.rawValue) now")
        }
        guard saved.slots ?? 1 == slots.count else {
            throw InputError(
                found.path,
                "was trained with batches cut into \((saved.slots ?? 1).counted("slot")), and slots is \(slots.count) now"
            )
        }
        guard saved.syncBatchNorm ?? false == configuration.syncBatchNorm else {
            throw InputError(
                found.path,
                configuration.syncBatchNorm
                    ? "was trained without sync_batch_norm, which is on now"
                    : "was trained with sync_batch_norm, which is off now")
        }
        guard saved.optimizers.count == optimizers.optimizers.count,
            zip(saved.optimizers, optimizers.optimizers).allSatisfy({ $0.kind == "\(type(of: $1))" })
        else {
            let kinds = saved.optimizers.map(\.kind).joined(separator: " and ")
            throw InputError(found.path, "belongs to a training with \(kinds)")
        }
        let hasAverage = !Part.average.tensors(in: found.tensors).isEmpty
        guard hasAverage == (average != nil) else {
            throw InputError(found.path, "has \(hasAverage ? "averaged weights" : "no averaged weights") (option ema)")
        }
    }
}

/// The parts of a checkpoint, each with its own names.
private enum Part {
    case model, average, gradient
    /// Which rows the gradient of a table is of, where it is of some.
    case gradientRows
    /// The same where it becomes a whole one once that is requested.
    case usedRows
    case optimizer(Int)

    private var prefix: String {
        switch self {
        case .model: "model/"
        case .average: "average/"
        case .gradient: "gradient/"
        case .gradientRows: "gradient rows/"
        case .usedRows: "used rows/"
        case .optimizer(let number): "optimizer \(number)/"
        }
    }

    func name(_ name: String) -> String { prefix + name }

    /// The tensors of the part by their own names.
    func tensors(in all: [String: Tensor]) -> [String: Tensor] {
        let pairs = all.filter { $0.key.hasPrefix(prefix) }.map { (String($0.key.dropFirst(prefix.count)), $0.value) }
        return Dictionary(uniqueKeysWithValues: pairs)
    }
}

extension Tensor {
    /// A copy that lies in memory with the strides that are given, which are dense.
    fileprivate func arranged(_ strides: [Int]?) -> Tensor {
        guard let strides, strides.count == rank else { return clone() }
        // The outermost dimension, which has the longest stride, first.
        let order = (0..<rank).sorted { (strides[$1], $0) < (strides[$0], $1) }
        let memory = newEmpty(Shape(order.map { shape[$0] }))
        let result = memory.permute(Shape((0..<rank).map { order.firstIndex(of: $0) ?? $0 }))
        result.copy(from: self)
        return result
    }
}
