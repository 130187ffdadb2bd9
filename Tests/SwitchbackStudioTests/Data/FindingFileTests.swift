import Foundation
import Switchback
import SwitchbackStudio
import TestSupport
import Testing

/// What a model has found in the images of a data set, in a file.
struct FindingFileTests {
    private func finding(_ image: UInt64, _ boxes: Int) -> ImageFinding {
        let found = (0..<boxes).map { [Float($0 % 3), 0.5 + Float($0) / 1000, 0.125, 0.25, 0.5, 0.75] }
        return ImageFinding(image: image, version: "v\(image)", found: found)
    }

    @Test func whatIsWrittenIsReadAgain() throws {
        let folder = try TemporaryFolder()
        let path = folder.path("findings")
        let file = FindingFile(path)
        try file.begin("model 1")
        for image in 0..<5 as Range<UInt64> { try file.append(finding(image, Int(image))) }
        // Cut short by a kill.
        let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: path))
        try handle.seekToEnd()
        try handle.write(contentsOf: Data("7 v7 0.5 [[0,0.5".utf8))
        try handle.close()
        let again = FindingFile(path)
        again.read("model 1")
        #expect(again.count == 5)
        try again.begin("model 1")
        try again.append(finding(8, 2))
        for file in [again, FindingFile(path)] {
            file.read("model 1")
            let (entries, reader) = (file.entries, file.reader())
            #expect(entries.keys.sorted() == [0, 1, 2, 3, 4, 8])
            for (image, entry) in entries {
                let wanted = finding(image, image == 8 ? 2 : Int(image))
                #expect(reader.finding(image, entry)?.found == wanted.found && entry.version == wanted.version)
            }
        }
        again.read("model 2")
        #expect(again.count == 0, "of other weights")
        try again.begin("model 2")
        again.read("model 1")
        #expect(again.count == 0, "it was begun anew")
    }
}

#if compiler(>=6.2)
/// In processes of their own, where no other test allocates.
@Suite struct FindingMemoryTests {
    /// A hundred boxes in each of 10,000 images take more than 60 MB as arrays: they stay in the file.
    @Test func boxesStayInTheFile() async {
        await #expect(processExitsWith: .success) {
            let folder = try TemporaryFolder()
            let file = FindingFile(folder.path("findings"))
            let found = (0..<100).map { [Float($0 % 3), 0.5, 0.125, 0.25, 0.5, 0.75] }
            try file.begin("model")
            try file.append(ImageFinding(image: 0, version: "v", found: found))
            let before = try #require(Memory.resident)
            for image in 1..<10_000 as Range<UInt64> {
                try file.append(ImageFinding(image: image, version: "v", found: found))
            }
            #expect(file.count == 10_000)
            #expect(try #require(Memory.resident) - before < 20_000_000)
            let entry = try #require(file.entries[9_999])
            #expect(file.reader().finding(9_999, entry)?.found == found)
        }
    }
}
#endif
