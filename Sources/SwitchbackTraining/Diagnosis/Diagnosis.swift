import Foundation
import Switchback
import SwitchbackFormats

/// The gradients of a training run: measurements of steps, and the verdicts that follow from them.
public struct Diagnosis: Equatable, Sendable {
    /// In the order of the steps.
    public internal(set) var records: [StepRecord] = []
    /// The NaN or infinity that ended the training, if one did.
    public internal(set) var failure: TrainingFailure?
    /// The options of the training.
    public internal(set) var facts = TrainingFacts()
    /// In the order of the steps.
    public internal(set) var validations: [ValidationRecord] = []
    /// What checks before the first step found: of the graph, of the data.
    public internal(set) var findings: [Verdict] = []
    /// Which layers feed which, as far as the first step showed.
    public internal(set) var layerLinks: [Graph.LayerLink] = []

    public init() {}

    /// Takes up what the structure of the first step shows. What is only worth knowing, a doctor says.
    mutating func add(_ trace: StepTrace) {
        add(findings: GraphFindings.of(trace).filter { $0.severity > .note })
        layerLinks = trace.graphs.first?.layerLinks ?? []
    }

    /// Adds what a check found before the training.
    public mutating func add(findings: [Verdict]) { self.findings += findings }

    /// The file in the folder of a run.
    public static let fileName = "diagnosis.jsonl"
    /// The image of it, in the same folder.
    public static let plotName = "gradients.png"

    /// The layers that were measured last, in the order in which they are computed.
    public var layers: [LayerRecord] { records.last?.layers ?? [] }

    // MARK: Files

    /// Reads what a ``DiagnosisLog`` wrote.
    ///
    /// - Parameter ignoringCutEnd: whether a last line that was not written to its end is passed over, as a loss of
    ///   power may leave it.
    /// - Throws: `InputError` with the line, where the file cannot be read or is damaged.
    public init(path: String, ignoringCutEnd: Bool = false) throws {
        guard FileManager.default.fileExists(atPath: path) else {
            throw InputError(path, "there is no such file", remedy: "train with --diagnose")
        }
        let text = try TextFile.read(path)
        let lines = text.lines
        for (number, line) in lines.enumerated() {
            let isLast = number == lines.count - 1
            let isCut = isLast && text.last != "\n"
            if isCut && ignoringCutEnd { break }
            guard !isCut, let content = JSON.value(DiagnosisLine.self, String(line)), content.isPossible else {
                throw InputError(
                    path, at: "line \(number + 1)",
                    isCut ? "the line was cut short" : "is not a measurement of a step",
                    remedy: isLast ? "remove the line, or resume the run" : nil)
            }
            if let record = content.record { records.append(record) }
            if let validation = content.validation { validations.append(validation) }
            if let finding = content.finding { findings.append(finding) }
            failure = content.failure ?? failure
            facts = content.facts ?? facts
            layerLinks = content.links ?? layerLinks
        }
    }

    static func line(_ record: StepRecord) throws -> String { try JSON.text(DiagnosisLine(record: record)) + "\n" }

    static func line(_ failure: TrainingFailure) throws -> String {
        try JSON.text(DiagnosisLine(failure: failure)) + "\n"
    }

    static func line(_ validation: ValidationRecord) throws -> String {
        try JSON.text(DiagnosisLine(validation: validation)) + "\n"
    }

    static func line(_ finding: Verdict) throws -> String { try JSON.text(DiagnosisLine(finding: finding)) + "\n" }

    /// What the training began with.
    var header: String {
        get throws {
            let line = DiagnosisLine(facts: facts, links: layerLinks.isEmpty ? nil : layerLinks)
            return try JSON.text(line) + "\n" + findings.map(Self.line).joined()
        }
    }

    /// The whole file, in the order in which a training writes it.
    var text: String {
        get throws {
            var lines = try header
            var open = validations[...]
            for record in records {
                while let validation = open.first, validation.step <= record.step {
                    try lines += Self.line(open.removeFirst())
                }
                lines += try Self.line(record)
            }
            return try lines + open.map(Self.line).joined()
        }
    }

    /// Takes out what follows so many steps, and the failure.
    mutating func forget(from step: Int) {
        records.removeAll { $0.step >= step }
        validations.removeAll { $0.step > step }
        failure = nil
    }
}

extension Diagnosis: CustomStringConvertible {
    /// The verdicts, one below the other.
    public var description: String { verdicts.map(\.description).joined(separator: "\n") }
}
