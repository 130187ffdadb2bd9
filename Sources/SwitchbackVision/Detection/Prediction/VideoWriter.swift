import Foundation
import Switchback

/// Writes frames of one size as an MP4 video, by ffmpeg. The file appears under its name when it is complete.
public final class VideoWriter {
    private let path: String
    private let partial: String
    private let process: Process
    private let input = Pipe()
    private let (height, width): (Int, Int)

    /// - Throws: `InputError` where ffmpeg is missing.
    public init(_ path: String, height: Int, width: Int, rate: Double) throws {
        self.path = path
        partial = path + ".part.mp4"
        (self.height, self.width) = (height, width)
        process = try FFmpeg.process(
            "ffmpeg",
            [
                "-y", "-v", "error", "-f", "rawvideo", "-pix_fmt", "rgb24", "-s", "\(width)x\(height)", "-r",
                "\(rate)", "-i", "-", "-an", "-pix_fmt", "yuv420p", "-vf", "pad=ceil(iw/2)*2:ceil(ih/2)*2",
                "file:" + partial,
            ], for: path, participle: "encoded")
        process.standardInput = input
        process.standardError = FileHandle.nullDevice
        do { try process.run() } catch {
            throw InputError(path, "videos are encoded by ffmpeg, which cannot be started")
        }
    }

    deinit { if process.isRunning { process.terminate() } }

    /// Adds a frame.
    ///
    /// - Throws: `InputError` where its size is another, or ffmpeg takes no more.
    public func write(_ image: Image) throws {
        guard image.height == height, image.width == width else {
            throw InputError(path, "a frame is \(image.width)×\(image.height), and the video \(width)×\(height)")
        }
        do {
            try input.fileHandleForWriting.write(contentsOf: Data(image.pixels))
        } catch {
            throw InputError(path, "the video cannot be written")
        }
    }

    /// Completes the file.
    public func finish() throws {
        try? input.fileHandleForWriting.close()
        process.waitUntilExit()
        guard process.terminationStatus == 0, rename(partial, path) == 0 else {
            throw InputError(path, "the video cannot be written")
        }
    }
}
