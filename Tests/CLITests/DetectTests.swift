import Foundation
import SwitchbackVision
import TestSupport
import Testing

/// `switchback detect` as users run it.
@Suite(.serialized) struct DetectTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    // MARK: What cannot be used

    @Test func anUnknownModel() throws {
        _ = try program.folder.write("path: .\ntrain: none\nval: none\nnames: [a]\n", to: "data.yaml")
        let run = try program.run("detect", "predict", "--model", "no/weights.safetensors", "image.jpg")
        program.expectRefusal(run, "no/weights.safetensors: there is no such file")
        program.expectRefusal(
            try program.run("detect", "predict", "--model", "yolo11n.pt", "image.jpg"),
            "--model yolo11n starts from random ones")
    }

    @Test func anUnknownOption() throws {
        let run = try program.run("detect", "train", "--data", "data.yaml", "--close-mosaik", "5")
        program.expectRefusal(run, code: 2, "close-mosaic")
    }

    @Test func anInputThatIsTooLarge() throws {
        let run = try program.run("detect", "train", "--data", "data.yaml", "--imgsz", "9000")
        program.expectRefusal(
            run, code: 2, "--imgsz is 9000; a multiple of 32 from 32 to 8192 is needed, such as 8192")
    }

    @Test(arguments: ["0", "-1", "nan", "inf", "soon"]) func aTimeThatMakesNoSense(_ hours: String) throws {
        let run = try program.run("detect", "train", "--data", "data.yaml", "--time=\(hours)")
        program.expectRefusal(run, code: 2, "number\(Double(hours) == nil ? "" : " greater than 0") is needed")
    }

    @Test func aMissingDataFile() throws {
        program.expectRefusal(try program.run("detect", "train", "--data", "none.yaml"), "none.yaml")
    }

    @Test func aMisspeltModelAndOptimizer() throws {
        let data = try program.detectionSet()
        program.expectRefusal(
            try program.run("detect", "train", "--data", data, "--model", "yolo11q"), code: 2,
            "there is no such model")
        program.expectRefusal(
            try program.run("detect", "train", "--data", data, "--optimizer", "AdmaW"), code: 2,
            "did you mean 'AdamW'?")
    }

    // MARK: From images to boxes

    @Test func trainValPredict() throws {
        let data = try program.detectionSet()
        let train = try program.run(
            "detect", "train", "--data", data, "--model", "yolo26n", "--imgsz", "64", "--epochs", "2", "--batch", "4",
            "--close-mosaic", "1", "--json", "--quiet")
        #expect(train.code == 0, "\(train.errors)")
        let weights = try #require(train.json["weights"] as? String)
        let names = Set(try FileManager.default.contentsOfDirectory(atPath: program.folder.path("runs/detect/train")))
        for name in [
            "args.yaml", "results.csv", "results.png", "labels.png", "train_batch0.png", "val_batch0_labels.png",
            "val_batch0_pred.png", "BoxPR_curve.png", "BoxP_curve.png", "BoxR_curve.png", "BoxF1_curve.png",
            "confusion_matrix.png", "confusion_matrix_normalized.png",
        ] { #expect(names.contains(name), "\(name) is not among \(names.sorted())") }

        let val = try program.run("detect", "val", "--model", "runs/detect/train", "--data", data, "--json")
        #expect(val.code == 0 && val.json["images"] as? Int == 4, "\(val.errors)")

        try expectPredictionsAndViews(data)

        let export = try program.run("detect", "export", "runs/detect/train", "--json")
        #expect(export.code == 0, "\(export.errors)")
        #expect(export.json["output"] as? String == "runs/detect/train/weights/best.onnx")
        try expectExportsAndTiles(weights)
        let odd = try program.run("detect", "export", weights, "--imgsz", "100")
        #expect(odd.code == 0 && odd.errors.contains("imgsz 100 is not a multiple of 32: 128 is used"), "\(odd.errors)")

        let image = try program.image(
            "bus.jpg", height: 108, width: 81, boxes: [LabeledBox(Box(x1: 9, y1: 20, x2: 60, y2: 90), classIndex: 0)])
        let predict = try program.run(
            "detect", "predict", "--model", weights, image, "--conf", "0", "--max-det", "40", "--save-txt",
            "--save-csv", "--save-json", "--save-crop", "--json")
        #expect(predict.code == 0 && predict.json["boxes"] as? Int == 40, "\(predict.errors)")
        let saved = Set(try FileManager.default.contentsOfDirectory(atPath: program.folder.path("runs/detect/predict")))
        #expect(saved == ["bus.jpg", "boxes.csv", "boxes.json", "labels", "crops"])
        try expectSameFromServer(image)
    }

    /// A file for pycocotools beside the runs, and images looked at in several sizes, where that is possible.
    private func expectPredictionsAndViews(_ data: String) throws {
        let val = ["detect", "val", "--model", "runs/detect/train", "--data", data]
        let saved = try program.run(val + ["--save-json", "--json"])
        #expect(saved.code == 0 && saved.json["predictions"] as? String == "runs/detect/val/predictions.json")
        let rows = try JSONSerialization.jsonObject(
            with: Data(contentsOf: program.folder.url.appendingPathComponent("runs/detect/val/predictions.json")))
        let images = Set((rows as? [[String: Any]] ?? []).compactMap { $0["image_id"] as? Int })
        #expect(!images.isEmpty && images.isSubset(of: Set(0..<4)))
        #expect(try program.run(val + ["--save-json", "--output", "figures"]).code == 0)
        let figures = try FileManager.default.contentsOfDirectory(atPath: program.folder.path("figures"))
        #expect(figures.contains("predictions.json"))
        let direct = try program.run(val + ["--augment"])
        #expect(direct.code == 2 && direct.errors.contains("--augment needs --nms with yolo26n"), "\(direct.errors)")
        let views = try program.run(val + ["--augment", "--nms"])
        #expect(views.code == 0, "\(views.errors)")
    }

    /// Batches of like shape: what has no effect with them is said, and the same options give the same weights.
    @Test func rectangularTraining() throws {
        let data = try program.detectionSet()
        let train = [
            "detect", "train", "--data", data, "--imgsz", "64", "--epochs", "2", "--batch", "2", "--rect", "--no-plots",
            "--quiet", "--workers", "1", "--name",
        ]
        let first = try program.run(train + ["first", "--mosaic", "0.5"])
        #expect(first.code == 0 && first.errors.contains("--mosaic has no effect"), "\(first.errors)")
        #expect(try program.run(train + ["second"]).code == 0)
        let last = "weights/last.safetensors"
        let same = try program.shell("cmp runs/detect/first/\(last) runs/detect/second/\(last)")
        #expect(same.code == 0, "\(same.output)")
        #expect(try program.shell("grep -q 'rect: true' runs/detect/first/args.yaml").code == 0)
    }

    /// The server finds in the image what `predict` saved in boxes.json.
    private func expectSameFromServer(_ image: String) throws {
        struct Found: Decodable {
            let `class`: String
            let confidence, x1, y1, x2, y2: Float
        }
        struct Answer: Decodable {
            struct Detection: Decodable {
                let `class`: String
                let confidence: Float
                let box: [String: Float]
            }
            let model: String
            let width, height: Int
            let detections: [Detection]
        }
        let saved = try JSONDecoder().decode(
            [Found].self,
            from: Data(contentsOf: program.folder.url.appendingPathComponent("runs/detect/predict/boxes.json")))
        let server = try RunningServer(program, ["bus=runs/detect/train"])
        let request = "curl -s \(server.address)/v1/detect -F image=@\(image) -F conf=0"
        let text = try program.shell("\(request) -F max_det=40").output
        let answer = try JSONDecoder().decode(Answer.self, from: Data(text.utf8))
        #expect(answer.model == "bus" && answer.width == 81 && answer.height == 108)
        #expect(answer.detections.map(\.class) == saved.map(\.class))
        #expect(answer.detections.map(\.confidence) == saved.map(\.confidence))
        #expect(
            answer.detections.map { [$0.box["x1"], $0.box["y1"], $0.box["x2"], $0.box["y2"]] }
                == saved.map { [$0.x1, $0.y1, $0.x2, $0.y2] })
        #expect(try program.shell("\(request) -F max_dett=5").output.contains("did you mean max_det?"))
        #expect(server.stop() == 0)
    }

    @Test func otherClassesAreRefused() throws {
        let data = try program.detectionSet()
        let train = try program.trainDetector(on: data, "--single-cls", "--json")
        let weights = try #require(train.json["weights"] as? String, "\(train.errors)")
        let val = try program.run("detect", "val", "--model", weights, "--data", data)
        #expect(
            val.code == 1 && val.errors.contains("its 3 classes, and the detector's 1, are not the same"),
            "\(val.errors)")
        for more in [[], ["--tile", "48"], ["--classes", "red", "blue"]] {
            let one = try program.run(
                ["detect", "val", "--model", weights, "--data", data, "--single-cls", "--json"] + more)
            #expect(
                one.code == 0 && (one.json["classes"] as? [String: Any])?.keys.sorted() == ["item"], "\(one.errors)")
        }
    }

    /// Weights of epochs are kept; and predictions are counted as people count.
    @Test func epochsAreKept() throws {
        let data = try program.detectionSet()
        _ = try program.shell("sed -i 's/red, green, blue/bus, bus stop, city/' shapes/data.yaml")
        try program.trainDetector(on: data, epochs: 5, "--save-period", "2")
        let weights = program.folder.path("runs/detect/train/weights")
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: weights).sorted() == [
                "best.safetensors", "epoch2.safetensors", "epoch4.safetensors", "last.safetensors",
            ])
        let predict = try program.run(
            "detect", "predict", "--model", "\(weights)/epoch4.safetensors", "shapes/images/val/0.jpg", "--conf", "0",
            "--max-det", "40", "--no-save")
        #expect(predict.code == 0 && predict.output.contains(/\d+ × (bus|bus stop|city)[,\n]/), "\(predict.output)")
    }

    /// What is drawn, and how.
    @Test func labelsAndLinesOfImages() throws {
        let data = try program.detectionSet()
        try program.trainDetector(on: data)
        var images: Set<Data> = []
        for options in [
            [], ["--hide-labels"], ["--hide-conf"], ["--hide-labels", "--hide-conf"], ["--line-width", "5"],
        ] {
            let run = try program.run(
                ["detect", "predict", "--model", "runs/detect/train", "shapes/images/val/0.jpg", "--conf", "0"]
                    + options
                    + ["--max-det", "3", "--name", "p"])
            #expect(run.code == 0, "\(run.errors)")
            let folder = try #require(run.output.firstMatch(of: /Results are in (.*)/)?.output.1)
            images.insert(try Data(contentsOf: program.folder.url.appendingPathComponent("\(folder)/0.jpg")))
        }
        #expect(images.count == 5)
    }

    @Test func damagedLabelsAreNamedAndLeftOut() throws {
        let data = try program.detectionSet()
        _ = try program.folder.write("0 0.5 0.5 0.1\n", to: "shapes/labels/val/0.txt")
        let train = try program.trainDetector(on: data)
        let val = try program.run(
            "detect", "val", "--model", "runs/detect/train", "--data", data, "--json")
        for run in [train, val] {
            #expect(run.code == 0)
            #expect(run.errors.contains("warning: left out: shapes/labels/val/0.txt, line "), "\(run.errors)")
            #expect(run.errors.contains("has 4 numbers"), "\(run.errors)")
        }
        #expect(val.json["images"] as? Int == 3)
    }

    /// The options of exports, and large images in tiles.
    private func expectExportsAndTiles(_ weights: String) throws {
        let file = program.folder.path("out.onnx")
        for options in [
            ["--dynamic", "--half", "--opset", "18"], ["--nms", "--conf", "0.1"], ["--imgsz", "64x96", "--batch", "2"],
        ] {
            let export = try program.run(["detect", "export", weights, "--output", file] + options)
            #expect(export.code == 0, "\(options): \(export.errors)")
        }
        let image = try program.image("large.jpg", height: 150, width: 200, boxes: [])
        let tiled = try program.run(
            "detect", "predict", "--model", weights, image, "--tile", "96", "--overlap", "16", "--imgsz", "96x64",
            "--conf",
            "0", "--max-det", "7", "--no-save", "--json")
        #expect(tiled.code == 0 && tiled.json["boxes"] as? Int == 7, "\(tiled.errors)")
        for (wrong, words) in [
            (["export", weights, "--conf", "0.3"], "--conf needs --nms"),
            (["export", weights, "--dynamic", "--batch", "2"], "--dynamic is for any batch"),
            (["export", weights, "--half", "--format", "safetensors"], "--half is for onnx"),
            (["predict", "--model", weights, image, "--overlap", "16"], "--overlap needs --tile"),
            (["predict", "--model", weights, image, "--save-dota"], "--save-dota is for oriented boxes"),
        ] {
            let outcome = try program.run(["detect"] + wrong)
            #expect(outcome.code == 2 && outcome.errors.contains(words), "\(wrong): \(outcome.errors)")
        }
        let large = try program.run("detect", "predict", "--model", weights, image, "--tile", "96", "--overlap", "96")
        #expect(large.code == 1 && large.errors.contains("not below the side of the tiles"), "\(large.errors)")
    }
}
