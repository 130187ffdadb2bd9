import Foundation
import TestSupport
import Testing

@Suite struct QuantizeTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private let weights = "runs/classify/train/weights/best.safetensors"
    private let quantized = "runs/classify/train/weights/best-int8.safetensors"

    /// Handwritten digits lose at most 0.3 points of accuracy, and every command takes the file.
    @Test func digits() throws {
        let train = try program.run(
            "classify", "train", "--data", "digits", "--model", "cnn", "--epochs", "2", "--json")
        #expect(train.code == 0, "\(train.errors)")
        let run = try program.run(
            "classify", "quantize", "--model", "runs/classify/train", "--data", "digits", "--images", "32", "--json")
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.contains("of 2 convolutions in int8"), "\(run.output)")
        #expect(run.json["output"] as? String == quantized)
        let before = try #require(run.json["accuracy"] as? Double)
        let after = try #require(run.json["accuracy_in_int8"] as? Double)
        #expect(before > 0.8 && after > before - 0.003)

        let val = try program.run("classify", "val", "--model", quantized, "--data", "digits", "--json")
        #expect(val.code == 0 && val.json["accuracy"] as? Double == after, "\(val.errors)")
        let predict = try program.run("classify", "predict", "--model", quantized, "digits", "--json")
        #expect(predict.code == 0 && (predict.json["predictions"] as? [Any])?.count == 355, "\(predict.errors)")
        let benchmark = try program.run(
            "classify", "benchmark", "--model", quantized, "--data", "digits", "--seconds", "0.01", "--json")
        let rows = try #require(benchmark.json["rows"] as? [[String: Any]], "\(benchmark.errors)")
        #expect(rows.map { $0["way"] as? String } == ["int8", "fused", "as trained"])
        #expect(rows[0]["accuracy"] as? Double == after && rows.allSatisfy { $0["inference_ms"] as? Double ?? 0 > 0 })
        let export = try program.run("classify", "export", quantized)
        #expect(export.code == 0, "\(export.errors)")

        let again = try program.run("classify", "quantize", "--model", quantized, "--data", "digits")
        #expect(again.code == 1 && again.errors.contains("its weights are quantized already"), "\(again.errors)")
        let training = try program.run(
            "classify", "train", "--data", "digits", "--model", "cnn", "--weights", quantized, "--name", "other")
        #expect(training.code == 1 && training.errors.contains("serve inference alone"), "\(training.errors)")
        #expect(training.errors.split(separator: "\n").count == 1)
        let onto = try program.run(
            "classify", "quantize", "--model", weights, "--data", "digits", "--output", weights)
        #expect(onto.code == 1 && onto.errors.contains("is the weights file itself"), "\(onto.errors)")
        let one = try program.run("classify", "quantize", "--model", weights, "--data", "digits", "--images", "1")
        #expect(one.code == 1 && one.errors.contains("1 image tells too little"), "\(one.errors)")
        let other = try program.idxFolder()
        let data = try program.run("classify", "quantize", "--model", weights, "--data", other)
        #expect(data.code == 1 && data.errors.contains("has inputs of shape"), "\(data.errors)")

        let whole = try #require(FileManager.default.contents(atPath: program.folder.path(quantized)))
        try whole.prefix(whole.count - 100).write(to: URL(fileURLWithPath: program.folder.path("cut.safetensors")))
        let cut = try program.run("classify", "val", "--model", "cut.safetensors", "--data", "digits")
        #expect(cut.code == 1 && cut.errors.split(separator: "\n").count == 1, "\(cut.errors)")
    }

    @Test func tablesHaveNoConvolutions() throws {
        _ = try program.run("classify", "train", "--data", "digits", "--model", "mlp", "--epochs", "1")
        let run = try program.run("classify", "quantize", "--model", "runs/classify/train", "--data", "digits")
        #expect(run.code == 1 && run.errors.contains("it has no convolutions"), "\(run.errors)")
        #expect(!FileManager.default.fileExists(atPath: program.folder.path(quantized)))
    }

    @Test(arguments: ["detect", "segment"])
    func detectors(_ task: String) throws {
        let data = try program.detectionSet(labels: task == "segment" ? .outlines : .boxes)
        let model = task == "segment" ? "yolo26n-seg" : "yolo26n"
        let train = try program.run(
            task, "train", "--data", data, "--model", model, "--epochs", "1", "--imgsz", "64", "--no-plots")
        #expect(train.code == 0, "\(train.errors)")
        let run = try program.run(task, "quantize", "--model", "runs/\(task)/train", "--data", data, "--json")
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.errors.contains("calibration with 4 images is a guess"), "\(run.errors)")
        let path = "runs/\(task)/train/weights/best-int8.safetensors"
        for mode in ["val", "benchmark"] {
            let result = try program.run(
                task, mode, "--model", path, "--data", data, "--imgsz", "64", "--json",
                environment: ["SWITCHBACK_THREADS": "2"])
            #expect(result.code == 0, "\(result.errors)")
            if mode == "benchmark" { #expect(result.output.contains("int8, without suppression"), "\(result.output)") }
        }
        let predict = try program.run(task, "predict", "--model", path, "shapes/images/val")
        #expect(predict.code == 0, "\(predict.errors)")
        let training = try program.run(task, "train", "--data", data, "--model", path, "--name", "other")
        #expect(training.code == 1 && training.errors.contains("serve inference alone"), "\(training.errors)")
        let other = try program.run(
            task == "segment" ? "detect" : "segment", "quantize", "--model", path, "--data", data)
        #expect(other.code == 1 && other.errors.contains("use switchback \(task)"), "\(other.errors)")
    }
}
