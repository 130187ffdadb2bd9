import Foundation
import Switchback

/// The frames of a video file or a camera, one by one, as ffmpeg decodes them.
public final class VideoReader {
    private let path: String
    private let process = Process()
    private let output = Pipe()
    private let errors = Pipe()
    /// Frames a second; `nil` where that is not known.
    public let rate: Double?

    /// - Throws: `InputError` where ffmpeg is missing.
    public init(_ path: String) throws {
        self.path = path
        rate = Self.probeRate(path)
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        let isCamera = path.hasPrefix("/dev/video")
        process.arguments =
            ["ffmpeg", "-nostdin", "-v", "error"] + (isCamera ? ["-f", "v4l2"] : []) + [
                "-i", path, "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24", "-",
            ]
        process.standardOutput = output
        process.standardError = errors
        do { try process.run() } catch {
            throw InputError(path, "videos are decoded by ffmpeg, which cannot be started", remedy: "install ffmpeg")
        }
    }

    deinit { if process.isRunning { process.terminate() } }

    /// The next frame; `nil` after the last.
    ///
    /// - Throws: `InputError` where ffmpeg cannot decode the video.
    public func next() throws -> Image? {
        guard let header = readHeader() else {
            process.waitUntilExit()
            if process.terminationStatus != 0 {
                let text = String(decoding: errors.fileHandleForReading.availableData, as: UTF8.self)
                let line = text.split(separator: "\n").last.map(String.init) ?? "ffmpeg failed"
                throw InputError(path, "the video cannot be decoded: \(line)")
            }
            return nil
        }
        guard let bytes = read(3 * header.width * header.height) else {
            throw InputError(path, "the video ends within a frame")
        }
        return Image(height: header.height, width: header.width, pixels: bytes)
    }

    /// The three lines before the pixels of a portable pixmap: `P6`, the sizes and `255`.
    private func readHeader() -> (width: Int, height: Int)? {
        guard let magic = readLine(), magic == "P6", let sizes = readLine(), readLine() == "255" else { return nil }
        let numbers = sizes.split(separator: " ").compactMap { Int($0) }
        guard numbers.count == 2, numbers.allSatisfy({ (1...1 << 16).contains($0) }) else { return nil }
        return (numbers[0], numbers[1])
    }

    private func readLine() -> String? {
        var line: [UInt8] = []
        while line.count < 64, let byte = read(1)?.first {
            if byte == UInt8(ascii: "\n") { return String(decoding: line, as: UTF8.self) }
            line.append(byte)
        }
        return nil
    }

    private func read(_ count: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        while bytes.count < count {
            guard let part = try? output.fileHandleForReading.read(upToCount: count - bytes.count), !part.isEmpty
            else { return nil }
            bytes += part
        }
        return bytes
    }

    /// What ffprobe says of the frames a second: a fraction such as `30000/1001`.
    private static func probeRate(_ path: String) -> Double? {
        let probe = Process()
        let output = Pipe()
        probe.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        probe.arguments = [
            "ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=r_frame_rate", "-of",
            "csv=p=0", path,
        ]
        probe.standardOutput = output
        probe.standardError = FileHandle.nullDevice
        guard (try? probe.run()) != nil else { return nil }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let parts = text.trimmingCharacters(in: .whitespacesAndNewlines).split(separator: "/").compactMap { Double($0) }
        guard parts.count == 2, parts[1] > 0, parts[0] > 0 else { return nil }
        return parts[0] / parts[1]
    }
}
