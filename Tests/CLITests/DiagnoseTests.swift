import Foundation
import TestSupport
import Testing

@Suite struct DiagnoseTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private func files(_ run: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: program.folder.path(run))
    }

    /// As `expectRefusal`, where there are runs already.
    private func expectSentence(_ run: BuiltProgram.Run, code: Int32 = 1, _ sentence: String) {
        #expect(run.code == code && run.errors.contains(sentence), "\(run.output)\(run.errors)")
        #expect(run.errors.split(separator: "\n").count == 1)
    }

    private static let train = "$switchback classify train --data digits --model mlp"

    @Test func aRunIsDiagnosed() throws {
        let plain = try program.shell("\(Self.train) --epochs 3 --name plain")
        let watched = try program.shell("\(Self.train) --epochs 3 --diagnose")
        #expect(plain.code == 0 && watched.code == 0, "\(watched.errors)")
        #expect(watched.output.contains("Diagnosis:\n  Healthy: "), "\(watched.output)")
        func weights(_ run: String) -> Data? {
            FileManager.default.contents(atPath: program.folder.path("runs/classify/\(run)/weights/last.safetensors"))
        }
        #expect(weights("plain") == weights("train") && weights("train") != nil)
        #expect(try files("runs/classify/train").contains("gradients.png"))

        let told = try program.run("diagnose", "train")
        #expect(told.code == 0 && told.output.contains("Healthy: "), "\(told.errors)")
        #expect(told.output.contains("\nfc1    Linear → relu"), "\(told.output)")
        let json = try program.run("diagnose", "runs/classify/train", "--json")
        let verdicts = json.json["verdicts"] as? [[String: Any]]
        #expect(verdicts?.first?["kind"] as? String == "healthy" && (json.json["layers"] as? [Any])?.count ?? 0 > 1)
        let drawn = try program.run("diagnose", "train", "--plot", "x.svg")
        #expect(
            drawn.output.contains("plotted in x.svg")
                && FileManager.default.fileExists(atPath: program.folder.path("x.svg")))

        let more = try program.shell("$switchback classify train --resume train --epochs 5")
        #expect(more.code == 0 && more.output.contains("Diagnosis:"), "\(more.errors)")
    }

    @Test func whatIsWrongIsSaid() throws {
        let run = try program.shell("\(Self.train) --epochs 3 --optimizer sgd --lr 3000 --schedule constant --diagnose")
        #expect(run.code == 1 || run.output.contains("Learning rate too high") || run.output.contains("Exploding"))
        let told = try program.run("diagnose", "train")
        #expect(told.code == 0 && told.output.contains("learning rate"), "\(told.output)\(told.errors)")
    }

    @Test func whatIsNoDiagnosisIsRefused() throws {
        #expect(try program.shell("\(Self.train) --epochs 1 --diagnose --name first").code == 0)
        #expect(try program.shell("\(Self.train) --epochs 1 --name second").code == 0)
        let path = program.folder.path("runs/classify/first/diagnosis.jsonl")
        for (line, sentence) in [
            ("diagnose frist", "frist: there is no such run; did you mean first?"),
            ("diagnose runs/classify/fist", "did you mean runs/classify/first?"),
            ("diagnose second", "runs/classify/second/diagnosis.jsonl: there is no such file; train with --diagnose"),
            ("diagnose runs", "runs: is not a run folder"),
        ] { expectSentence(try program.shell("$switchback \(line)"), sentence) }
        let bytes = try Data(contentsOf: URL(fileURLWithPath: path))
        try bytes.prefix(bytes.count / 2).write(to: URL(fileURLWithPath: path))
        expectSentence(
            try program.run("diagnose", "first"), ": the line was cut short; remove the line, or resume the run")
    }

    @Test func aLearningRateIsProposedAndNothingTrained() throws {
        let run = try program.shell("\(Self.train) --find-lr")
        #expect(run.code == 0 && run.output.contains("Train with\n  --lr "), "\(run.output)\(run.errors)")
        let files = try files("runs/classify/find-lr")
        #expect(files.contains("find_lr.png") && files.contains("find_lr.csv") && !files.contains("results.csv"))
        let json = try program.shell("\(Self.train) --find-lr --quiet --json")
        let rate = try #require(json.json["lr"] as? Double)
        #expect((1e-5...1e-1).contains(rate), "\(rate)")
        let trained = try program.shell("\(Self.train) --epochs 3 --lr \(rate) --json")
        #expect(trained.json["accuracy"] as? Double ?? 0 > 0.9, "\(trained.output)")
        expectSentence(
            try program.shell("$switchback classify train --resume find-lr --find-lr"), code: 2,
            "--find-lr is for new runs"
        )
    }
}
