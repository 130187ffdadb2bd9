import Foundation
import TestSupport
import Testing

@Suite struct RunsTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    @Test func runsAreListedShownComparedAndCleaned() throws {
        for (name, epochs) in [("one", 2), ("two", 1)] {
            let line =
                "$switchback classify train --data digits --model mlp --epochs \(epochs) --name \(name) --quiet"
            #expect(try program.shell(line).code == 0)
        }
        let list = try program.run("runs", "list")
        #expect(
            list.output.contains("runs/classify/one  2/2 epochs  loss "), "\(list.output)\(list.errors)")
        #expect(
            try program.run("runs", "list", "--task", "detect").output.contains(
                "There are no runs in runs"))

        let show = try program.run("runs", "show", "runs/classify/one")
        #expect(
            show.output.contains("  model: mlp\n") && show.output.contains("train/accuracy"),
            "\(show.errors)")
        #expect(show.output.contains("best"))

        let compare = try program.run(
            "runs", "compare", "runs/classify/one", "runs/classify/two", "--plot", "both.png")
        #expect(
            compare.output.split(separator: "\n").first?.contains("epochs") ?? false, "\(compare.errors)")
        #expect(!compare.output.contains("optimizer"))
        let third = try program.shell("$switchback classify train --data digits --model mlp --epochs 1 --clip-norm 1")
        #expect(third.code == 0)
        let open = try program.shell("$switchback runs compare one runs/classify/train")
        #expect(!open.output.contains("null") && open.output.contains(" - "), "an option left open is a dash")
        let image = try #require(
            FileManager.default.contents(atPath: program.folder.path("both.png")))
        #expect(image.starts(with: [0x89, 0x50, 0x4E, 0x47]))

        let plan = try program.run("runs", "clean")
        #expect(
            plan.output.contains("runs/classify/one/resume") && plan.output.contains("--yes removes them")
        )
        #expect(try program.run("runs", "clean", "--yes").code == 0)
        #expect(try program.run("runs", "clean").output.contains("There is nothing to clean up"))
        let more = try program.shell(
            "$switchback classify val --data digits --model runs/classify/one/weights/best.safetensors")
        #expect(more.code == 0)
    }

    @Test func whatIsNoRunIsRefused() throws {
        for (line, sentence) in [
            ("runs list", "runs: there is no such folder"),
            ("runs show none", "none: there is no such run"),
            ("runs compare none", "none: there is no such run"),
            ("runs clean", "runs: there is no such folder"),
            ("classify train --resume none", "none: there is no such run"),
            ("classify train --resume .", "is not a run folder: it has no args.yaml"),
            ("classify train --config none.yaml", "none.yaml: there is no such file"),
        ] {
            program.expectRefusal(try program.shell("$switchback \(line)"), sentence)
        }
        program.expectRefusal(
            try program.shell("$switchback runs lits"), code: 2, "did you mean 'list'?")
    }

    @Test func imagesOfARunAreClassified() throws {
        let train = "$switchback classify train --data digits --model cnn --epochs 1 --quiet"
        #expect(try program.shell(train).code == 0)
        let files = try FileManager.default.contentsOfDirectory(
            atPath: program.folder.path("runs/classify/train"))
        for name in [
            "args.yaml", "classes.png", "confusion_matrix.png", "predictions.png", "results.csv",
            "results.png", "resume",
            "train_batch.png", "weights",
        ] { #expect(files.contains(name), "\(name) is missing") }
        #expect(files.contains { $0.hasPrefix("events.out.tfevents.") })

        // All images of a folder are classified, here the run's own, and those that a pattern describes.
        let images = files.filter { $0.hasSuffix(".png") }.sorted().map { "runs/classify/train/\($0)" }
        for input in ["runs/classify/train", "'runs/classify/train/*.png'"] {
            let predict = try program.shell("$switchback classify predict --model runs/classify/train \(input)")
            let lines = predict.output.split(separator: "\n").map(String.init)
            #expect(lines.count == images.count, "\(predict.errors)")
            for (line, image) in zip(lines, images) { #expect(line.hasPrefix("\(image)  "), "\(line)") }
        }
    }
}
