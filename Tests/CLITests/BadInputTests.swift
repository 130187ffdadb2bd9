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
        program.expectRefusal(try train("."), "there is no picture in its folders that can be used")
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
        program.expectRefusal(try train("lie.safetensors"), "lie.safetensors, tensor x: it is said to end at byte 4000")
        for mode in ["val --data digits", "predict digits"] {
            let run = try program.shell("$switchback classify \(mode) --model lie.safetensors")
            program.expectRefusal(run, "lie.safetensors, tensor x")
        }
    }

    @Test func weightsOfSomethingElse() throws {
        let empty = [2, 0, 0, 0, 0, 0, 0, 0] + Array("{}".utf8)
        _ = try program.folder.write(empty, to: "other.safetensors")
        let run = try program.run("classify", "val", "--model", "other.safetensors", "--data", "digits")
        program.expectRefusal(run, "holds no classifier")
    }

    @Test func aFileOfNoKnownKind() throws {
        _ = try program.folder.write("?", to: "data.xyz")
        program.expectRefusal(try train("data.xyz"), "is of no kind that can be recognised")
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
        program.expectRefusal(run, "runs/classify/train/weights/last.safetensors: cannot be written")
        #expect(program.folder.contents.isEmpty)
    }

    @Test func aFullStandardOutput() throws {
        program.expectRefusal(try program.shell("$switchback info --json > /dev/full"), "standard output")
    }

    // MARK: Options

    @Test(arguments: [
        ("classify train --data digits --epochs 0", "at least 1"),
        ("classify train --data digits --epochs many", "at least 1"),
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
    ])
    func commandLinesThatCannotBeUnderstood(_ line: String, _ sentence: String) throws {
        program.expectRefusal(try program.shell("$switchback \(line)"), code: 2, sentence)
    }

    @Test func aBatchLargerThanTheData() throws {
        program.expectRefusal(try train("digits", "--batch 5000"), "is larger than the 1442 training examples")
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

    @Test func environmentVariablesThatCannotBeUnderstood() throws {
        let isa = try program.run("info", environment: ["SWITCHBACK_ISA": "mmx"])
        program.expectRefusal(isa, "SWITCHBACK_ISA")
        let threads = try program.run("info", environment: ["SWITCHBACK_THREADS": "none"])
        program.expectRefusal(threads, "SWITCHBACK_THREADS")
    }
}
