import Foundation
import TestSupport
import Testing

/// The commands of the tutorials of SwitchbackVision, run as they stand there, but shorter.
@Suite(.enabled(if: sharedFolder != nil, Comment(rawValue: sharedFolderMissing)), .serialized)
struct VisionTutorialTests {
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

    private func link(_ path: String, to name: String) throws {
        let link = program.folder.url.appendingPathComponent(name)
        try FileManager.default.createDirectory(
            at: link.deletingLastPathComponent(), withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            at: link, withDestinationURL: #require(sharedFolder).appendingPathComponent("data/\(path)"))
    }

    @Test func yourOwnDetector() throws {
        for part in ["images", "labels"] { try link("coco8/\(part)", to: "cells/\(part)") }
        let shared = try #require(sharedFolder).appendingPathComponent("data/coco8/coco8.yaml")
        let yaml = try String(contentsOf: shared, encoding: .utf8)
        _ = try program.folder.write(
            yaml.replacingOccurrences(of: "path: coco8", with: "path: ."), to: "cells/data.yaml")
        try follow("YourOwnDetector", shorter: ["--epochs 60": "--epochs 1", "--imgsz 320": "--imgsz 64"])
        #expect(program.folder.contents.contains("labels.png") && program.folder.contents.contains("figures"))
    }

    @Test func isItAPneumonia() throws {
        try link("pneumonia/pneumoniamnist.npz", to: "pneumoniamnist.npz")
        try follow("IsItAPneumonia", shorter: ["--epochs [0-9]+": "--epochs 1"])
        let figures = try FileManager.default.contentsOfDirectory(atPath: program.folder.path("figures"))
        #expect(
            Set(figures) == ["confusion_matrix.png", "classes.png", "predictions.png", "mistakes.png"], "\(figures)")
        let explained = program.folder.path("runs/classify/predict/pneumoniamnist.png")
        #expect(FileManager.default.fileExists(atPath: explained))
    }
}
