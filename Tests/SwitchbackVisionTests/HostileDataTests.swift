import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

/// Data that would take for ever, or be read as something else than it is.
struct HostileDataTests {
    private let folder: TemporaryFolder
    private let image: [UInt8]

    init() throws {
        folder = try TemporaryFolder()
        image = try Image(height: 2, width: 3, filledWith: 90).pngData()
    }

    private func make(_ path: String) throws {
        try FileManager.default.createDirectory(
            at: folder.url.appendingPathComponent(path).deletingLastPathComponent(), withIntermediateDirectories: true)
        _ = try folder.write(image, to: path)
    }

    private func link(_ path: String, to target: String) throws {
        try FileManager.default.createSymbolicLink(atPath: folder.path(path), withDestinationPath: target)
    }

    @Test func linksToThemselves() throws {
        for path in ["l/train/a/1.png", "l/train/b/2.png", "l/val/a/3.png", "l/val/b/4.png", "elsewhere/5.png"] {
            try make(path)
        }
        for name in ["s", "t", "u"] { try link("l/train/a/\(name)", to: ".") }
        try link("l/train/a/v", to: "..")
        for name in ["w", "x"] { try link("l/train/a/\(name)", to: "../../../elsewhere") }
        let data = try ClassificationData.load(folder.path("l"))
        #expect(data.classNames == ["a", "b"] && data.training?.count == 3 && data.heldOut.count == 2)
    }

    @Test func classesInTwoUnicodeForms() throws {
        try make("l/caf\u{e9}/1.png")
        try make("l/cafe\u{301}/2.png")
        try make("l/b/3.png")
        let error = #expect(throws: InputError.self) { try ClassificationData.load(folder.path("l")) }
        #expect(
            error?.description.contains("two Unicode forms") == true && error?.description.contains("65 301") == true)
    }

    @Test func classesWhoseNamesAreNoText() throws {
        try make("l/a/1.png")
        try make("l/b/2.png")
        let name: [CChar] =
            (folder.path("l") + "/caf").utf8.map { CChar(bitPattern: $0) } + [CChar(bitPattern: 0xE9), 0]
        #expect(mkdir(name, 0o777) == 0)
        let error = #expect(throws: InputError.self) { try ClassificationData.load(folder.path("l")) }
        #expect(
            error?.description.contains(#"the name caf\xE9 in it is not UTF-8; rename it"#) == true,
            "\(String(describing: error))")
    }

    /// Each line holds twice what the line before holds; and what the last one holds is the name of a key.
    @Test func aliases() throws {
        let lines = (1...27).map { "k\($0): &a\($0) [*a\($0 - 1),*a\($0 - 1)]\n" }.joined()
        let path = try folder.write("a: &a0 [x]\n\(lines)? *a27\n: 1\ntrain: .\nval: .\nnames: [a]\n", to: "data.yaml")
        let error = #expect(throws: InputError.self) { try DetectionData.load(path) }
        #expect(
            error?.description.contains("line 10: it has more than 16 aliases") == true, "\(String(describing: error))")
        try make("images/1.png")
        let few = try folder.write("a: &a images\ntrain: *a\nval: *a\nnames: [a, '*b', 'c *d']\n", to: "few.yaml")
        #expect(try DetectionData.load(few).classNames == ["a", "*b", "c *d"])
    }

    @Test(arguments: ["[", "{a: ", "- ", "? "]) func deepYAML(_ opening: String) throws {
        let path = try folder.write("names: \(String(repeating: opening, count: 100_000))", to: "data.yaml")
        #expect(throws: InputError.self) { try DetectionData.load(path) }
    }

    @Test func deepXML() throws {
        try make("voc/JPEGImages/p.png")
        let depth = 100_000
        try FileManager.default.createDirectory(
            atPath: folder.path("voc/Annotations"), withIntermediateDirectories: true)
        _ = try folder.write(
            "<annotation>" + String(repeating: "<x>", count: depth) + String(repeating: "</x>", count: depth)
                + "</annotation>", to: "voc/Annotations/p.xml")
        let error = #expect(throws: InputError.self) { try DetectionData.load(folder.path("voc")) }
        #expect(error?.description.contains("p.xml") == true)
    }
}
