import Switchback

/// The gradient of a batch that is cut into slots, and what layers changed themselves meanwhile, such as batch norm's
/// running averages: both summed over all slots, in all processes.
///
/// Each slot begins with what the layers had at the beginning of the batch. Afterwards they have the mean of what the
/// slots left.
final class SlotGradient {
    /// The numbers of a slot's loss.
    private struct Report: Codable {
        let values: Metrics
        let count: Int
        /// What the loss is a mean over; `nil` for a sum.
        let weight: Double?
        /// Which parameters have a gradient.
        let isUsed: [Bool]
        /// The whole numbers that layers count in, after the slot.
        let counters: [[Int]]
    }

    /// The numbers of the whole batch.
    struct Total {
        /// The means over the examples.
        let values: Metrics
        let count: Int
    }

    private let slots: Slots
    private let parameters: [Parameter]
    private let gradients: SlotSum
    /// What layers change, and the changes of it.
    private let buffers, counters: [Buffer]
    private let changes: SlotSum

    private var activeCount = 0
    /// The gradients of batches whose step has not been made.
    private var waiting: [Tensor?] = []
    private var initialBuffers: [Tensor] = []
    private var initialCounters: [Tensor] = []
    private var reports: [Report] = []
    /// Whether a slot's backward pass is under way, and which parameters it has reached.
    private var isCollecting = false
    private var isUsed: [Bool] = []

    init(_ model: Module, _ parameters: [Parameter], _ slots: Slots) {
        self.slots = slots
        self.parameters = parameters
        gradients = SlotSum(parameters.map(\.shape), slots, streams: true)
        let saved = model.namedBuffers.map(\.buffer).filter(\.isPersistent)
        buffers = saved.filter { $0.dtype.isFloatingPoint }
        counters = saved.filter { !$0.dtype.isFloatingPoint }
        changes = SlotSum(buffers.map(\.shape), slots, streams: false)
        // The gradients are taken as soon as they are complete, so that they travel during the rest of the backward pass.
        for (number, parameter) in parameters.enumerated() {
            parameter.registerHook { [weak self] gradient in
                self?.take(gradient, of: number)
                return nil
            }
        }
    }

    private func take(_ gradient: Tensor, of number: Int) {
        guard isCollecting else { return }
        isUsed[number] = true
        gradients.add(gradient, at: number)
    }

    /// Begins a batch, of whose slots so many have examples.
    func begin(slots count: Int) {
        activeCount = count
        waiting = parameters.map(\.grad)
        initialBuffers = buffers.map { $0.detach().clone() }
        initialCounters = counters.map { $0.detach().clone() }
        gradients.begin(slots: count)
        changes.begin(slots: count)
        reports = []
    }

    /// Begins the process's next slot.
    func beginSlot() {
        for parameter in parameters { parameter.zeroGrad() }
        if !reports.isEmpty { restoreBuffers() }
    }

    private func restoreBuffers() {
        noGrad {
            for (buffer, initial) in zip(buffers + counters, initialBuffers + initialCounters) {
                buffer.copy(from: initial)
            }
        }
    }

    /// Adds the gradient of a slot's loss.
    func add(_ loss: BatchLoss, slot: Int) {
        var weight: Double?
        if case .mean(let number) = loss.reduction { weight = number }
        let isLast = slot + 1 == min(slots.own.upperBound, activeCount)
        gradients.beginSlot(slot, isLast: isLast)
        (isCollecting, isUsed) = (true, parameters.map { _ in false })
        // The batch's mean is the sum of all terms by their number, which is known when all slots are done.
        (weight.map { $0 == 1 ? loss.total : loss.total * $0 } ?? loss.total).backward()
        isCollecting = false
        gradients.endSlot()
        addChanges(slot, isLast: isLast)
        reports.append(
            Report(
                values: loss.values().values, count: loss.count, weight: weight, isUsed: isUsed,
                counters: counters.map { $0.toArray(as: Int.self) }))
    }

    private func addChanges(_ slot: Int, isLast: Bool) {
        if buffers.isEmpty { return }
        changes.beginSlot(slot, isLast: isLast)
        for (number, (buffer, initial)) in zip(buffers, initialBuffers).enumerated() {
            changes.add(noGrad { buffer - initial }, at: number)
        }
        changes.endSlot()
    }

    /// Completes the batch: its gradients are added to those of the parameters.
    ///
    /// - Parameter share: the factor with which a loss of this kind enters the step.
    func finish(share: (BatchLoss.Reduction) -> Double) throws -> Total {
        gradients.sendRest()
        changes.sendRest()
        // In the order of the slots.
        let all = try slots.group.gather(reports).flatMap { $0 }
        let weights = all.compactMap(\.weight)
        let weight = weights.reduce(0, +)
        let factor =
            weights.isEmpty ? share(.sum) : share(.mean(over: weight)) / (weight > 0 ? weight : 1)
        noGrad {
            setGradients(factor, isUsed: parameters.indices.map { i in all.contains { $0.isUsed[i] } })
            setBuffers(all[0].counters)
        }
        var means = RunningMeans()
        for report in all { means.add(report.values, count: report.count) }
        return Total(values: means.means, count: means.count)
    }

    private func setGradients(_ factor: Double, isUsed: [Bool]) {
        for (i, sum) in gradients.finish().enumerated() {
            guard isUsed[i] else {
                parameters[i].grad = waiting[i]
                continue
            }
            if factor != 1 { sum *= factor }
            let gradient = sum.to(parameters[i].backend)
            parameters[i].grad = waiting[i].map { $0 + gradient } ?? gradient
        }
        waiting = []
    }

    private func setBuffers(_ counts: [[Int]]) {
        if !buffers.isEmpty {
            for ((buffer, initial), change) in zip(zip(buffers, initialBuffers), changes.finish()) {
                buffer.copy(from: initial + change.to(initial.backend) / Float(activeCount))
            }
        }
        for (counter, count) in zip(counters, counts) {
            counter.copy(from: Tensor(count, shape: counter.shape, like: counter))
        }
    }
}
