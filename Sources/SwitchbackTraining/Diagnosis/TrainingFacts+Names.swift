import Foundation
import Switchback

// How sentences name options: as the user sets them.

extension TrainingFacts {
    /// The Swift parameter of an option: where it is, and what it is called.
    private static let parameters: [RemedyOption: String] = [
        .lr: "learningRate", .weightDecay: "weightDecay", .clipNorm: "clipGradNorm maxNorm", .batch: "batchSize",
        .dropout: "Dropout p", .ema: "ExponentialMovingAverage decay", .warmupEpochs: "warmupEpochs",
    ]

    /// What the task calls an option; detection has the rate's name of others who train such models.
    func name(of option: RemedyOption) -> String {
        option == .lr && options["lr0"] != nil ? "lr0" : option.rawValue
    }

    /// What a remedy sets.
    func change(_ option: RemedyOption, _ value: String?) -> OptionChange { OptionChange(name(of: option), value) }

    /// An option with a value: `--lr 0.003`, `learningRate: 0.003`.
    func named(_ option: RemedyOption, _ value: String) -> String {
        switch interface {
        case .commandLine: return "\(option.flag(self)) \(value)"
        case .swift: return "\(Self.parameters[option] ?? option.rawValue): \(value)"
        }
    }

    /// What the user asked for: ` (yours is 0.3)`; "" where it is not known.
    var namedRate: String { learningRate.map { " (yours is \($0.brief))" } ?? "" }

    /// `--lr 0.003 instead of 0.3`.
    func replaced(_ option: RemedyOption, by value: Double, insteadOf old: Double?) -> String {
        named(option, value.oneDigit) + (old.map { " instead of \($0.brief)" } ?? "")
    }

    /// Notes what a model is made of.
    mutating func describe(_ model: Module) {
        let parameters = model.parameters
        allElements = parameters.reduce(0) { $0 + $1.count }
        halfType = parameters.first { $0.dtype.byteCount == 2 && $0.dtype.isFloatingPoint }.map { "\($0.dtype)" }
        trainedElements = parameters.reduce(0) { $0 + ($1.requiresGrad ? $1.count : 0) }
        narrowLayer = Self.narrowLayer(of: model)
        for (path, module) in model.namedModules() {
            if let momentum = (module as? BatchNorm)?.momentum {
                batchNormMomentum = min(batchNormMomentum ?? 1, momentum)
            }
            guard let share = Self.droppedShare(of: module), share > dropout ?? 0 else { continue }
            (dropout, dropoutLayer) = (share, path)
        }
    }

    /// The first linear layer of a single unit that another one of several takes up.
    private static func narrowLayer(of model: Module) -> String? {
        let layers = model.namedModules().compactMap { path, module in
            (module as? Linear).map { (path: path, rows: $0.weight.shape[0], columns: $0.weight.shape[1]) }
        }
        return zip(layers, layers.dropFirst()).first {
            $0.rows == 1 && $0.columns > 1 && $1.columns == 1 && $1.rows > 1
        }?
        .0.path
    }

    private static func droppedShare(of module: Module) -> Double? {
        guard "\(type(of: module))".contains("Dropout"), module.configuration.hasPrefix("p: ") else { return nil }
        return Double(module.configuration.dropFirst(3))
    }
}

extension Double {
    /// As sentences and tables have it.
    var brief: String { isNaN ? "nan" : general(3) }

    /// As a remedy proposes it: 1, 2 or 5 times a power of ten would do, and one digit tells as much.
    var oneDigit: String {
        guard self > 0, isFinite else { return brief }
        let text = general(1)
        return Double(text).map { String(format: "%g", $0) } ?? text
    }

    /// `33 %`; what is beyond all shares, as a quotient of losses may be, with three digits.
    var wholePercent: String { "\(magnitude < 1e6 ? "\(Int((self * 100).rounded()))" : (self * 100).brief) %" }
}
