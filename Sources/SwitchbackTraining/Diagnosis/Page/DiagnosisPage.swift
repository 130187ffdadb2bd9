import Foundation
import Switchback
import SwitchbackFormats

/// A diagnosis as one HTML page, which needs no network and no other file: the verdicts, and curves and maps over the
/// steps in which one can point and read.
public struct DiagnosisPage {
    /// The page in the folder of a run.
    public static let fileName = "diagnosis.html"

    private let diagnosis: Diagnosis
    private let title: String

    /// - Parameter title: what the page is about: the run's folder.
    public init(_ diagnosis: Diagnosis, title: String) {
        (self.diagnosis, self.title) = (diagnosis, title)
    }

    /// Throws `InputError` where the file cannot be written.
    public func write(to path: String) throws { try AtomicFile.write(html, to: path) }

    // MARK: What the page shows

    /// The numbers that the page draws.
    private struct Content: Encodable {
        let steps: [Int]
        let loss, rate: [Double?]
        let validations: [[Double]]
        let layers: [Layer]
        let links: [[Int]]
        let maps: [Map]
        let verdicts: [Mark]
    }

    private struct Layer: Encodable { let name, type: String }

    /// Values of layers by step.
    private struct Map: Encodable {
        let title, unit: String
        let isLogarithmic: Bool
        /// The ends of the scale, and of what is healthy.
        let range, healthy: [Double]
        /// The positions of the layers that have values, and the values by layer.
        let rows: [Int]
        let values: [[Double?]]
        /// What a value is shown as, where that is not the value.
        let shown: [[Double?]]?
    }

    private struct Mark: Encodable { let title, onset: String; let step: Int?; let severity: String }

    /// More steps than a page is wide are not drawn.
    private static let columnLimit = 240

    /// The records that are drawn: all, or evenly chosen ones with the first and the last.
    private var records: [StepRecord] {
        let all = diagnosis.records
        guard all.count > Self.columnLimit else { return all }
        return (0..<Self.columnLimit).map { all[$0 * (all.count - 1) / (Self.columnLimit - 1)] }
    }

    private var content: Content {
        let (records, layers) = (records, diagnosis.layers)
        let numbers = Dictionary(layers.enumerated().map { ($1.layer, $0) }, uniquingKeysWith: { first, _ in first })
        return Content(
            steps: records.map { $0.step + 1 }, loss: records.map { Self.number($0.loss) },
            rate: records.map { $0.rate.flatMap(Self.number) },
            validations: diagnosis.validations.compactMap { validation in
                validation.validationLoss.map { [Double(validation.step), $0] }
            }.filter { $0[1].isFinite },
            layers: layers.map { Layer(name: $0.label, type: $0.layerType) },
            links: diagnosis.layerLinks.compactMap { link in
                guard let from = numbers[link.from], let to = numbers[link.to] else { return nil }
                return [from, to]
            },
            maps: DiagnosisMap.allCases.compactMap { map($0, records, layers) },
            verdicts: diagnosis.verdicts.map {
                Mark(
                    title: $0.kind.title, onset: $0.onset.map { "step \($0 + 1)" } ?? "",
                    step: $0.onset.map { $0 + 1 }, severity: $0.severity.rawValue)
            })
    }

    private func map(_ kind: DiagnosisMap, _ records: [StepRecord], _ layers: [LayerRecord]) -> Map? {
        let rows = layers.indices.filter { row in
            records.contains { $0[layers[row].layer].flatMap(kind.value) != nil }
        }
        guard !rows.isEmpty else { return nil }
        let values = rows.map { row in records.map { $0[layers[row].layer].flatMap(kind.value) } }
        let colored = rows.map { row in records.map { kind.colored($0[layers[row].layer], in: $0) } }
        return Map(
            title: kind.title, unit: kind.unit, isLogarithmic: kind.isLogarithmic,
            range: [kind.range.lowerBound, kind.range.upperBound],
            healthy: [kind.healthy.lowerBound, kind.healthy.upperBound], rows: rows,
            values: colored.map { $0.map { $0.flatMap(Self.number) } },
            shown: kind.isRelative ? values.map { $0.map { $0.flatMap(Self.number) } } : nil)
    }

    /// To three digits; numbers that are none are written as 1e999, which a page reads as infinity.
    private static func number(_ value: Double) -> Double? {
        value.isFinite ? Double(value.general(3)) : .infinity
    }

    // MARK: HTML

    private var html: String {
        let verdicts = diagnosis.verdicts.enumerated().map { number, verdict in
            let remedy = verdict.remedy.map { "<p class=\"remedy\">\(Self.escaped($0.capitalizedFirst)).</p>" } ?? ""
            let consequences = verdict.consequences.map(\.description).joined(separator: ", ")
            let followed =
                consequences.isEmpty ? "" : "<p class=\"followed\">What followed: \(Self.escaped(consequences)).</p>"
            let onset =
                verdict.onset.map { "<a href=\"#charts\" data-step=\"\($0 + 1)\">from step \($0 + 1)</a>" } ?? ""
            return """
                <li class="\(verdict.severity.rawValue)"><h3>\(Self.escaped(verdict.kind.title)) \(onset)</h3>
                <p>\(Self.escaped(verdict.finding.capitalizedFirst)).</p>\(remedy)\(followed)</li>
                """
        }
        return """
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
            <title>Diagnosis of \(Self.escaped(title))</title>
            <style>\(Self.style)</style></head><body>
            <h1>Diagnosis</h1>
            <p class="about">\(Self.escaped(title)): \(diagnosis.records.count.counted("step")) measured</p>
            <ol id="verdicts">\(verdicts.joined(separator: "\n"))</ol>
            <section id="charts"></section>
            <div id="tip" hidden></div>
            <script id="content" type="application/json">\(json)</script>
            <script>\(Self.script)</script>
            </body></html>

            """
    }

    /// No text ends the element that it stands in.
    private var json: String {
        let text = (try? JSON.text(content)) ?? "{}"
        return text.replacing("<", with: "\\u003c")
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }
}
