import Switchback
import SwitchbackFormats
import TestSupport
import Testing

@Suite struct TextFileTests {
    private let folder = try! TemporaryFolder()

    @Test(arguments: ["\n", "\r\n", "\r"]) func linesEndAsOnAnySystem(_ end: String) throws {
        let texts = ["first", "", "third \u{2028} goes on", "last"]
        #expect(texts.joined(separator: end).lines.map(String.init) == texts)
        let path = try folder.write("\u{FEFF}" + texts.joined(separator: end) + end, to: "a.txt")
        #expect(try TextFile.lines(path).map(String.init) == texts)
    }

    @Test func mixedEndsAndEmptyTexts() throws {
        #expect("a\r\nb\nc\rd\n\r\n".lines.map(String.init) == ["a", "b", "c", "d", ""])
        #expect("".lines.isEmpty && "\n".lines.map(String.init) == [""])
        #expect(try TextFile.read(folder.write("", to: "empty.txt")).isEmpty)
    }

    @Test func textInOtherEncodingsIsNamed() throws {
        func problem(_ bytes: [UInt8]) throws -> String {
            let path = try folder.write(bytes, to: "b.txt")
            return try #require(throws: InputError.self) { try TextFile.read(path) }.description
        }
        #expect(try problem([0xFF, 0xFE, 0x61, 0]).contains("UTF-16"))
        #expect(try problem(Array("né".utf8) + [0xE9]).contains("byte 3"))
        #expect(try problem([0xEF, 0xBB, 0xBF, 0x61, 0xE9]).contains("byte 4"))
    }

    @Test(arguments: ["\n", "\r\n", "\r"]) func tablesAreReadWithAnyEnds(_ end: String) throws {
        let path = try folder.write(["x,y,label", "1,2,cat", "3,4,dog"].joined(separator: end), to: "t.csv")
        let table = try CSV.load(path)
        #expect(table.features.toArray() == [1, 2, 3, 4] && table.classNames == ["cat", "dog"])
    }

    @Test func parentsOfPaths() {
        let cases = [
            "a": ".", "0": ".", "a.txt": ".", "x/a": "x", "x/y/a/": "x/y", "/a": "/", "/": "/", "//a": "/", "x//a": "x",
            "": ".", "é": ".", "/x/y": "/x", ".": ".",
        ]
        for (path, parent) in cases { #expect(FilePath.parent(path) == parent, "\(path)") }
    }

    @Test func aFileOfOneLetterIsWritten() throws {
        let path = folder.path("a")
        try AtomicFile.write("text", to: path)
        #expect(try TextFile.read(path) == "text")
    }
}
