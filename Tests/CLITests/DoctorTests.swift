import Foundation
import TestSupport
import Testing

/// `switchback doctor TASK`.
@Suite struct DoctorTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private static let doctor = "$switchback doctor classify --data digits --model mlp --seconds 30"

    @Test func aSoundTrainingPasses() throws {
        let run = try program.shell(Self.doctor)
        #expect(run.code == 0 && run.errors.isEmpty, "\(run.output)\(run.errors)")
        #expect(run.output.contains("✓ Loss at the start: ") && !run.output.contains("✗"), "\(run.output)")
        #expect(run.output.contains("✓ Training and validation data are apart: "), "\(run.output)")
        // Nothing is saved.
        #expect(try FileManager.default.contentsOfDirectory(atPath: program.folder.path("")).isEmpty)
    }

    @Test func whatFailsIsSaidWithItsRemedy() throws {
        let run = try program.shell("\(Self.doctor) --lr 30 --json")
        #expect(run.code == 1, "\(run.output)\(run.errors)")
        #expect(run.output.contains("✗ Learning rate: ") && run.output.contains("Use --lr 0.0"), "\(run.output)")
        #expect(run.output.contains("1 check failed."), "\(run.output)")
        let checks = try #require(run.json["checks"] as? [[String: Any]])
        let failed = checks.filter { $0["outcome"] as? String == "failed" }
        #expect(failed.map { $0["name"] as? String } == ["learning rate"] && failed.first?["remedy"] != nil)
    }

    /// A value in a file is named by its example and place.
    @Test func badValuesAreNamed() throws {
        let rows = (0..<200).map { row in
            "\(row % 2 == 0 ? 1.0 : -1.0),\(row == 7 ? "1e30" : "\(Double(row) / 200)"),\(row % 2)"
        }
        try Data(("a,b,label\n" + rows.joined(separator: "\n") + "\n").utf8)
            .write(to: URL(fileURLWithPath: program.folder.path("table.csv")))
        let run = try program.run("doctor", "classify", "--data", "table.csv", "--seconds", "5")
        #expect(run.code == 1 && run.output.contains("✗ Values of the data: train "), "\(run.output)\(run.errors)")
        #expect(run.output.contains("column 2 has the magnitude 1e+30"), "\(run.output)")
    }

    @Test func optionsOfRunsAreRefused() throws {
        for (option, name) in [
            ("--resume train", "--resume"), ("--find-lr", "--find-lr"), ("--diagnose", "--diagnose"),
            ("--name x", "--name"), ("--dry-run", "--dry-run"),
        ] {
            let run = try program.shell("\(Self.doctor) \(option)")
            #expect(run.code == 2 && run.errors.contains("\(name) is for a training"), "\(run.output)\(run.errors)")
        }
        let none = try program.run("doctor", "classify", "--data", "nowhere.npz")
        #expect(none.code == 1 && none.errors.contains("nowhere.npz: there is no such file"), "\(none.errors)")
        let typo = try program.run("doctor", "clasify")
        #expect(typo.code == 2 && typo.errors.contains("did you mean 'classify'?"), "\(typo.errors)")
        let time = try program.shell("\(Self.doctor) --seconds 0")
        #expect(time.code == 2 && time.errors.contains("--seconds is 0"), "\(time.errors)")
    }
}
