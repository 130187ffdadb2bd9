/// A map of layers over steps: which value it shows, on which fixed scale, and what of it is healthy.
///
/// Scales are the same for all runs, so that a color always means the same.
enum DiagnosisMap: CaseIterable {
    case signal, update, lost

    var title: String {
        switch self {
        case .signal: "Gradient that arrives at each layer"
        case .update: "Change of the weights in a step"
        case .lost: "Dead or saturated units"
        }
    }

    var unit: String {
        switch self {
        case .signal: "part of the largest in the step"
        case .update: "part of the weights' norm"
        case .lost: "share"
        }
    }

    var isLogarithmic: Bool { self != .lost }

    /// Whether the color shows the value relative to the largest of all layers in the step.
    var isRelative: Bool { self == .signal }

    var range: ClosedRange<Double> {
        switch self {
        case .signal: 1e-6...1
        case .update: 1e-7...1
        case .lost: 0...1
        }
    }

    /// What trainings that go well show.
    var healthy: ClosedRange<Double> {
        switch self {
        case .signal: 1e-3...1
        case .update: 1e-5...3e-2
        case .lost: 0...0.5
        }
    }

    /// What was measured of a layer.
    func value(_ layer: LayerRecord) -> Double? {
        switch self {
        case .signal: layer.signal
        case .update: layer.update
        case .lost: [layer.dead, layer.saturated].compactMap { $0 }.max()
        }
    }

    /// The value by which a layer is colored.
    func colored(_ layer: LayerRecord?, in record: StepRecord) -> Double? {
        guard let value = layer.flatMap(value) else { return nil }
        guard isRelative else { return value }
        let largest = record.layers.compactMap(\.signal).filter(\.isFinite).max() ?? 0
        return largest > 0 && value.isFinite ? value / largest : value
    }
}

extension LayerRecord {
    /// The path; of the model itself, a name for it.
    var label: String { layer.isEmpty ? "(model)" : layer }

    /// The type, with the activation after it: `Conv2d → relu`.
    var layerType: String { type + (activation.map { " → \($0)" } ?? "") }
}
