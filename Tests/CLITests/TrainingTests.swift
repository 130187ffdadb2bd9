import Foundation
import TestSupport
import Testing

/// Runs that are interrupted, killed, or run out of disk, and are continued.
@Suite struct TrainingTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private func path(_ name: String, _ file: String) -> String {
        program.folder.path("runs/classify/\(name)/\(file)")
    }

    private func contents(_ name: String, _ file: String) -> Data? {
        FileManager.default.contents(atPath: path(name, file))
    }

    private static let script = projectFolder.appendingPathComponent("Scripts/kill_and_resume.sh").path

    /// A few kills at random moments; `Scripts/kill_and_resume.sh classify 30` makes more of them.
    @Test(arguments: ["classify 6", "text 3"])
    func killedRunsEndWithTheSameBits(_ arguments: String) throws {
        let run = try program.shell("'\(Self.script)' \(arguments)")
        #expect(run.code == 0 && run.output.contains("the same bits"), "\(run.output)\(run.errors)")
    }

    /// The number of kills and the options may be left out.
    @Test(arguments: [("text", 0), ("text 3", 0), ("text 3 --steps 9", 2)])
    func theScriptThatKillsPassesOptionsOn(_ arguments: String, _ added: Int) throws {
        // A program that says what it was given, and fails.
        _ = try program.shell("printf '#!/bin/bash\\necho \"$#: $*\"; exit 1\\n' > stub; chmod +x stub")
        let run = try program.shell("switchback=$PWD/stub '\(Self.script)' \(arguments)")
        #expect(run.code == 1 && run.output.hasPrefix("\(17 + added): text train --quiet --data "), "\(run.output)")
        #expect(run.output.contains(added > 0 ? "--dropout 0.1 --steps 9 --name whole" : "--dropout 0.1 --name whole"))
    }

    @Test func aDryRunChecksAndLeavesNothingBehind() throws {
        let run = try program.shell("$switchback classify train --data digits --model mlp --dry-run")
        #expect(run.code == 0 && run.output.contains("Data: ") && run.output.contains("Nothing was trained"))
        #expect(program.folder.contents.isEmpty)
        program.expectRefusal(try program.shell("$switchback classify train --data nowhere --dry-run"), "nowhere")
    }

    @Test func anInterruptedRunSaysHowToGoOnAndDoes() throws {
        let options = "--data digits --model mlp --epochs 30 --workers 0"
        #expect(try program.shell("$switchback classify train \(options) --name whole").code == 0)
        let run = try program.shell(
            """
            $switchback classify train \(options) --name parts & pid=$!
            while [ ! -e runs/classify/parts/results.csv ]; do sleep 0.02; done
            kill -INT $pid; wait $pid
            """)
        #expect(run.code == 130 && run.output.contains("switchback classify train --resume runs/classify/parts"))
        let resumed = try program.shell("$switchback classify train --resume runs/classify/parts --threads 1")
        #expect(resumed.code == 0 && resumed.output.contains("Resuming after step"), "\(resumed.errors)")
        for file in ["weights/best.safetensors", "weights/last.safetensors"] {
            #expect(contents("parts", file) == contents("whole", file) && contents("parts", file) != nil)
        }
    }

    @Test func epochsMayBeAddedAndOtherOptionsKept() throws {
        let line = "$switchback classify train --data digits --model mlp"
        #expect(try program.shell("\(line) --epochs 1").code == 0)
        let more = try program.shell("$switchback classify train --resume runs/classify/train --epochs 3 --json")
        #expect(more.code == 0 && more.json["epochs"] as? Int == 3, "\(more.errors)")
        let rows = try String(contentsOfFile: path("train", "results.csv"), encoding: .utf8).split(separator: "\n")
        #expect(rows.count == 4 && rows[0].hasPrefix("epoch,step,seconds,train/loss,train/accuracy,val/loss"))
        #expect(try program.shell("$switchback classify train --resume train").code == 0)
        let other = try program.shell("$switchback classify train --resume runs/classify/train --lr 0.1")
        #expect(other.code == 1 && other.errors.contains("option lr: differs from that of runs/classify/train"))
    }

    /// A limit on the size of files stands for a full disk.
    @Test func aFullDiskLeavesTheLastGoodCheckpoint() throws {
        let line = "$switchback classify train --data digits --model mlp --name"
        #expect(try program.shell("\(line) whole --epochs 4").code == 0)
        let stopped = try program.shell(
            """
            \(line) parts --epochs 4 & pid=$!
            while [ ! -e runs/classify/parts/results.csv ]; do sleep 0.02; done
            kill -INT $pid; wait $pid
            """)
        #expect(stopped.code == 130)
        let resume = "$switchback classify train --resume runs/classify/parts"
        let full = try program.shell("ulimit -f 100; \(resume)")
        #expect(full.code == 1 && full.errors.contains("because it would exceed the limit on a file's size"))
        #expect(full.errors.split(separator: "\n").count == 1)
        #expect(try program.shell(resume).code == 0)
        #expect(contents("parts", "weights/last.safetensors") == contents("whole", "weights/last.safetensors"))
    }

    @Test func optionsComeFromAFile() throws {
        func train(_ file: String, _ more: String = "") throws -> BuiltProgram.Run {
            _ = try program.folder.write(file, to: "my.yaml")
            return try program.shell("$switchback classify train --config my.yaml \(more) --json")
        }
        let run = try train("data: digits\nmodel: mlp\nepochs: 2\n", "--epochs 1")
        #expect(run.code == 0 && run.json["epochs"] as? Int == 1, "\(run.errors)")
        let again = try program.shell("$switchback classify train --config runs/classify/train/args.yaml --json")
        #expect(again.json["loss"] as? Double == run.json["loss"] as? Double, "\(again.errors)")
        for (file, sentence) in [
            ("data: digits\nepoch: 2\n", "my.yaml, line 2: there is no option epoch; did you mean epochs?"),
            ("epochs: many\n", "my.yaml, line 1: epochs is 'many', and a whole number was expected"),
            ("optimizer: adma\n", "did you mean adam?"), ("epochs: [1\n", "is not YAML"),
            ("- 1\n", "not a list of options"),
            ("task: detect\n", "is for the task detect, and this is classify"),
            ("epochs: 1\nepochs: 2\n", "the option epochs occurs twice"),
            ("epochs: -1\n", "my.yaml, line 1: epochs is -1, and a whole number from 1 to 1,000,000 is needed"),
            (#"{"epochs": 1, "lrr": 2}"#, "did you mean lr?"),
        ] {
            let run = try train(file)
            #expect(run.code == 1 && run.errors.contains(sentence), "\(file): \(run.errors)")
        }
    }

    /// Paths with spaces, and a text that has no lines.
    @Test(arguments: [
        "classify train --data digits --model mlp --epochs 1",
        "text train --data 'one line.txt' --steps 2 --batch 2 --context 8 --validate-every 2",
    ])
    func theCommandsThatAreProposedCanBeRun(_ line: String) throws {
        _ = try program.folder.write(String(repeating: "ACGTTGCA", count: 40), to: "one line.txt")
        let train = try program.shell("$switchback \(line) --name 'my run'")
        #expect(train.code == 0, "\(train.errors)")
        let proposed = train.output.split(separator: "\n").drop { $0 != "Next:" }.dropFirst()
        #expect(!proposed.isEmpty)
        for command in proposed {
            let words = command.trimmingCharacters(in: .whitespaces).dropFirst("switchback ".count)
            let run = try program.shell("$switchback \(words)")
            #expect(run.code == 0, "\(command): \(run.errors)")
        }
    }

    @Test func weightsAreTakenAsFarAsTheyFit() throws {
        #expect(try program.shell("$switchback classify train --data digits --model mlp --epochs 1").code == 0)
        let rows = (0..<40).map { "\($0),\($0 % 3),\($0 % 2)" }.joined(separator: "\n")
        _ = try program.folder.write(rows, to: "table.csv")
        let weights = "runs/classify/train/weights/best.safetensors"
        let run = try program.shell("$switchback classify train --data table.csv --epochs 1 --weights \(weights)")
        #expect(run.output.contains("took 3 of 6 tensors; other shapes: fc1.weight ([256, 64] there, [256, 2] here)"))
        let frozen = try program.shell("$switchback classify train --data digits --model mlp --freeze fc1 fc4")
        #expect(frozen.code == 1 && frozen.errors.contains("the model has no part fc4"))
    }

    @Test(
        arguments: [
            "text train": "adamw, cosine, 2000", "text finetune": "200", "translate train": "20, 2.0",
            "sentiment train": "constant, 6", "classify train": "one-cycle, 10", "chat train": "3",
        ])
    func helpNamesTheDefaultsOfTheCommand(command: String, defaults: String) throws {
        let help = try program.shell("$switchback \(command) --help").output
        for value in defaults.split(separator: ", ") { #expect(help.contains("(default: \(value))"), "\(value)") }
    }

    @Test func progressCanBeReadByPrograms() throws {
        let run = try program.shell("$switchback classify train --data digits --model mlp --epochs 2 --log json")
        let events = try run.output.split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        let names = events.compactMap { $0["event"] as? String }
        #expect(names.first == "started" && names.last == "finished" && names.filter { $0 == "epoch" }.count == 2)
        let quiet = try program.shell("$switchback classify train --data digits --model mlp --epochs 1 --quiet")
        #expect(quiet.output.isEmpty && quiet.errors.isEmpty)
    }
}
