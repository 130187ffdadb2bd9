import ArgumentParser
import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// `switchback diagnose`.
struct Diagnose: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "diagnose",
        abstract: "Diagnose the gradients of a run, and suggest fixes.",
        discussion: """
            The run was trained with --diagnose, or is being trained. The verdicts name the layer and the remedy; the \
            table has the latest measurements of each layer, from the input to the output; gradients.png, in the run's \
            folder, is drawn anew.

            EXAMPLES
              switchback classify train --data digits --diagnose
              switchback diagnose runs/classify/train
              switchback diagnose train --plot gradients.svg
              switchback diagnose runs/classify/train --json
              switchback diagnose runs/classify/train --try
            """)

    @Argument(help: ArgumentHelp("A run's folder or name.", valueName: "run"))
    var runFolder: String

    @Option(help: ArgumentHelp("The folder that runs are saved in.", valueName: "path"))
    var output = "runs"

    @Option(
        help: ArgumentHelp(
            "Where to save the plot. (default: gradients.png in the run's folder)", valueName: "file"))
    var plot: String?

    @Flag(
        name: .customLong("try"),
        help: "Train again for some steps, as the run did and with the options of each remedy, and compare the losses.")
    var triesRemedies = false

    @Option(help: ArgumentHelp("The steps of each of these trainings.", valueName: "count"))
    var trySteps = 60

    @OptionGroup var common: CommonOptions

    func validate() throws {
        if trySteps < 1 { throw ValidationError("--try-steps is \(trySteps), and at least 1 step is trained") }
    }

    private struct Report: Encodable {
        let run: String
        let measuredSteps: Int
        let verdicts: [Verdict]
        /// The latest measurements.
        let layers: [LayerRecord]
        let plot: String?
        let trials: [RemedyTrial.Result]?
    }

    func run() throws {
        let path = try RunCatalog.path(of: runFolder, in: output)
        let diagnosis = try Diagnosis(path: Folder.join(path, Diagnosis.fileName))
        if diagnosis.verdicts.isEmpty {
            throw InputError(
                path, "no step has been measured yet", remedy: "wait for the first one, or train with --diagnose")
        }
        let file = plot ?? Folder.join(path, Diagnosis.plotName)
        let page = Folder.join(path, DiagnosisPage.fileName)
        if !diagnosis.records.isEmpty {
            try diagnosis.figure.write(to: file, scale: 1)
            try DiagnosisPage(diagnosis, title: path).write(to: page)
        }
        let trials =
            triesRemedies
            ? try RemedyTrial(run: RunRecord(path), diagnosis: diagnosis, steps: trySteps).results() : nil
        if common.json {
            return try Terminal.printJSON(
                Report(
                    run: path, measuredSteps: diagnosis.records.count, verdicts: diagnosis.verdicts,
                    layers: diagnosis.layers, plot: diagnosis.records.isEmpty ? nil : file, trials: trials))
        }
        try Terminal.print("\(path): \(diagnosis.records.count.counted("step")) measured\n")
        for verdict in diagnosis.verdicts { try Terminal.print("\(verdict)") }
        if let trials { try Terminal.print("\nAfter \(trySteps.counted("step")):\n\n\(table(trials).text)") }
        guard let last = diagnosis.records.last else { return }
        try Terminal.print("\nStep \(last.step + 1), from the input to the output:\n\n\(table(last).text)")
        try Terminal.print("\nThe gradients are plotted in \(file); \(page) is a page to point and read in.")
    }

    private func table(_ trials: [RemedyTrial.Result]) -> TextTable {
        TextTable(
            ["options", "loss", "verdict"],
            trials.map {
                [
                    $0.change.isEmpty ? "as before" : $0.change, $0.loss?.general(4) ?? "nan",
                    $0.verdict,
                ]
            })
    }

    private func table(_ record: StepRecord) -> TextTable {
        func text(_ value: Double?) -> String { value?.general(2) ?? "" }
        return TextTable(
            ["layer", "type", "gradient", "of weights", "update", "mean", "std", "dead", "saturated"],
            record.layers.map { layer in
                [
                    layer.layer.isEmpty ? "(model)" : layer.layer,
                    layer.type + (layer.activation.map { " → \($0)" } ?? ""), text(layer.signal), text(layer.gradient),
                    text(layer.update), text(layer.mean), text(layer.std), text(layer.dead), text(layer.saturated),
                ]
            })
    }
}
