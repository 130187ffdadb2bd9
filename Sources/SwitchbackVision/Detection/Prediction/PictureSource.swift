import Foundation
import Switchback

/// Where pictures come from: a file, a folder, a pattern with `*`, a video or a camera.
public enum PictureSource: Equatable, Sendable {
    case images([String])
    case video(String)

    /// The endings of files that ffmpeg is asked to read.
    public static let videoExtensions = ["avi", "gif", "m4v", "mkv", "mov", "mp4", "mpeg", "mpg", "ts", "webm", "wmv"]

    /// - Throws: `InputError` where there is nothing, or nothing that is known.
    public init(_ text: String) throws {
        let ending = (text as NSString).pathExtension.lowercased()
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: text, isDirectory: &isFolder)
        if text.contains("*") || text.contains("?") {
            self = try .images(Self.matches(text))
        } else if !exists {
            let folder = Folder.parent(text)
            let names = (try? Folder.names(in: folder)) ?? []
            let hint = (text as NSString).lastPathComponent.nearest(in: names).map { "did you mean \($0)?" }
            throw InputError(text, "there is no such file or folder", remedy: hint)
        } else if isFolder.boolValue {
            self = try .images(Self.pictures(in: text))
        } else if text.hasPrefix("/dev/video") || Self.videoExtensions.contains(ending) {
            self = .video(text)
        } else if Image.fileExtensions.contains(ending) {
            self = .images([text])
        } else {
            throw InputError(
                text,
                "pictures end in \(Image.fileExtensions.joined(separator: ", ")), videos in "
                    + Self.videoExtensions.joined(separator: ", "))
        }
    }

    /// The pictures of a folder or of a pattern; any other path as it is.
    ///
    /// - Throws: `InputError` where there are none.
    public static func files(_ path: String) throws -> [String] {
        var isFolder: ObjCBool = false
        let exists = FileManager.default.fileExists(atPath: path, isDirectory: &isFolder)
        if exists { return isFolder.boolValue ? try pictures(in: path) : [path] }
        return path.contains("*") || path.contains("?") ? try matches(path) : [path]
    }

    private static func pictures(in folder: String) throws -> [String] {
        let names = try Folder.names(in: folder).filter {
            Image.fileExtensions.contains(($0 as NSString).pathExtension.lowercased())
        }
        guard !names.isEmpty else {
            throw InputError(
                folder, "holds no pictures: files that end in \(Image.fileExtensions.joined(separator: ", "))")
        }
        return names.map { Folder.join(folder, $0) }
    }

    /// The pictures whose path a pattern describes.
    private static func matches(_ pattern: String) throws -> [String] {
        var found = glob_t()
        defer { globfree(&found) }
        let status = glob(pattern, 0, nil, &found)
        let paths = (0..<(status == 0 ? Int(found.gl_pathc) : 0)).compactMap { i in
            found.gl_pathv[i].map { String(cString: $0) }
        }.filter { Image.fileExtensions.contains(($0 as NSString).pathExtension.lowercased()) }
        guard !paths.isEmpty else { throw InputError(pattern, "no picture matches it") }
        return paths
    }
}
