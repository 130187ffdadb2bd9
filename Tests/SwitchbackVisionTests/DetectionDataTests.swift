import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

@Suite struct DetectionDataTests {
    /// A folder with a description and images `train/a`, `train/b` and `val/c`.
    private struct Sample {
        let folder: TemporaryFolder

        init(names: String = "names: [cat, dog]", extra: String = "") throws {
            folder = try TemporaryFolder()
            for (name, labels) in [
                ("train/a", "0 0.5 0.5 0.2 0.4\n1 0.25 0.25 0.5 0.5\n"), ("train/b", nil), ("val/c", ""),
            ] as [(String, String?)] {
                try image(name + ".png")
                if let labels { try label(name, labels) }
            }
            try describe("train: images/train\nval: images/val\n\(names)\n\(extra)\n")
        }

        func describe(_ text: String) throws { _ = try folder.write(text, to: "data.yaml") }

        func label(_ name: String, _ text: String) throws { try write(Array(text.utf8), "labels/\(name).txt") }

        func image(_ name: String) throws {
            try write(Image(height: 40, width: 50, filledWith: 7).pngData(), "images/\(name)")
        }

        func write(_ bytes: [UInt8], _ name: String) throws {
            let url = folder.url.appendingPathComponent(name)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            try Data(bytes).write(to: url)
        }

        func load(_ name: String = "data.yaml") throws -> DetectionData { try DetectionData.load(folder.path(name)) }
    }

    @Test func imagesAndLabelsAreFound() throws {
        let data = try Sample().load()
        #expect(data.classNames == ["cat", "dog"] && data.problems.isEmpty)
        #expect(data[.train].count == 2 && data[.val].count == 1 && data[.test].isEmpty)
        let box = data[.train][0].pixelLabels[0].box
        #expect(AugmentationTests.isNear(box, Box(x1: 20, y1: 12, x2: 30, y2: 28), within: 1e-4))
        #expect(data[.train][0].labels[1].classIndex == 1)
        // Without a file of labels, or with an empty one, there is nothing to find.
        #expect(data[.train][1].labels.isEmpty && data[.val][0].labels.isEmpty)
    }

    @Test func namesMayBeNumbered() throws {
        #expect(try Sample(names: "names:\n  0: cat\n  1: dog").load().classNames == ["cat", "dog"])
        #expect(throws: InputError.self) { try Sample(names: "names:\n  0: cat\n  2: dog").load() }
        #expect(throws: InputError.self) { try Sample(extra: "nc: 3").load() }
    }

    @Test func pathsAreResolvedAsUltralyticsDoes() throws {
        let sample = try Sample()
        // A folder beside the description's, a path from Roboflow, and a list of files.
        try sample.describe(
            "path: \(sample.folder.url.lastPathComponent)\ntrain: ../images/train\nval: val.txt\nnames: [a, b]")
        try sample.write(Array("./images/val/c.png\n".utf8), "val.txt")
        let data = try sample.load()
        #expect(data[.train].count == 2 && data[.val].count == 1)
        // The folder of the file, although the current folder is there too.
        try sample.describe("path: .\ntrain: images/train\nval: images/val\nnames: [a, b]")
        #expect(try sample.load()[.train].count == 2)
        try sample.describe("path: nowhere\ntrain: images/train\nval: images/val\nnames: [a, b]")
        let problem = #expect(throws: InputError.self) { try sample.load() }
        #expect(problem?.place == "line 1" && problem?.problem.contains("nowhere") == true)
    }

    @Test func polygonsBecomeBoxesAndRepeatedRowsOne() throws {
        let sample = try Sample()
        try sample.label("train/a", "1 0.1 0.2 0.5 0.2 0.3 0.8\n0 0.5 0.5 0.2 0.4\n0 0.5 0.5 0.2 0.4\n")
        let labels = try sample.load()[.train][0].labels
        #expect(
            labels == [
                LabeledBox(Box(x1: 0.1, y1: 0.2, x2: 0.5, y2: 0.8), classIndex: 1),
                LabeledBox(Box(centerX: 0.5, centerY: 0.5, width: 0.2, height: 0.4), classIndex: 0),
            ])
    }

    // MARK: - Bad input

    @Test func allBadRowsAreReportedAtOnce() throws {
        let sample = try Sample()
        try sample.label("train/a", "0 0.5 0.5 0.2\n0 0.5 0.5 0.1 0.1\n7 0.5 0.5 0.1 0.1\n0 320 200 20 20\n")
        try sample.label("val/c", "x 0.5 0.5 0.1 0.1\n0 0.5 0.5 0 0.1\n0.5 0.1 0.1 0.1 0.1\n")
        try sample.image("val/d.png")
        let data = try sample.load()
        let found = data.problems.map { "\(($0.subject as NSString).lastPathComponent), \($0.place ?? "")" }
        #expect(
            found == [
                "a.txt, line 1", "a.txt, line 3", "a.txt, line 4", "c.txt, line 1", "c.txt, line 2", "c.txt, line 3",
            ])
        #expect(data.problems[0].problem.contains("has 4 numbers"))
        #expect(data.problems[1].problem.contains("class 7"))
        #expect(data.problems[2].problem.contains("pixels"))
        #expect(data[.train].map(\.imagePath).count == 1 && data[.val].count == 1)
    }

    @Test func whatIsWrongInAFolderOfTwoPartsIsReportedOnce() throws {
        let sample = try Sample()
        try sample.label("train/a", "0 0.5 0.5 0.2\n")
        try sample.describe("train: images/train\nval: images/train\nnames: [cat, dog]\n")
        #expect(try sample.load().problems.count == 1)
    }

    @Test func brokenImagesAreReportedAndTheGoodOnesKept() throws {
        let sample = try Sample()
        let whole = try Image(height: 40, width: 50, filledWith: 9).jpegData()
        for number in 0..<1000 {
            let isBroken = number % 100 == 17
            try sample.write(isBroken ? Array(whole.prefix(200 + number / 10)) : whole, "images/train/n\(number).jpg")
        }
        try sample.write(Array("GIF89a".utf8), "images/train/other.gif")
        let data = try sample.load()
        #expect(data.problems.count == 11 && data[.train].count == 992)
        #expect(data.problems.contains { $0.subject.hasSuffix("other.gif") })
    }

    @Test(arguments: [
        ("names: [a]\ntest:", "the key train is missing"), ("train: images/train\nval: images/val", "names"),
        ("trian: images/train\nval: images/val\nnames: [a]", "is trian meant to be train?"),
        ("train: images/train\nval:\n\t- images/val\nnames: [a]", "tab"), ("train: [a\nnames", "YAML"),
        ("", "no keys"), ("train: images/trian\nval: images/val\nnames: [a]", "there is no"),
        ("train: images/train\nval: images/val\nnames: []", "no class"),
    ])
    func descriptionsThatAreWrong(_ text: String, _ sentence: String) throws {
        let sample = try Sample()
        try sample.describe(text)
        let problem = #expect(throws: InputError.self) { try sample.load() }
        #expect(problem?.description.contains(sentence) == true, "\(problem?.description ?? "")")
    }

    @Test func emptyFoldersAreNamed() throws {
        let sample = try Sample()
        try FileManager.default.createDirectory(
            atPath: sample.folder.path("images/none"), withIntermediateDirectories: true)
        try sample.describe("train: images/none\nval: images/val\nnames: [a, b]")
        let problem = #expect(throws: InputError.self) { try sample.load() }
        #expect(problem?.problem.contains("no images") == true)
        #expect(throws: InputError.self) { try sample.load("images") }
        #expect(throws: InputError.self) { try sample.load("missing.yaml") }
    }
}
