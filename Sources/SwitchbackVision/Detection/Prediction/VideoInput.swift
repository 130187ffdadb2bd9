import Foundation
import Switchback

/// Where ffmpeg takes the frames of a video from.
public enum VideoInput: Hashable, Sendable, CustomStringConvertible {
    case file(String)
    /// The device of a camera: `/dev/video0`.
    case camera(String)
    /// The address of a video, an image or a live stream.
    case stream(String)
    /// A screen of the X server, or a part of it.
    case screen(number: Int, part: Part?)

    /// A part of a screen in pixels.
    public struct Part: Hashable, Sendable {
        public let left, top, width, height: Int
    }

    /// The addresses that ffmpeg is asked to read.
    private static let schemes = ["http", "https", "rtmp", "rtsp", "rtsps", "srt", "tcp", "udp"]

    /// What a text other than a path names: a camera by its number, an address, or `screen`, with its number and the
    /// left, top, width and height of a part if wanted. `nil` if it names none of these.
    init?(_ text: String) throws {
        let words = text.split(separator: " ")
        if !text.isEmpty, text.allSatisfy(\.isNumber), let number = Int(text) {
            let device = "/dev/video\(number)"
            guard FileManager.default.fileExists(atPath: device) else {
                throw InputError("camera \(number)", "there is no \(device)")
            }
            self = .camera(device)
        } else if let scheme = text.range(of: "://").map({ text[..<$0.lowerBound].lowercased() }) {
            guard Self.schemes.contains(scheme) else {
                let known = Self.schemes.joined(separator: ", ")
                throw InputError(text, "\(scheme) is not an address that is read: it must begin with one of \(known)")
            }
            self = .stream(text)
        } else if words.first == "screen" {
            let numbers = words.dropFirst().compactMap { Int($0) }
            guard numbers.count == words.count - 1, [0, 1, 4, 5].contains(numbers.count),
                numbers.allSatisfy({ $0 >= 0 })
            else {
                throw InputError(
                    text,
                    "a screen is given as 'screen', or with its number and the left, top, width and height of a part")
            }
            let part = numbers.suffix(numbers.count / 4 * 4)
            self = .screen(
                number: numbers.count % 4 == 1 ? numbers[0] : 0,
                part: part.isEmpty
                    ? nil
                    : Part(
                        left: part[part.startIndex], top: part[part.startIndex + 1],
                        width: part[part.startIndex + 2], height: part[part.startIndex + 3]))
        } else {
            return nil
        }
    }

    init(path: String) { self = path.hasPrefix("/dev/video") ? .camera(path) : .file(path) }

    public var description: String {
        switch self {
        case .file(let path), .camera(let path), .stream(let path): path
        case .screen(let number, _): "screen \(number)"
        }
    }

    /// What files of results are called.
    var name: String {
        switch self {
        case .screen(let number, _): return "screen\(number)"
        case .file(let path), .camera(let path): return path
        case .stream(let address):
            let path = address.drop { $0 != ":" }.dropFirst(3).split(separator: "?").first.map(String.init) ?? "stream"
            return (path as NSString).lastPathComponent.replacingOccurrences(of: ":", with: "_")
        }
    }

    /// Whether it is an image, of which there is one frame.
    var isImage: Bool {
        guard case .stream(let address) = self, let path = address.split(separator: "?").first else { return false }
        return Image.fileExtensions.contains((String(path) as NSString).pathExtension.lowercased())
    }

    /// What ffmpeg is told. Names of files may begin with a dash, or hold a colon.
    var arguments: [String] {
        switch self {
        case .file(let path): ["-i", "file:" + path]
        case .camera(let path): ["-f", "v4l2", "-i", path]
        case .stream(let address):
            (address.hasPrefix("rtsp") ? ["-rtsp_transport", "tcp"] : []) + ["-i", address]
        case .screen(let number, let part):
            ["-f", "x11grab"] + (part.map { ["-video_size", "\($0.width)x\($0.height)"] } ?? [])
                + ["-i", ":\(number)" + (part.map { "+\($0.left),\($0.top)" } ?? "")]
        }
    }
}
