import Switchback
import SwitchbackFormats

/// The gradient of a batch that is cut into slots, and what layers changed themselves meanwhile, such as batch norm's
/// running averages: both summed over all slots, in all processes.
///
/// Each slot begins with what the layers had at the beginning of the batch. Afterwards they have the mean of what the
/// slots left; where batch norm's statistics are those of the whole batch, what the first slot left.
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

    /// Where the time of the sums goes.
    let clock = SumClock()
    private let slots: Slots
    /// Whether the slots are computed in step, with common statistics of batch norm.
    private let isInStep: Bool
    private let parameters: [Parameter]
    /// The leaves of the graph: the parameters, and then those of the model that are not trained and yet have gradients.
    let leaves: [Parameter]
    private let gradients: SlotSum
    /// What layers change, and the changes of it.
    private let buffers, counters: [Buffer]
    private let changes: SlotSum
    /// Those of layers other than batch norm, which must not change where slots are computed in step.
    private let constants: [(name: String, buffer: Buffer)]

    private var activeCount = 0
    /// The gradients of batches whose step has not been made.
    private var waiting: [Tensor?] = []
    private var initialBuffers: [Tensor] = []
    private var initialCounters: [Tensor] = []
    private var initialConstants: [Tensor] = []
    private var reports: [Report] = []
    /// Whether a slot's backward pass is under way, and which parameters it has reached.
    private var isCollecting = false
    private var isUsed: [Bool] = []

    init(_ model: Module, _ parameters: [Parameter], _ slots: Slots, isInStep: Bool) {
        self.slots = slots
        self.isInStep = isInStep
        self.parameters = parameters
        let known = Set(parameters.map(ObjectIdentifier.init))
        leaves =
            parameters
            + model.namedParameters.map(\.parameter).filter {
                $0.requiresGrad && !known.contains(ObjectIdentifier($0))
            }
        let averages = Set(model.batchNormBuffers.map(ObjectIdentifier.init))
        constants = isInStep ? model.namedBuffers.filter { !averages.contains(ObjectIdentifier($0.buffer)) } : []
        gradients = SlotSum(parameters.map(\.shape), slots, clock, streams: true)
        let saved = model.namedBuffers.map(\.buffer).filter(\.isPersistent)
        buffers = saved.filter { $0.dtype.isFloatingPoint }
        counters = saved.filter { !$0.dtype.isFloatingPoint }
        changes = SlotSum(buffers.map(\.shape), slots, clock, streams: false)
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
        initialConstants = constants.map { $0.buffer.detach().clone() }
        gradients.begin(slots: count)
        changes.begin(slots: count)
        reports = []
    }

    /// A checksum of the gradient of a slot's loss, after which all is as it was. Called before the first slot of a batch.
    func checksum(_ loss: () throws -> BatchLoss) rethrows -> UInt32 {
        beginSlot()
        walkBack(from: try loss())
        let own = parameters.map { $0.grad.map { "\(Checksum.crc32($0.detach()))" } ?? "none" }
        restoreBuffers()
        return Checksum.crc32(own.joined(separator: " "))
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
        collect(slot) { walkBack(from: loss) }
        addReport(on: loss)
    }

    /// Adds the gradients that the walk back from a slot's loss has left in leaves of its own.
    ///
    /// - Parameter gradients: those of `leaves`.
    func add(_ loss: BatchLoss, gradients: [Tensor?], slot: Int) {
        collect(slot) {
            for case (let number, let gradient?) in zip(parameters.indices, gradients).reversed() {
                take(gradient, of: number)
            }
        }
        addReport(on: loss)
    }

    /// Computes the gradients of a slot's loss.
    func walkBack(from loss: BatchLoss) {
        // The batch's mean is the sum of all terms by their number, which is known when all slots are done.
        (loss.weight.map { $0 == 1 ? loss.total : loss.total * $0 } ?? loss.total).backward()
    }

    /// Takes the gradients that `body` brings as those of a slot, and what layers have changed.
    private func collect(_ slot: Int, _ body: () -> Void) {
        let isLast = slot + 1 == min(slots.own.upperBound, activeCount)
        gradients.beginSlot(slot, isLast: isLast)
        (isCollecting, isUsed) = (true, parameters.map { _ in false })
        body()
        isCollecting = false
        gradients.endSlot()
        if buffers.isEmpty { return }
        changes.beginSlot(slot, isLast: isLast)
        // In step, the first slot alone has moved the averages.
        if !isInStep || slot == 0 {
            for (number, (buffer, initial)) in zip(buffers, initialBuffers).enumerated() {
                changes.add(noGrad { buffer - initial }, at: number)
            }
        }
        changes.endSlot()
    }

    private func addReport(on loss: BatchLoss) {
        reports.append(
            Report(
                values: loss.values().values, count: loss.count, weight: loss.weight, isUsed: isUsed,
                counters: counters.map { $0.toArray(as: Int.self) }))
    }

    /// Completes the batch: its gradients are added to those of the parameters.
    ///
    /// - Parameter share: the factor with which a loss of this kind enters the step.
    ///
    /// - Throws: `InputError` where slots in step have changed what belongs to all of them.
    func finish(share: (BatchLoss.Reduction) -> Double) throws -> Total {
        for ((name, buffer), initial) in zip(constants, initialConstants) where buffer.differs(from: initial) {
            throw InputError(
                "option sync_batch_norm", "the model changes \(name) in each pass, which slots in step cannot share",
                remedy: "train without it")
        }
        gradients.sendRest()
        changes.sendRest()
        // In the order of the slots.
        let all = try clock.measure(\.meeting) { try slots.group.gather(reports).flatMap { $0 } }
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
                buffer.copy(from: initial + change.to(initial.backend) / (isInStep ? 1 : Float(activeCount)))
            }
        }
        for (counter, count) in zip(counters, counts) {
            counter.copy(from: Tensor(count, shape: counter.shape, like: counter))
        }
    }
}

extension BatchLoss {
    /// What the loss is a mean over; `nil` for a sum.
    fileprivate var weight: Double? {
        if case .mean(let number) = reduction { number } else { nil }
    }
}

extension Tensor {
    fileprivate func differs(from other: Tensor) -> Bool {
        noGrad { ne(other).any().item(as: Bool.self) }
    }
}
