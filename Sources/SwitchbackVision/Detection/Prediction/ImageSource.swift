import Foundation
import Switchback
import SwitchbackFormats

/// Where images come from: files, folders with what is in them, patterns with `*`, lists of all these, videos, cameras,
/// addresses and the screen.
public struct ImageSource: Equatable, Sendable {
    public enum Item: Hashable, Sendable {
        case image(String)
        case video(VideoInput)
    }

    public let items: [Item]

    /// The endings of files that ffmpeg is asked to read.
    public static let videoExtensions = [
        "asf", "avi", "gif", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ts", "webm", "wmv",
    ]

    private static let allImageExtensions = Image.fileExtensions + ImageSurvey.foreignExtensions

    /// - Parameter text: a path, a pattern, a `.txt` file with one of all these on each line, the number of a camera,
    ///   an address such as `rtsp://…`, or `screen`.
    /// - Throws: `InputError` where there is nothing, or nothing that is known.
    public init(_ text: String) throws {
        if (text as NSString).pathExtension.lowercased() == "txt", Folder.exists(text) {
            items = try Self.items(ofList: text)
        } else {
            items = try Self.items(text)
        }
    }

    private static func items(_ text: String) throws -> [Item] {
        if text.isEmpty { throw InputError("the source", "is empty", remedy: "give a path, a pattern or an address") }
        if Folder.isFolder(text) { return try contents(of: text) }
        if Folder.exists(text) {
            guard let item = item(text) else {
                throw InputError(text, "its ending is not that of an image or a video: \(knownEndings)")
            }
            return [item]
        }
        if let video = try VideoInput(text) { return [.video(video)] }
        if text.contains("*") || text.contains("?") { return try matches(text) }
        let names = (try? Folder.names(in: Folder.parent(text))) ?? []
        let hint = (text as NSString).lastPathComponent.nearest(in: names).map { "did you mean \($0)?" }
        throw InputError(text, "there is no such file or folder", remedy: hint)
    }

    /// What the lines of a list name; paths may be relative to the list's folder.
    private static func items(ofList path: String) throws -> [Item] {
        let found = try TextFile.rows(path).enumerated().flatMap { number, line -> [Item] in
            let text = line.trimmingCharacters(in: .whitespaces)
            if text.isEmpty { return [] }
            let beside = Folder.join(Folder.parent(path), text)
            do {
                return try items(Folder.exists(text) || !Folder.exists(beside) ? text : beside)
            } catch let error as InputError {
                throw InputError(path, at: "line \(number + 1)", "\(error)")
            }
        }
        guard !found.isEmpty else { throw InputError(path, "the list names no image or video") }
        return found
    }

    /// A file by its ending; `nil` if that is none of an image or a video.
    private static func item(_ path: String) -> Item? {
        let ending = (path as NSString).pathExtension.lowercased()
        if path.hasPrefix("/dev/video") || videoExtensions.contains(ending) { return .video(VideoInput(path: path)) }
        return allImageExtensions.contains(ending) ? .image(path) : nil
    }

    /// The images and videos in a folder and its folders. Images of kinds that are not read are among them, so that they
    /// are named and not passed over.
    private static func contents(of folder: String) throws -> [Item] {
        let files = try Folder.files(under: folder, extensions: allImageExtensions + videoExtensions)
        guard !files.isEmpty else { throw InputError(folder, "holds no images or videos: \(knownEndings)") }
        return files.compactMap(item)
    }

    private static func matches(_ pattern: String) throws -> [Item] {
        let found = paths(matching: pattern).compactMap(item)
        guard !found.isEmpty else { throw InputError(pattern, "no image or video matches it") }
        return found
    }

    private static var knownEndings: String {
        "images end in \(Image.fileExtensions.joined(separator: ", ")), videos in "
            + videoExtensions.joined(separator: ", ")
    }

    /// The images of a folder and its folders, or of a pattern; any other path as it is.
    ///
    /// - Throws: `InputError` if there are none.
    public static func files(_ path: String) throws -> [String] {
        if Folder.isFolder(path) {
            let files = try Folder.files(under: path, extensions: Image.fileExtensions)
            guard !files.isEmpty else {
                throw InputError(
                    path, "holds no images: files that end in \(Image.fileExtensions.joined(separator: ", "))")
            }
            return files
        }
        guard !Folder.exists(path), path.contains("*") || path.contains("?") else { return [path] }
        let files = paths(matching: path).filter {
            Image.fileExtensions.contains(($0 as NSString).pathExtension.lowercased())
        }
        guard !files.isEmpty else { throw InputError(path, "no image matches it") }
        return files
    }

    /// The paths that a pattern describes, in order; `**` stands for any folders.
    private static func paths(matching pattern: String) -> [String] {
        if let range = pattern.range(of: "**/") {
            let root = String(pattern[..<range.lowerBound])
            let folders =
                [root]
                + (FileManager.default.subpaths(atPath: root.isEmpty ? "." : root) ?? []).sorted()
                .map { root + $0 }.filter(Folder.isFolder)
            let inner = folders.map { $0.isEmpty || $0.hasSuffix("/") ? $0 : $0 + "/" }
            return inner.flatMap { paths(matching: $0 + pattern[range.upperBound...]) }
        }
        var found = glob_t()
        defer { globfree(&found) }
        let status = glob(pattern, 0, nil, &found)
        return (0..<(status == 0 ? Int(found.gl_pathc) : 0)).compactMap { i in
            found.gl_pathv[i].map { String(cString: $0) }
        }
    }
}
