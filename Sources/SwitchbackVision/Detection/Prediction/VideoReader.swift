import Foundation
import Switchback

/// The frames of a video, a camera, a stream or a screen, one by one, as ffmpeg decodes them: each that there is once,
/// however unevenly they follow each other.
public final class VideoReader {
    private let input: VideoInput
    private let process: Process
    private let output = Pipe()
    private let complaints: ComplaintReader
    /// Frames a second on average; `nil` if that is not known.
    public let rate: Double?
    /// How many frames have been read.
    public private(set) var frameCount = 0

    /// - Throws: `InputError` where ffmpeg is missing.
    public init(_ input: VideoInput) throws {
        self.input = input
        rate = Self.probeRate(input)
        process = try FFmpeg.process(
            "ffmpeg",
            ["-nostdin", "-v", "error"] + input.arguments + [
                "-map", "0:v:0", "-fps_mode", "passthrough", "-f", "image2pipe", "-c:v", "ppm", "-pix_fmt", "rgb24",
                "-",
            ], for: "\(input)")
        process.standardOutput = output
        complaints = try FFmpeg.start(process, for: "\(input)")
    }

    deinit { if process.isRunning { process.terminate() } }

    /// The next frame; `nil` after the last that can be decoded. Where the video is damaged, a warning says so then.
    ///
    /// - Throws: `InputError` where no frame at all can be decoded.
    public func next() throws -> Image? {
        guard let header = readHeader() else {
            try finish()
            return nil
        }
        guard let bytes = read(3 * header.width * header.height) else {
            try finish()
            return nil
        }
        frameCount += 1
        return Image(height: header.height, width: header.width, pixels: bytes)
    }

    /// Says what ffmpeg complained about.
    private func finish() throws {
        process.waitUntilExit()
        let complaint = complaints.lastLine()
        if frameCount == 0, complaint?.contains(Self.lackOfImages) == true {
            throw InputError("\(input)", "it has no images: it may hold sound alone")
        }
        if frameCount == 0 {
            throw InputError("\(input)", "the video cannot be decoded: \(complaint ?? "it has no frames")")
        }
        if process.terminationStatus != 0 || complaint != nil {
            let count = frameCount.counted("frame")
            Diagnostics.warn("\(input): the video is damaged, \(count) can be decoded: \(complaint ?? "ffmpeg failed")")
        }
    }

    /// What ffmpeg says at last where the stream that is asked for, the first of images, is not there.
    private static let lackOfImages = "trailing '?' to the map"

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

    /// What ffprobe says of the frames a second: fractions such as `30000/1001`, of which the first is the average.
    private static func probeRate(_ input: VideoInput) -> Double? {
        let entries = ["-v", "error", "-select_streams", "v:0", "-show_entries", "stream=avg_frame_rate,r_frame_rate"]
        let probe = try? FFmpeg.process("ffprobe", entries + ["-of", "default=nk=0:nw=1"] + input.arguments, for: "")
        guard let probe, input.isProbed else { return nil }
        let output = Pipe()
        probe.standardOutput = output
        probe.standardError = FileHandle.nullDevice
        guard (try? probe.run()) != nil else { return nil }
        let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        let rates = text.split(whereSeparator: \.isNewline).compactMap { line -> (name: Substring, rate: Double)? in
            let parts = line.split { $0 == "=" || $0 == "/" }
            guard parts.count == 3, let count = Double(parts[1]), let seconds = Double(parts[2]) else { return nil }
            return count > 0 && seconds > 0 ? (parts[0], count / seconds) : nil
        }
        return (rates.first { $0.name == "avg_frame_rate" } ?? rates.first)?.rate
    }
}

extension VideoInput {
    /// Whether it can be opened a second time to ask for its rate.
    fileprivate var isProbed: Bool {
        if case .file = self { return true }
        return false
    }
}
