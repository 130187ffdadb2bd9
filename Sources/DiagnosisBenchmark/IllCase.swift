import SwitchbackTraining

/// A training with one cause of failure, and the same one cured.
public struct IllCase {
    public let name: String
    /// What the first verdict may be.
    public let kinds: [Verdict.Kind]
    /// Where the verdict has to point; `nil` where no layer is to blame.
    public let layer: String?
    /// A word of the remedy that cures.
    public let remedy: String
    public let patient: Patient
    public let cured: Patient

    public init(
        _ name: String, _ kinds: [Verdict.Kind], layer: String? = nil, remedy: String, _ patient: Patient,
        cure: (inout Patient) -> Void
    ) {
        self.name = name
        self.kinds = kinds
        self.layer = layer
        self.remedy = remedy
        self.patient = patient
        var cured = patient
        cure(&cured)
        self.cured = cured
    }
}

/// A training that goes well.
public struct HealthyCase {
    public let name: String
    public let patient: Patient

    public init(_ name: String, _ patient: Patient) {
        self.name = name
        self.patient = patient
    }
}

extension Patient {
    /// A patient with some things changed.
    public func with(_ change: (inout Patient) -> Void) -> Patient {
        var result = self
        change(&result)
        return result
    }
}
