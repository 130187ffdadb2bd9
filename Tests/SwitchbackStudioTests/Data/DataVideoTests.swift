import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackVision
import TestSupport
import Testing

private let hasFFmpeg = (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
    FileManager.default.isExecutableFile(atPath: "\($0)/ffmpeg")
}

/// Videos that are added become images.
@Suite(.enabled(if: hasFFmpeg, "ffmpeg is not installed"))
struct DataVideoTests {
    /// Four seconds of ten frames each, which become lighter.
    private func video(in studio: DataStudio) throws -> [UInt8] {
        let path = studio.folder.path("video.mp4")
        let writer = try VideoWriter(path, height: 48, width: 64, rate: 10)
        for number in 0..<40 { try writer.write(Image(height: 48, width: 64, filledWith: UInt8(6 * number))) }
        try writer.finish()
        return Array(try Data(contentsOf: URL(fileURLWithPath: path)))
    }

    @Test(arguments: [("1", 4), ("0.5", 8), ("0", 40), ("60", 1), ("", 4)])
    func framesAreAsFarApartAsAskedFor(seconds: String, count: Int) async throws {
        let studio = try DataStudio()
        try await studio.make()
        let report = try await studio.upload(video(in: studio), as: "line 1 %d.mp4", more: "&every=\(seconds)").fields
        let problems = try report.shown("problems")
        #expect(try report.integer("added") == count, "\(problems)")
        let images = try await studio.images()
        #expect(images.count == count && images.contains { $0.name == "line 1 %d-00001.jpg" })
        // Frames that follow each other are alike: those for validation are the last ones.
        let held = images.filter { $0.split == "val" }.map(\.name)
        #expect(held.count == count / 5)
        if let first = held.min(), let last = images.filter({ $0.split == "train" }).map(\.name).max() {
            #expect(last < first)
        }
    }

    @Test func aFrameIsWhatWasThere() async throws {
        let studio = try DataStudio()
        try await studio.make()
        _ = try await studio.upload(video(in: studio), as: "v.mp4", more: "&split=train")
        let levels = try (1...4).map { number in
            try Image.load(studio.folder.path("cells/images/train/v-0000\(number).jpg")).pixels[0]
        }
        for (level, second) in zip(levels, 0...) { #expect(abs(Int(level) - 60 * second) < 12, "\(levels)") }
    }

    @Test(arguments: ["-1", "a", "nan", "1e9"]) func oddSecondsAreRefused(seconds: String) async throws {
        let studio = try DataStudio()
        try await studio.make()
        let answer = try await studio.upload([1], as: "v.mp4", more: "&every=\(seconds)")
        #expect(answer.status == 400 && answer.problem.contains("number of seconds"), "\(answer.problem)")
    }

    @Test func whatIsNoVideoIsSaid() async throws {
        let studio = try DataStudio()
        try await studio.make()
        let report = try await studio.upload(Array("no video".utf8), as: "v.mp4").fields
        #expect(try report.shown("problems").contains("v.mp4: the video cannot be decoded"))
    }

    /// A list of what to play may name any file of the machine.
    @Test func listsOfOtherFilesAreNotFollowed() async throws {
        let studio = try DataStudio()
        try await studio.make()
        _ = try video(in: studio)
        let path = studio.folder.path("video.mp4")
        for list in ["#EXTM3U\n#EXTINF:1,\nfile://\(path)\n#EXT-X-ENDLIST\n", "ffconcat version 1.0\nfile '\(path)'\n"]
        {
            let report = try await studio.upload(Array(list.utf8), as: "v.avi").fields
            #expect(try report.integer("added", minimum: 0) == 0)
        }
    }

    @Test func videosInArchivesAreRead() async throws {
        let studio = try DataStudio()
        try await studio.make()
        let archive = Sample.zip([("a.jpg", try Sample.jpeg(1)), ("inner/v.mp4", try video(in: studio))])
        #expect(try await studio.upload(archive, as: "all.zip").fields.integer("added") == 5)
        let left = try FileManager.default.contentsOfDirectory(atPath: studio.folder.path("cells/.switchback/uploads"))
        #expect(left.isEmpty, "\(left)")
    }
}

/// In a process of its own: what is installed is found by its environment.
struct MissingFFmpegTests {
    @Test func itsLackIsSaid() async {
        await #expect(processExitsWith: .success) {
            setenv("PATH", "/nowhere", 1)
            do {
                _ = try VideoFrames.write("v.mp4", as: "v", every: 1, atMost: 1, to: "/tmp")
                exit(1)
            } catch {
                exit(
                    "\(error)" == "v.mp4: videos are decoded by ffmpeg, which is not installed; install ffmpeg" ? 0 : 2)
            }
        }
    }
}
