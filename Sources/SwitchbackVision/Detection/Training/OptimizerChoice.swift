import Foundation
import Switchback

/// The optimizer for a detector's training, with its settings.
public struct OptimizerChoice: Sendable {
    public let kind: OptimizerKind
    public let learningRate: Double
    /// The momentum after the warm-up; β₁ of Adam and its kin.
    public let momentum: Double
    /// The learning rate with which biases begin the warm-up.
    public let warmupBiasRate: Double
    /// Why it was chosen, in a sentence; `nil` if the user chose.
    public let reason: String?

    /// The names that can be chosen, in the spelling that users of Ultralytics know.
    public static let names = ["auto", "SGD", "MuSGD", "Adam", "AdamW", "Adamax", "NAdam", "RAdam", "RMSProp"]

    /// Those whose momentum a warm-up raises, as far as the name says.
    static let namesWithMomentum = ["auto", "SGD", "MuSGD", "RMSProp"]

    /// The number of steps above which `auto` takes MuSGD.
    private static let longRun = 10_000

    /// The choice of the user, or for `auto` that of Ultralytics' rule: MuSGD for long runs, AdamW for short ones.
    ///
    /// - Parameters:
    ///   - settings: the user's.
    ///   - images: how many images the training set has.
    ///   - classCount: how many classes there are.
    /// - Throws: `InputError` if there is no optimizer of that name.
    public init(_ settings: DetectionConfiguration, batch: Int, images: Int, classCount: Int) throws {
        let name = settings.optimizer
        guard let known = Self.names.first(where: { $0.lowercased() == name.lowercased() }) else {
            let nearest = name.lowercased().nearest(in: Self.names.map { $0.lowercased() })
            let hint = Self.names.first { $0.lowercased() == nearest }
            throw InputError(
                "option optimizer", "there is no optimizer \(name); there are \(Self.names.joined(separator: ", "))",
                remedy: hint.map { "did you mean \($0)?" })
        }
        if let kind = OptimizerKind(rawValue: known.lowercased()) {
            self.init(
                kind: kind, learningRate: settings.lr0, momentum: settings.momentum,
                warmupBiasRate: settings.warmupBiasLr, reason: nil)
            return
        }
        let perStep = max(batch, settings.nbs)
        let steps = (images + perStep - 1) / perStep * settings.epochs
        let isLong = steps > Self.longRun
        let kind: OptimizerKind = isLong ? .musgd : .adamw
        let rate = isLong ? 0.01 : (0.002 * 5 / Double(4 + classCount) * 1e6).rounded() / 1e6
        let reason =
            "auto chose \(isLong ? "MuSGD" : "AdamW") with a learning rate of \(rate) and a momentum of 0.9, because "
            + "the number of steps, \(steps), is \(isLong ? "" : "not ")above \(Self.longRun); lr0, momentum and warmup_bias_lr are not used"
        self.init(kind: kind, learningRate: rate, momentum: 0.9, warmupBiasRate: 0, reason: reason)
    }

    private init(
        kind: OptimizerKind, learningRate: Double, momentum: Double, warmupBiasRate: Double, reason: String?
    ) {
        self.kind = kind
        self.learningRate = learningRate
        self.momentum = momentum
        self.warmupBiasRate = warmupBiasRate
        self.reason = reason
    }

    /// Whether the momentum is one that a warm-up raises, not a decay of Adam's averages.
    var hasMomentum: Bool { [.sgd, .musgd, .rmsprop].contains(kind) }

    /// The groups of a model's parameters. Only filters decay, not biases and normalizations; under MuSGD the branches
    /// of the classes learn three times as fast.
    public func groups(of model: YOLO, weightDecay: Double) -> [ParameterGroup] {
        let trained = model.namedParameters.filter(\.parameter.requiresGrad)
        let filters = trained.filter { $0.parameter.rank > 1 }
        let scales = trained.filter { $0.parameter.rank <= 1 && $0.name.hasSuffix("bn.weight") }
        let biases = trained.filter { $0.parameter.rank <= 1 && $0.name.hasSuffix(".bias") }
        let groups = [(filters, weightDecay), (scales, 0), (biases, 0)]
        guard kind == .musgd else {
            return groups.map { ParameterGroup($0, learningRate: learningRate, weightDecay: $1) }
        }
        return groups.flatMap { parameters, decay in
            [(false, 1.0), (true, 3.0)].map { isOfClasses, factor in
                ParameterGroup(
                    parameters.filter { model.head.isOfClasses($0.parameter) == isOfClasses },
                    learningRate: factor * learningRate, weightDecay: decay)
            }
        }
    }
}
