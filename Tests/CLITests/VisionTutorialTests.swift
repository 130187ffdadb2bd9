import Foundation
import TestSupport
import Testing

/// The commands of the tutorials of SwitchbackVision, run as they stand there, but shorter.
@Suite(.serialized) struct VisionTutorialTests {
    private let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    /// Runs all commands of a tutorial; of a training, one epoch or what `shorter` says.
    private func follow(_ page: String, shorter: [String: String]) throws {
        let commands = try Tutorial(page, of: "SwitchbackVision").commands
        #expect(commands.count > 3)
        for command in commands {
            let line = shorter.reduce(command) {
                $0.replacingOccurrences(of: $1.key, with: $1.value, options: .regularExpression)
            }
            #expect(line.hasPrefix("switchback "))
            let run = try program.shell("$" + line)
            #expect(run.code == 0, "\(line): \(run.errors)")
        }
    }

    @Test func yourOwnDetector() throws {
        _ = try program.detectionSet("cells")
        try follow("YourOwnDetector", shorter: ["--epochs 60": "--epochs 1", "--imgsz 320": "--imgsz 64"])
        #expect(program.folder.contents.contains("labels.png") && program.folder.contents.contains("figures"))
    }

    @Test func measureADefect() throws {
        _ = try program.detectionSet("scratches", labels: .outlines)
        try follow("MeasureADefect", shorter: ["--epochs 100": "--epochs 1", "--imgsz 320": "--imgsz 64"])
        #expect(FileManager.default.fileExists(atPath: program.folder.path("runs/segment/predict/boxes.csv")))
    }

    @Test func isItAPneumonia() throws {
        try program.archive("pneumoniamnist.npz")
        try follow("IsItAPneumonia", shorter: ["--epochs [0-9]+": "--epochs 1"])
        let figures = try FileManager.default.contentsOfDirectory(atPath: program.folder.path("figures"))
        #expect(
            Set(figures) == ["confusion_matrix.png", "classes.png", "predictions.png", "mistakes.png"], "\(figures)")
        let explained = program.folder.path("runs/classify/predict/pneumoniamnist.png")
        #expect(FileManager.default.fileExists(atPath: explained))
    }
}
