import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

/// `switchback segment`, `switchback pose` and `switchback obb` as users run them.
@Suite(.serialized) struct SegmentTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private func rows(_ path: String) throws -> [[String: Any]] {
        let data = try Data(contentsOf: program.folder.url.appendingPathComponent(path))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [[String: Any]])
    }

    @Test(arguments: ["yolo11n-seg", "yolo26n-seg"]) func masksFromTrainingToServing(_ model: String) throws {
        let data = try program.detectionSet(labels: .outlines)
        let train = try program.run(
            "segment", "train", "--data", data, "--model", model, "--imgsz", "64", "--epochs", "2", "--batch", "4",
            "--close-mosaic", "1", "--json", "--quiet")
        #expect(train.code == 0, "\(train.errors)")
        let names = Set(try FileManager.default.contentsOfDirectory(atPath: program.folder.path("runs/segment/train")))
        #expect(
            names.isSuperset(of: ["train_batch0.png", "val_batch0_pred.png", "MaskPR_curve.png", "BoxPR_curve.png"]))

        let val = try program.run("segment", "val", "--model", "runs/segment/train", "--data", data, "--json")
        #expect(val.code == 0 && val.json["masks"] is [String: Any], "\(val.errors)")

        let image = program.folder.path("shapes/images/val/0.jpg")
        let predict = try program.run(
            "segment", "predict", "--model", "runs/segment/train", image, "--conf", "0", "--max-det", "20",
            "--save-txt", "--save-json", "--save-crop", "--pixel-size", "0.5", "--json")
        #expect(predict.code == 0, "\(predict.errors)")
        for row in try rows("runs/segment/predict/boxes.json") {
            let mask = try #require(row["segmentation"] as? [String: Any])
            let size = try #require(mask["size"] as? [Int])
            #expect(size == [64, 96])
            let text = try #require(mask["counts"] as? String)
            let runs = try #require(RunLengths(text: text, height: 64, width: 96))
            let pixels = try #require(row["pixels"] as? [String: Double])
            let millimeters = try #require(row["millimeters"] as? [String: Double])
            #expect(pixels["area"] == Double(runs.mask.area) && millimeters["area"] == Double(runs.mask.area) / 4)
        }
        let server = try RunningServer(program, ["runs/segment/train"])
        let answer = try program.shell(
            "curl -s \(server.address)/v1/segment -F image=@\(image) -F conf=0 -F max_det=20")
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any], "\(answer.output)")
        let found = try #require(object["detections"] as? [[String: Any]])
        #expect(found.count == (try rows("runs/segment/predict/boxes.json")).count)
        #expect(
            try program.shell("curl -s \(server.address)/v1/detect -F image=@\(image)").output.contains("no detector"))
        #expect(server.stop() == 0)
    }

    @Test(arguments: ["yolo11n-obb", "yolo26n-obb"]) func orientedBoxesFromTrainingToPrediction(_ model: String) throws
    {
        let data = try program.detectionSet(labels: .outlines)
        let train = try program.run(
            "obb", "train", "--data", data, "--model", model, "--imgsz", "64", "--epochs", "2", "--batch", "4",
            "--json", "--quiet")
        #expect(train.code == 0, "\(train.errors)")
        let val = try program.run("obb", "val", "--model", "runs/obb/train", "--data", data, "--json")
        #expect(val.code == 0 && val.json["images"] as? Int == 4, "\(val.errors)")
        let predict = try program.run(
            "obb", "predict", "--model", "runs/obb/train", "shapes/images/val/0.jpg", "--conf", "0", "--max-det", "3",
            "--save-txt", "--save-json", "--save-csv", "--json")
        #expect(predict.code == 0, "\(predict.errors)")
        for row in try rows("runs/obb/predict/boxes.json") { #expect(row["rotated"] is [String: Any]) }
        let labels = try String(
            contentsOf: program.folder.url.appendingPathComponent("runs/obb/predict/labels/0.txt"), encoding: .utf8)
        #expect(labels.split(separator: "\n").allSatisfy { $0.split(separator: " ").count == 9 })
        let export = try program.run("obb", "export", "runs/obb/train", "--json")
        #expect(export.code == 0, "\(export.errors)")
    }

    @Test(arguments: ["yolo11n-pose", "yolo26n-pose"]) func posesFromTrainingToPrediction(_ model: String) throws {
        let data = try program.detectionSet(labels: .keypoints)
        let train = try program.run(
            "pose", "train", "--data", data, "--model", model, "--imgsz", "64", "--epochs", "2", "--batch", "4",
            "--json", "--quiet")
        #expect(train.code == 0 && train.errors.isEmpty, "\(train.errors)")
        let val = try program.run("pose", "val", "--model", "runs/pose/train", "--data", data, "--json")
        #expect(val.code == 0 && val.json["keypoints"] is [String: Any], "\(val.errors)")
        let predict = try program.run(
            "pose", "predict", "--model", "runs/pose/train", "shapes/images/val/0.jpg", "--conf", "0", "--max-det", "3",
            "--save-txt", "--save-json", "--json")
        #expect(predict.code == 0, "\(predict.errors)")
        for row in try rows("runs/pose/predict/boxes.json") {
            #expect(try #require(row["keypoints"] as? [[String: Double]]).count == 4)
        }
        let labels = try String(
            contentsOf: program.folder.url.appendingPathComponent("runs/pose/predict/labels/0.txt"), encoding: .utf8)
        #expect(labels.split(separator: "\n").allSatisfy { $0.split(separator: " ").count == 17 })
        let export = try program.run("pose", "export", "runs/pose/train", "--json")
        #expect(export.code == 0, "\(export.errors)")
    }

    /// Names that a file cannot have, and such that would then be the same: each class has files of its own.
    @Test func classesWithOddNamesHaveFilesOfTheirOwn() throws {
        let data = try program.detectionSet(labels: .outlines)
        _ = try program.shell("sed -i 's|red, green, blue|a/b, a_b, ..|' shapes/data.yaml")
        try program.trainDetector("obb", on: data)
        let predict = try program.run(
            "obb", "predict", "--model", "runs/obb/train", "shapes/images/val", "--conf", "0", "--save-dota",
            "--save-csv", "--save-crop", "--no-save", "--json")
        #expect(predict.code == 0, "\(predict.errors)")
        let folder = program.folder.path("runs/obb/predict")
        let names = try FileManager.default.contentsOfDirectory(atPath: "\(folder)/dota").sorted()
        #expect(names == ["Task1__..txt", "Task1_a_b.txt", "Task1_a_b_2.txt"])
        #expect(predict.errors.contains("the class a/b is in Task1_a_b_2.txt"), "\(predict.errors)")
        let rows = try names.reduce(0) { sum, name in
            sum + (try String(contentsOfFile: "\(folder)/dota/\(name)", encoding: .utf8)).split(separator: "\n").count
        }
        #expect(rows == predict.json["boxes"] as? Int)
        let val = try program.run(
            "obb", "val", "--model", "runs/obb/train", "--data", data, "--conf", "0", "--save-dota", "--save-json",
            "--json")
        #expect(val.code == 0 && val.json["dota"] as? String == "runs/obb/val/dota", "\(val.errors)")
        let lines = try program.shell("cat runs/obb/val/dota/*.txt").output.split(separator: "\n")
        let count = try program.shell("grep -c image_id runs/obb/val/predictions.json").output
        #expect("\(lines.count)\n" == count && lines.allSatisfy { $0.split(separator: " ").count == 10 })
        let table = try String(contentsOfFile: "\(folder)/boxes.csv", encoding: .utf8)
        let shared = try String(contentsOfFile: "\(folder)/dota/Task1_a_b.txt", encoding: .utf8)
        #expect(shared.split(separator: "\n").count == table.split(separator: "\n").count { $0.contains(",a_b,") })
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).allSatisfy { !$0.hasSuffix(".jpg") })
    }

    /// Masks drawn at another size, or not shared, are learned otherwise; and validation takes them.
    @Test func masksDrawnOtherwise() throws {
        let data = try program.detectionSet(labels: .outlines)
        var losses: Set<String> = []
        for (name, options) in [
            ("plain", []), ("fine", ["--mask-ratio", "1"]), ("coarse", ["--mask-ratio", "8"]),
            ("whole", ["--no-overlap-mask"]), ("both", ["--no-overlap-mask", "--mask-ratio", "2"]),
        ] {
            let train = try program.run(
                ["segment", "train", "--data", data, "--imgsz", "64", "--epochs", "1", "--batch", "4", "--mosaic", "0"]
                    + ["--copy-paste", "1", "--copy-paste-mode", "mixup", "--quiet", "--no-plots", "--name", name]
                    + options)
            #expect(train.code == 0, "\(train.errors)")
            losses.insert(try program.shell("tail -1 runs/segment/\(name)/results.csv | cut -d, -f4-12").output)
        }
        #expect(losses.count >= 4, "\(losses)")
        let val = try program.run(
            "segment", "val", "--model", "runs/segment/whole", "--data", data, "--no-overlap-mask", "--json")
        #expect(val.code == 0, "\(val.errors)")
        let odd = try program.run("segment", "train", "--data", data, "--mask-ratio", "3")
        #expect(odd.code == 1 && odd.errors.contains("masks are drawn at 1, 2, 4 or 8 pixels to one"), "\(odd.errors)")
    }

    /// Data is checked for what it is for, and called so.
    @Test func dataIsCheckedForItsTask() throws {
        for (labels, task, found) in [
            (BuiltProgram.Labels.outlines, "segment", "8 outlines"), (.outlines, "obb", "8 oriented boxes"),
            (.keypoints, "pose", "8 poses"), (.outlines, "detect", "8 boxes"),
        ] {
            let data = try program.detectionSet("\(task)", labels: labels)
            let check = try program.run("data", "check", data, "--task", task)
            #expect(check.code == 0 && check.output.contains(found), "\(check.output)\(check.errors)")
        }
        let boxes = try program.run("data", "check", try program.detectionSet("plain"), "--task", "segment")
        #expect(
            boxes.code == 1 && (boxes.output + boxes.errors).contains("segment needs an outline"), "\(boxes.errors)")
        let digits = try program.run("data", "check", "digits", "--task", "pose")
        #expect(digits.code == 2 && digits.errors.contains("is data for classify"), "\(digits.errors)")
    }

    @Test func posesNeedTheShapeOfKeypoints() throws {
        let data = try program.detectionSet("plain")
        program.expectRefusal(try program.run("pose", "train", "--data", data), "kpt_shape is missing")
    }

    @Test func aDetectorIsAStartAndSaysSo() throws {
        let data = try program.detectionSet(labels: .outlines)
        let detector = try program.run(
            "detect", "train", "--data", data, "--imgsz", "64", "--epochs", "1", "--no-plots", "--quiet")
        #expect(detector.code == 0, "\(detector.errors)")
        let train = try program.run(
            "segment", "train", "--data", data, "--model", "runs/detect/train", "--imgsz", "64", "--epochs", "1",
            "--no-plots", "--quiet")
        #expect(train.code == 0 && train.errors.contains("of which 499 of 561 tensors are taken"), "\(train.errors)")
    }

    @Test func whatIsNotOfTheTaskIsNamed() throws {
        let data = try program.detectionSet()
        program.expectRefusal(
            try program.run("segment", "train", "--data", data, "--model", "yolo11n"), code: 2,
            "did you mean yolo11n-seg?")
        program.expectRefusal(
            try program.run("segment", "train", "--data", data, "--imgsz", "64", "--epochs", "1"),
            "segment needs an outline")
        program.expectRefusal(
            try program.run("detect", "predict", "image.jpg", "--model", "none", "--pixel-size", "1", "--save-json"),
            code: 2, "--pixel-size is for masks")
    }
}
