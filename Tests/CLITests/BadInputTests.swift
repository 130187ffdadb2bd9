import Foundation
import TestSupport
import Testing

/// What users give that cannot be used: one sentence, an exit code that is not 0, and nothing left behind.
@Suite struct BadInputTests {
    let program: BuiltProgram

    init() throws { program = try BuiltProgram() }

    private func train(_ data: String, _ more: String...) throws -> BuiltProgram.Run {
        let line = ["$switchback classify train --epochs 1 --data", "'\(data)'"] + more
        return try program.shell(line.joined(separator: " "))
    }

    // MARK: Files

    @Test func aMissingPath() throws {
        program.expectRefusal(try train("no/such/file.csv"), "no/such/file.csv: there is no such file or folder")
    }

    @Test func anIdxFileCutShort() throws {
        let folder = try program.idxFolder(images: BuiltProgram.idx([40, 4, 4], [1, 2, 3]))
        program.expectRefusal(try train(folder), "mnist/train-images-idx3-ubyte: is cut short")
    }

    @Test func aGzipFileCutShort() throws {
        let folder = try program.idxFolder(
            images: [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3, 0x4B, 0x4C], imagesName: "train-images-idx3-ubyte.gz")
        program.expectRefusal(try train(folder), "train-images-idx3-ubyte.gz: is cut short")
    }

    @Test func imagesAndLabelsOfDifferentLengths() throws {
        let folder = try program.idxFolder(labels: BuiltProgram.idx([3], [0, 1, 0]))
        program.expectRefusal(try train(folder), "has 3 labels, and mnist/train-images-idx3-ubyte has 40 examples")
    }

    @Test func aLabelOutOfRange() throws {
        let labels = [0, 200] + (2..<40).map { UInt8($0 % 2) }
        let folder = try program.idxFolder(labels: BuiltProgram.idx([40], labels))
        program.expectRefusal(try train(folder), "example 1: the label 200 is out of range")
        program.expectRefusal(try train(folder, "--classes 2"), "there are the classes 0 to 1")
    }

    @Test func aFolderWithoutImages() throws {
        program.expectRefusal(try train("."), "its folders have no usable image")
    }

    @Test func aTableWithAMissingCell() throws {
        _ = try program.folder.write("a,b,label\n1,2,x\n3,,y\n", to: "table.csv")
        program.expectRefusal(try train("table.csv"), "table.csv, line 3, column b: the cell is empty")
    }

    @Test func aTableTooSmallToHoldAnythingOut() throws {
        _ = try program.folder.write("a,label\n1,x\n3,y\n", to: "table.csv")
        program.expectRefusal(try train("table.csv"), "too few examples")
    }

    @Test func aSafetensorsHeaderThatLies() throws {
        let header = #"{"x":{"dtype":"F32","shape":[1000],"data_offsets":[0,4000]}}"#
        let length = withUnsafeBytes(of: UInt64(header.utf8.count).littleEndian) { Array($0) }
        _ = try program.folder.write(length + header.utf8 + [0, 0, 0, 0], to: "lie.safetensors")
        program.expectRefusal(
            try train("lie.safetensors"), "lie.safetensors, tensor x: it is declared to end at byte 4000")
        for mode in ["val --data digits", "predict digits"] {
            let run = try program.shell("$switchback classify \(mode) --model lie.safetensors")
            program.expectRefusal(run, "lie.safetensors, tensor x")
        }
    }

    @Test func weightsOfSomethingElse() throws {
        let empty = [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)
        _ = try program.folder.write(empty, to: "other.safetensors")
        let run = try program.run("classify", "val", "--model", "other.safetensors", "--data", "digits")
        program.expectRefusal(run, "is not a classifier")
    }

    @Test func aFileOfNoKnownKind() throws {
        _ = try program.folder.write("?", to: "data.xyz")
        program.expectRefusal(try train("data.xyz"), "is not in a supported format")
    }

    // MARK: Places to write to

    @Test func anOutputFolderThatIsAFile() throws {
        _ = try program.folder.write("", to: "taken")
        program.expectRefusal(try train("digits", "--model mlp --output taken"), "taken: is a file")
        program.expectRefusal(try train("digits", "--model mlp --output taken/below"), "taken: is a file")
        program.expectRefusal(try train("digits", "--model mlp --output /proc/none"), "/proc/none: cannot be made")
        #expect(program.folder.contents == ["taken"])
    }

    /// A limit on the size of files stands for a full disk: both are errors of the same call.
    @Test func aDiskThatTakesNoMore() throws {
        let run = try program.shell("ulimit -f 8; $switchback classify train --data digits --model mlp --epochs 1")
        // Images are warned of; weights end the run.
        let lines = run.errors.split(separator: "\n")
        let refusal = "switchback: runs/classify/train/weights/last.safetensors: cannot be written"
        #expect(run.code == 1 && lines.last?.hasPrefix(refusal) == true, "\(run.errors)")
        #expect(lines.dropLast().allSatisfy { $0.hasPrefix("warning: an image of the run was not drawn") })
        #expect(program.folder.contents.isEmpty)
    }

    @Test func aFullStandardOutput() throws {
        program.expectRefusal(try program.shell("$switchback info --json > /dev/full"), "standard output")
    }

    // MARK: Options

    @Test(arguments: [
        ("classify train --data digits --epochs 0", "--epochs is 0; a whole number from 1 to 1,000,000 is needed"),
        ("classify train --data digits --epochs many", "--epochs is many; a whole number is needed"),
        ("classify train --data digits --batch -3", "batch"),
        ("classify train --data digits --model cnm", "did you mean 'cnn'?"),
        ("classify train --data digits --model vision-transformer", "there are mlp, cnn"),
        ("classify train --data digits --optimizer adma", "did you mean 'adam'?"),
        ("classify train --data digits --schedule cosin", "did you mean 'cosine'?"),
        ("classify train --data digits --lr 0", "greater than 0"),
        ("classify train --data digits --name a/b", "without slashes"),
        ("classify train --data digits --threads 1000", "from 1 to 256"),
        ("classify train --data digits --epoch 3", "--epochs"),
        ("classify train", "--data"),
        ("classify trian", "did you mean 'train'?"),
        ("clasify train", "did you mean 'classify'?"),
        ("classify predict --model x", "input"),
        ("detect train data=coco8.yaml model=yolo11n", "data=coco8.yaml is not an option; write --data coco8.yaml;"),
        ("detect train --data x --project y", "there is no option --project here; it is --output;"),
        ("detect train --batch-size 4", "there is no option --batch-size here; it is --batch;"),
        ("detect train --lr 0.1", "there is no option --lr here; it is --lr0;"),
        ("detect train --close_mosaic 0", "there is no option --close_mosaic here; it is --close-mosaic;"),
        ("classify train --learning-rate 1", "there is no option --learning-rate here; it is --lr;"),
        ("text train --amp", "there is no option --amp here; it is --precision;"),
        (
            "segment predict --model x y --retina-masks",
            "--retina-masks here: masks always have the resolution of the image"
        ),
        ("detect train --data x --exist-ok", "--exist-ok here: runs are never overwritten"),
        ("detect train --data x --augment", "it is for detect val and predict"),
        ("segment val --model x --data y --augment", "--augment is for detect"),
        ("text train --augment", "there is no option --augment here; see switchback text train --help."),
        ("detect predict --model x y --line-thickness 3", "it is --line-width;"),
        (
            "detect predict --model x y --show-labels=False",
            "there is no option --show-labels here: that is the default, and --hide-labels turns it off;"
        ),
        ("detect train --data x --plots", "--plots here: that is the default, and --no-plots turns it off;"),
        ("text train --zzzzzz", "there is no option --zzzzzz here; see switchback text train --help."),
    ])
    func commandLinesThatCannotBeUnderstood(_ line: String, _ sentence: String) throws {
        program.expectRefusal(try program.shell("$switchback \(line)"), code: 2, sentence)
    }

    @Test(arguments: [
        ("--lr0 -1", "--lr0 is -1; a number greater than 0 is needed."),
        ("--lr0=-1", "--lr0 is -1; a number greater than 0 is needed."),
        ("--lr0 nan", "--lr0 is nan; a finite number greater than 0 is needed."),
        ("--lr0 -inf", "--lr0 is -inf; a finite number greater than 0 is needed."),
        ("--lr0 1e999", "a finite number greater than 0 is needed."),
        ("--lr0 fast", "--lr0 is fast; a number is needed; see switchback detect train --help."),
        ("--lr0 --epochs 3", "Missing value for '--lr0 <rate>'"),
        ("--batch --epochs 3", "Missing value for '--batch <n>'"),
        ("--seed -5", "--seed is -5; a whole number from 0 to 18446744073709551615 is needed"),
        ("--epochs 99999999999999999999", "a whole number from -9223372036854775808 to 9223372036854775807 is needed"),
        ("--epochs 9223372036854775807", "a whole number from 1 to 1,000,000 is needed"),
        ("--epochs 3.5", "--epochs is 3.5; a whole number is needed"),
        ("--batch 0", "--batch is 0; a whole number from 1 to 65536, or -1 for what fits into memory, is needed"),
        ("--degrees -10", "--degrees is -10; a number from 0 to 180 is needed"),
        ("--degrees 1e9", "a number from 0 to 180 is needed"), ("--shear 181", "a number from -180 to 180 is needed"),
        ("--perspective 1", "a number from 0 to 0.001 is needed"), ("--scale 50", "a number from 0 to 1 is needed"),
        ("--hsv-h 100", "--hsv-h is 100; a number from 0 to 1 is needed"),
        ("--fliplr 2", "a number from 0 to 1 is needed"),
        ("--imgsz 100000", "a multiple of 32 from 32 to 8192 is needed, such as 8192"),
        ("--optimizer adam2", "--optimizer is adam2; did you mean 'Adam'? See switchback detect train --help."),
        ("--model yolo11q", "there is no such model"),
    ])
    func numbersThatAnOptionCannotHave(_ options: String, _ sentence: String) throws {
        let run = try program.shell("$switchback detect train --data none.yaml \(options)")
        program.expectRefusal(run, code: 2, sentence)
    }

    @Test(arguments: ["--shear -10", "--batch -1", "--batch auto", "--seed 18446744073709551615", "--optimizer adamw"])
    func numbersThatAnOptionCanHave(_ options: String) throws {
        let run = try program.shell("$switchback detect train --data none.yaml \(options)")
        program.expectRefusal(run, "none.yaml: there is no such file")
    }

    /// Two sides, in the forms that Ultralytics' users know: where there is one size for all images, the longer is taken, said.
    @Test(arguments: ["--imgsz 480 640", "--imgsz 480x640", "--imgsz=480,640", "--imgsz '[480, 640]'"])
    func heightAndWidthOfImages(_ option: String) throws {
        let warning = ": images of all shapes are scaled by one side here, and 640 is used"
        for command in ["train", "val --model none"] {
            let run = try program.shell("$switchback detect \(command) --data none.yaml \(option)")
            #expect(run.code == 1 && run.errors.contains(warning), "\(command): \(run.errors)")
        }
        let predict = try program.shell("$switchback detect predict --model none \(option) none.jpg")
        program.expectRefusal(predict, "none: there is no such file")
    }

    @Test(arguments: [
        ("text generate --model none --temperature -1", "--temperature is -1; a number from 0 to 100 is needed"),
        ("text generate --model none --top-k -1", "--top-k is -1; a whole number from 0"),
        ("text train --data none.txt --vocabulary 0", "--vocabulary is 0; a whole number from 1"),
        ("detect predict --model none none.jpg --imgsz -32", "--imgsz is -32; a multiple of 32"),
        ("detect val --model none --data none.yaml --conf 1.5", "--conf is 1.5; a number from 0 to 1 is needed"),
        ("translate train --data none --width 33", "--width is 33; a multiple of 32"),
        ("sentiment train --data none --clip-norm -1", "--clip-norm is -1; a number greater than 0 is needed"),
        ("classify train --data digits --crop 0", "--crop is 0; a number above 0 and at most 1 is needed"),
        ("serve none --port 70000", "--port is 70000; a whole number from 0 to 65535 is needed"),
    ])
    func numbersOfOtherCommands(_ line: String, _ sentence: String) throws {
        program.expectRefusal(try program.shell("$switchback \(line)"), code: 2, sentence)
    }

    /// What was given instead of what the run was trained with is refused before it is written into the run.
    @Test func aResumedRunKeepsItsOptionsWhereTheyAreRefused() throws {
        #expect(try program.shell("$switchback classify train --data digits --model mlp --epochs 1").code == 0)
        let arguments = program.folder.path("runs/classify/train/args.yaml")
        let before = try String(contentsOfFile: arguments, encoding: .utf8)
        let run = try program.shell("$switchback classify train --resume train --epochs -2")
        #expect(run.code == 2 && run.errors.contains("--epochs is -2"), "\(run.errors)")
        #expect(try String(contentsOfFile: arguments, encoding: .utf8) == before)
    }

    // MARK: Help

    /// Examples stand on lines that a terminal of 80 columns does not break, and sentences are broken by it alone.
    @Test(arguments: [
        "", "classify train", "classify val", "classify predict", "detect train", "detect predict", "detect benchmark",
        "detect export", "text train", "text generate", "text finetune", "text export", "chat train", "chat talk",
        "serve", "sentiment train", "translate train", "translate val", "data check", "data convert", "runs compare",
        "diagnose",
    ])
    func helpFitsIntoATerminal(_ command: String) throws {
        let help = try program.shell("COLUMNS=80 $switchback \(command) --help").output
        let lines = help.split(separator: "\n", omittingEmptySubsequences: false)
        let examples = lines.drop { $0 != "EXAMPLES" }.dropFirst().prefix { !$0.isEmpty }
        #expect(!examples.isEmpty)
        for example in examples { #expect(example.hasPrefix("  "), "\(example)") }
        let end = lines.firstIndex { $0.hasPrefix("USAGE") } ?? 0
        for (line, next) in zip(lines[..<end], lines[..<end].dropFirst()) where line.first?.isLetter == true {
            // A short line in the middle of a paragraph was broken by hand.
            let isFull = line.count + next.prefix { $0 != " " }.count >= 80
            #expect(isFull || next.isEmpty || next.hasPrefix(" "), "\(line)")
        }
    }

    @Test func aBatchLargerThanTheData() throws {
        program.expectRefusal(try train("digits", "--batch 5000"), "is larger than the 1442 training examples")
    }

    @Test func examplesOfOneClass() throws {
        _ = try program.folder.write((0..<20).map { "\($0),x" }.joined(separator: "\n"), to: "table.csv")
        program.expectRefusal(try train("table.csv"), "all its examples are of one class")
    }

    @Test func optionsThatWouldHaveNoEffect() throws {
        program.expectRefusal(
            try train("digits", "--imgsz 64"), "option imgsz: is the size of images in files, and digits has none")
        let run = try train("digits", "--model mlp --crop 0.75")
        #expect(run.code == 0 && run.errors.contains("arrays are augmented only with --augment"), "\(run.errors)")
    }

    @Test func aModelThatDoesNotSuitTheData() throws {
        let rows = (0..<20).map { "\($0),\($0 * 2),\($0 % 2)" }.joined(separator: "\n")
        _ = try program.folder.write(rows, to: "table.csv")
        program.expectRefusal(try train("table.csv", "--model cnn"), "needs images")
    }

    @Test func aLearningRateThatLeadsNowhere() throws {
        let run = try train("digits", "--model mlp --optimizer sgd --lr 1e30")
        program.expectRefusal(run, "lower the learning rate")
    }

    @Test func aPrecisionThatTrainingDoesNotHave() throws {
        func refuses(_ command: String, _ precision: String, _ sentence: String) throws {
            let run = try program.shell("$switchback \(command) --data digits --precision \(precision)")
            program.expectRefusal(run, code: 2, sentence)
        }
        for task in ["classify", "detect", "text", "sentiment", "translate", "chat"] {
            try refuses("\(task) train", "int8", "there are float32, bf16")
        }
        try refuses("classify train", "bf17", "did you mean 'bf16'?")
        _ = try program.folder.write("task: classify\nprecision: bf61\n", to: "args.yaml")
        let file = try program.shell("$switchback classify train --config args.yaml --data digits")
        program.expectRefusal(file, "precision")
    }

    @Test func environmentVariablesThatCannotBeUnderstood() throws {
        let isa = try program.run("info", environment: ["SWITCHBACK_ISA": "mmx"])
        program.expectRefusal(isa, "SWITCHBACK_ISA")
        let threads = try program.run("info", environment: ["SWITCHBACK_THREADS": "none"])
        program.expectRefusal(threads, "SWITCHBACK_THREADS")
    }
}
