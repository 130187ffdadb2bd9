import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer
import SwitchbackVision

/// A file that a page sends, on disk before anything is done with it.
struct UploadedFile: Sendable {
    /// As the browser calls it, without folders.
    let name: String
    let path: String

    private static let mostImageBytes = 256 << 20
    private static let mostArchiveBytes = 8 << 30

    var isArchive: Bool { (name as NSString).pathExtension.lowercased() == "zip" }

    func remove() { unlink(path) }

    /// Writes the body of a request to a new file in a folder, piece by piece.
    ///
    /// - Throws: `InputError` where the name cannot be one, the body is too large, or the disk is full; then nothing is
    ///   left of it.
    static func receive(_ request: Request, name given: String, in folder: String) async throws -> UploadedFile {
        let name = given.split(whereSeparator: { "/\\".contains($0) }).last.map(String.init) ?? ""
        if let problem = NewDataSet.problem(withName: name) { throw InputError(name, problem) }
        let ending = (name as NSString).pathExtension.lowercased()
        let known = Image.fileExtensions + ImageSurvey.foreignExtensions + UnpackedVideo.extensions + ["zip"]
        guard known.contains(ending) else {
            throw InputError(
                name, "is no image, no video and no .zip", remedy: "images are .jpg, .png and the like, videos .mp4")
        }
        try OutputFolder.make(folder)
        removeRemains(in: folder)
        let file = UploadedFile(name: name, path: Folder.join(folder, UUID().uuidString + "." + ending))
        let most = file.isArchive || UnpackedVideo.isVideo(name) ? mostArchiveBytes : mostImageBytes
        UnfinishedFiles.begin(file.path)
        defer { UnfinishedFiles.end(file.path) }
        do {
            try await file.write(request.body, most: most)
        } catch {
            file.remove()
            throw error
        }
        return file
    }

    /// Removes what is left of uploads in the midst of which the studio was killed: what is a day old.
    private static func removeRemains(in folder: String) {
        let yesterday = Date(timeIntervalSinceNow: -86_400)
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let path = Folder.join(folder, name)
            let attributes = try? FileManager.default.attributesOfItem(atPath: path)
            if let changed = attributes?[.modificationDate] as? Date, changed < yesterday {
                try? FileManager.default.removeItem(atPath: path)
            }
        }
    }

    private func write(_ body: RequestBody, most: Int) async throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o666)
        guard descriptor >= 0 else { throw InputError(path, cannot: "written", errno) }
        defer { close(descriptor) }
        var count = 0
        for try await part in body {
            count += part.readableBytes
            guard count <= most else { throw InputError(name, "has more than the \(most >> 20) MiB that are allowed") }
            try part.withUnsafeReadableBytes { try FileWriting.write($0, to: descriptor, named: name) }
        }
        if count == 0 { throw InputError(name, "the file is empty") }
    }
}
