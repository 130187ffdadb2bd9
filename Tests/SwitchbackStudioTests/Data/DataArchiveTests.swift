import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackStudio
import SwitchbackVision
import TestSupport
import Testing

/// Archives that are sent, good ones and others.
struct DataArchiveTests {
    @Test func anArchiveOfImagesAndLabelsIsAdded() async throws {
        let studio = try DataStudio()
        try await studio.make()
        let archive = Sample.zip([
            ("scratches/images/1.jpg", try Sample.jpeg(10)),
            ("scratches/labels/1.txt", Array("1 0.5 0.5 0.2 0.2\n".utf8)),
            ("scratches/images/2.jpg", try Sample.jpeg(20)),
            ("scratches/images/3.jpg", Array("no image".utf8)),
            ("__MACOSX/._1.jpg", [1, 2]),
        ])
        let report = try await studio.upload(archive, as: "scratches.zip").fields
        #expect(try report.integer("added") == 2 && report.integer("objects") == 1)
        let problems = try report.array("problems") ?? []
        #expect(problems.count == 1 && "\(problems[0])".contains("3.jpg"), "\(problems)")
        #expect(try await studio.images("state=labeled").map(\.name) == ["1.jpg"])
        #expect(try await studio.images("class=1").map(\.name) == ["1.jpg"])
    }

    @Test(arguments: [
        "../escape.jpg", "a/../../escape.jpg", "/escape.jpg", "C:/escape.jpg", "a\\..\\escape.jpg",
    ])
    func archivesDoNotReachOutside(name: String) async throws {
        let studio = try DataStudio()
        try await studio.make()
        let archive = Sample.zip([("good.jpg", try Sample.jpeg(1)), (name, try Sample.jpeg(2))])
        let report = try await studio.upload(archive, as: "a.zip").fields
        #expect(try report.shown("problems").contains("nothing is read"))
        #expect(try await studio.images().isEmpty && studio.folder.contents == ["cells"])
    }

    @Test func archivesThatUnfoldToTooMuchAreRefused() async throws {
        let studio = try DataStudio()
        try await studio.make()
        let bomb = Sample.zip(
            (0..<4).map { ("\($0).jpg", [UInt8](repeating: 0, count: 100)) }, claiming: 1 << 30)
        let report = try await studio.upload(bomb, as: "a.zip").fields
        #expect(try report.shown("problems").contains("when it is unpacked"))
        #expect(
            try await studio.upload(Array("PK no archive".utf8), as: "b.zip").fields.array("problems")?
                .count == 1)
    }
}
