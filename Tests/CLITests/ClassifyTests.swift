import Foundation
import TestSupport
import Testing

@Suite struct ClassifyTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private func contents(_ path: String) -> Data? { FileManager.default.contents(atPath: program.folder.path(path)) }

    private let weights = "runs/classify/train/weights/best.safetensors"

    @Test func digitsAreLearnedValidatedAndPredicted() throws {
        let train = try program.run(
            "classify", "train", "--data", "digits", "--model", "mlp", "--epochs", "4", "--json")
        #expect(train.code == 0, "\(train.errors)")
        #expect(train.json["accuracy"] as? Double ?? 0 > 0.9)
        #expect(train.json["weights"] as? String == weights)
        #expect(train.output.contains("switchback classify val --model \(weights) --data digits"))

        let val = try program.run("classify", "val", "--model", weights, "--data", "digits", "--json")
        #expect(val.code == 0, "\(val.errors)")
        #expect(val.json["accuracy"] as? Double == train.json["best_accuracy"] as? Double)

        let predict = try program.run("classify", "predict", "--model", weights, "digits", "--json")
        #expect(predict.code == 0, "\(predict.errors)")
        let predictions = try #require(predict.json["predictions"] as? [[String: Any]])
        #expect(predictions.count == 355)
        #expect(predictions[0]["class"] is String)

        let export = try program.run("classify", "export", "runs/classify/train", "--json")
        #expect(export.code == 0, "\(export.errors)")
        #expect(export.json["output"] as? String == "runs/classify/train/weights/best.onnx")
        #expect(contents("runs/classify/train/weights/best.onnx").map { $0.count > 1000 } == true)
        let onto = try program.run(
            "classify", "export", weights, "--format", "safetensors", "--output", weights)
        #expect(onto.code == 1 && onto.errors.contains("is the weights file itself"), "\(onto.errors)")
        let other = try program.run("classify", "export", weights, "--output", "other.safetensors", "--json")
        #expect(other.code == 0 && other.json["format"] as? String == "safetensors")
        let two = try program.run(
            "classify", "export", weights, "--format", "onnx", "--output", "other.safetensors")
        #expect(two.code == 2 && two.errors.contains("ends in .safetensors, and --format is onnx"), "\(two.errors)")
        let unknown = try program.run("classify", "export", weights, "--output", "other.onxx")
        #expect(unknown.code == 2 && unknown.errors.contains("did you mean 'onnx'?"), "\(unknown.errors)")
        let typo = try program.run("classify", "export", weights, "--format", "onxx")
        #expect(typo.code == 2 && typo.errors.contains("did you mean 'onnx'?"), "\(typo.errors)")
    }

    /// Rows of a table are no images.
    @Test func dataIsCalledWhatItIs() throws {
        let rows = (0..<10).map { "\($0 % 2),\($0 % 2 + 1),\($0 % 2 == 0 ? "x" : "y")\n" }.joined()
        _ = try program.folder.write("a,b,label\n" + rows + "0,1,y\n", to: "table.csv")
        let table = try program.run("data", "check", "table.csv")
        #expect(table.code == 0 && !table.output.contains("image"), "\(table.output)")
        #expect(table.output.contains("rows") && table.output.contains("The same row is in both parts: train "))
        #expect(table.output.contains("The same row is in two classes: train "), "\(table.output)")
        let digits = try program.run("data", "check", "digits")
        #expect(digits.output.contains("train: 1,442 images"), "\(digits.output)")
    }

    @Test func runsDoNotOverwriteEachOther() throws {
        for _ in 0..<2 {
            #expect(
                try program.run("classify", "train", "--data", "digits", "--model", "mlp", "--epochs", "1").code == 0)
        }
        #expect(contents(weights) != nil)
        #expect(contents("runs/classify/train-2/weights/last.safetensors") != nil)
    }

    /// The same seed gives the same bits, whatever the number of threads and workers.
    @Test func weightsDependOnTheSeedAlone() throws {
        func train(_ name: String, _ more: String) throws -> Data? {
            let line = "$switchback classify train --data digits --model cnn --epochs 1 --name \(name) \(more)"
            #expect(try program.shell(line).code == 0)
            return contents("runs/classify/\(name)/weights/last.safetensors")
        }
        let one = try train("one", "--threads 1 --workers 0")
        #expect(one != nil)
        #expect(try train("two", "--threads 2 --workers 3") == one)
        #expect(try train("three", "--seed 1") != one)
    }

    @Test func aProfileIsSavedBesideTheWeights() throws {
        let train = try program.run(
            "classify", "train", "--data", "digits", "--model", "cnn", "--epochs", "1", "--profile", "--json")
        #expect(train.code == 0, "\(train.errors)")
        #expect(train.output.contains("conv2d") && train.output.contains("backward"))
        #expect(train.json["accuracy"] is Double)
        let table = try #require(contents("runs/classify/train/profile.txt"))
        #expect(String(decoding: table, as: UTF8.self).contains("GFLOP/s"))
        let trace = try #require(contents("runs/classify/train/trace.json"))
        #expect(try JSONSerialization.jsonObject(with: trace) is [String: Any])
    }

    @Test func aTableIsLearned() throws {
        let rows = (0..<100).map { "\(Double($0 % 2) + Double($0) / 1000),\($0),\($0 % 2 == 0 ? "even" : "odd")" }
        _ = try program.folder.write("a,b,kind\n" + rows.joined(separator: "\n"), to: "table.csv")
        let train = try program.run(
            "classify", "train", "--data", "table.csv", "--label", "kind", "--batch", "16", "--epochs", "20", "--json")
        #expect(train.json["accuracy"] as? Double == 1, "\(train.output) \(train.errors)")
        _ = try program.folder.write("0.001,4\n1.2,5\n", to: "new.csv")
        let predict = try program.run("classify", "predict", "--model", weights, "new.csv")
        #expect(predict.output.contains("new.csv[0]  even") && predict.output.contains("new.csv[1]  odd"))
        _ = try program.folder.write("1,2,3,4,5\n", to: "wide.csv")
        let wide = try program.run("classify", "predict", "--model", weights, "wide.csv")
        #expect(wide.code == 1 && wide.errors.contains("the weights are for inputs of shape [2]"))
    }

    @Test func aFolderOfIdxFilesIsLearned() throws {
        let folder = try program.idxFolder()
        let train = try program.run(
            "classify", "train", "--data", folder, "--batch", "8", "--epochs", "5", "--json")
        #expect(train.json["accuracy"] as? Double == 1, "\(train.output) \(train.errors)")
        #expect(train.output.contains("a folder of idx files"))
    }

    /// Every optimizer and schedule that the help names can be chosen.
    @Test(arguments: [
        "sgd", "adam", "adamw", "adamax", "nadam", "radam", "rmsprop", "adagrad", "adadelta", "lion", "muon", "musgd",
    ])
    func everyOptimizerTrains(_ name: String) throws {
        let schedules = [
            "constant", "step", "exponential", "linear", "polynomial", "cosine", "cosine-restarts", "one-cycle",
        ]
        let schedule = schedules[name.utf8.reduce(0) { $0 + Int($1) } % schedules.count]
        let run = try program.run(
            "classify", "train", "--data", "digits", "--model", "mlp", "--epochs", "1", "--optimizer", name,
            "--schedule", schedule, "--json")
        #expect(run.code == 0 && run.json["loss"] is Double, "\(run.errors)")
    }

    @Test func anInterruptedRunEndsCleanly() throws {
        let run = try program.shell(
            """
            $switchback classify train --data digits --epochs 1000 & pid=$!
            while [ ! -e \(weights) ]; do sleep 0.1; done
            kill -INT $pid; wait $pid
            """)
        #expect(run.code == 130, "\(run.errors)")
        #expect(run.output.contains("Interrupted"))
        let files = try FileManager.default.contentsOfDirectory(
            atPath: program.folder.path("runs/classify/train/weights"))
        #expect(files.sorted() == ["best.safetensors", "last.safetensors"])
    }

    @Test func helpHasExamplesEverywhere() throws {
        for command in ["", "classify", "classify train", "classify val", "classify predict", "info"] {
            let help = try program.shell("$switchback \(command) --help")
            #expect(help.code == 0 && help.output.contains("EXAMPLES"), "\(command)")
        }
    }

    @Test func infoTellsOfTheMachine() throws {
        let info = try program.run("info", "--json", environment: ["SWITCHBACK_ISA": "baseline"])
        #expect(info.json["instruction_set"] as? String == "baseline")
        #expect(info.json["threads"] as? Int ?? 0 > 0)
        #expect(info.json["memory"] as? Int ?? 0 > 0)
    }
}
