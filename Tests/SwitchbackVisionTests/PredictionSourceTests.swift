import Foundation
import Switchback
import SwitchbackVision
import TestSupport
import Testing

@Suite struct PredictionSourceTests {
    private let folder = try! TemporaryFolder()

    private func write(_ name: String) throws -> String {
        let url = folder.url.appendingPathComponent(name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data([0]).write(to: url)
        return url.path
    }

    @Test func whatPathsName() throws {
        let image = try write("in/a.jpg")
        let inner = try write("in/deep/b.png")
        let video = try write("in/c.mp4")
        _ = try write("in/notes.md")
        let all: [ImageSource.Item] = [.image(image), .video(.file(video)), .image(inner)]
        #expect(try Set(ImageSource(folder.path("in")).items) == Set(all))
        #expect(try ImageSource(folder.path("in/*.jpg")).items == [.image(image)])
        #expect(try Set(ImageSource(folder.path("in") + "/**/*").items) == Set(all))
        let list = try folder.write("\u{FEFF}in/a.jpg\r\n\r\n\(video)\r\nrtsp://host/live\r\n", to: "list.txt")
        #expect(
            try ImageSource(list).items == [.image(image), .video(.file(video)), .video(.stream("rtsp://host/live"))])
        #expect(try ImageSource.files(folder.path("in")) == [image, inner])
    }

    @Test func addressesCamerasAndScreens() throws {
        #expect(try ImageSource("http://host/bus.jpg").items == [.video(.stream("http://host/bus.jpg"))])
        #expect(try ImageSource("screen").items == [.video(.screen(number: 0, part: nil))])
        let problems = [
            "97": "there is no /dev/video97", "ftp://host/a.mp4": "ftp is not an address that is read",
            "screen 1 2": "a screen is given as", "q": "there is no such file or folder",
        ]
        for (text, sentence) in problems {
            let problem = #expect(throws: InputError.self) { try ImageSource(text) }
            #expect(problem?.description.contains(sentence) == true, "\(text): \(problem?.description ?? "")")
        }
        let list = try folder.write("none.jpg\n", to: "bad.txt")
        let problem = #expect(throws: InputError.self) { try ImageSource(list) }
        #expect(problem?.place == "line 1")
    }
}

private let hasFFmpeg = ["ffmpeg", "ffprobe"].allSatisfy { program in
    (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
        FileManager.default.isExecutableFile(atPath: "\($0)/\(program)")
    }
}

@Suite(.enabled(if: hasFFmpeg, "ffmpeg is not installed"))
struct VideoReaderTests {
    private func frames(_ path: String) throws -> (count: Int, sizes: Set<[Int]>) {
        let reader = try VideoReader(.file(path))
        var sizes: Set<[Int]> = []
        while let frame = try reader.next() { sizes.insert([frame.height, frame.width]) }
        return (reader.frameCount, sizes)
    }

    private func fixture(_ name: String) -> String { fixtureFolder.appendingPathComponent("vision/\(name)").path }

    /// As OpenCV counts them.
    @Test func unevenFramesAreEachReadOnce() throws {
        #expect(try frames(fixture("vfr.mp4")).count == 5)
        #expect(try frames(fixture("a.gif")).count == 6)
    }

    @Test func aDamagedVideoIsReadAsFarAsItGoes() throws {
        let found = try frames(fixture("corrupt.mp4"))
        #expect(found.count > 0 && found.sizes.count == 1)
    }

    @Test func namesThatLookLikeOptionsOrAddresses() throws {
        let folder = try TemporaryFolder()
        for name in ["-x.mp4", "a:b.mp4"] {
            try FileManager.default.copyItem(atPath: fixture("vfr.mp4"), toPath: folder.path(name))
            #expect(try frames(folder.path(name)).count == 5)
        }
        // A percent sign is a place for a number in what ffmpeg writes.
        for name in ["plain", "50%d", "%"] {
            let frames = folder.path(name)
            try FileManager.default.createDirectory(atPath: frames, withIntermediateDirectories: true)
            let written = try VideoFrames.write(fixture("vfr.mp4"), as: "a%d", every: 0, atMost: 9, to: frames)
            #expect(written.paths.map { ($0 as NSString).lastPathComponent } == (1...5).map { "a%d-0000\($0).jpg" })
        }
        let path = try folder.write("no video", to: "text.mp4")
        let problem = #expect(throws: InputError.self) { try frames(path) }
        #expect(problem?.problem.contains("cannot be decoded") == true)
    }
}
