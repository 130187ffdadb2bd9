import Foundation
import Switchback
import SwitchbackFormats

/// Finds the images of tasks, which are named as the project was told, in the folder of the exported file: nothing is
/// fetched from elsewhere.
struct LabelStudioImages {
    private let folder: String
    private let byName: [String: [String]]
    /// By names as an upload makes them.
    private let byUploadName: [String: [String]]

    /// - Parameter file: of the tasks; the images are in its folder and the folders in that.
    init(beside file: String) throws {
        folder = Folder.parent(file)
        let files = try ImageSurvey.files(under: folder)
        byName = Dictionary(grouping: files) { ($0 as NSString).lastPathComponent }
        byUploadName = Dictionary(grouping: files) { Self.uploadName(($0 as NSString).lastPathComponent) }
    }

    /// The image of a task.
    ///
    /// - Throws: `LabelStudioProblem` where it names none, there is no such image, or several are called so.
    func path(of task: LabelStudioTask) throws -> String {
        guard let text = task.imageText else { throw LabelStudioProblem("nothing in its data names an image") }
        return try path(of: text)
    }

    /// The image that a text names: a path, an address, or a name that an upload was given.
    private func path(of text: String) throws -> String {
        if text.hasPrefix("data:") {
            throw LabelStudioProblem("the image itself is in the file, as Base64, and an image file is needed")
        }
        let path = Self.path(in: text)
        // Never where the text is an address: that of another machine may be a path of this one by chance.
        if path == text, path.hasPrefix("/"), Folder.exists(path), !Folder.isFolder(path) { return path }
        let parts = path.split(separator: "/").map(String.init)
        guard let name = parts.last else { throw LabelStudioProblem("the image has no name: \(text)") }
        let own = Self.withoutUploadPrefix(name)
        let found =
            byName[name] ?? byName[own] ?? byUploadName[Self.uploadName(name)] ?? byUploadName[Self.uploadName(own)]
        guard let found else { throw LabelStudioProblem("there is no image \(name) in \(folder)") }
        // The one with most of the path in common counts, and of these the one that lies less deep: further below there
        // may be copies that were made of the project.
        func rank(_ file: String) -> (Int, Int) {
            let own = file.split(separator: "/").reversed()
            return (zip(own, parts.reversed()).prefix { String($0) == $1 }.count, -own.count)
        }
        let best = found.map(rank).max(by: <) ?? (0, 0)
        let nearest = found.filter { rank($0) == best }
        guard nearest.count == 1 else {
            throw LabelStudioProblem("\(nearest.count) images in \(folder) are called \(name)")
        }
        return nearest[0]
    }

    /// The path in a text: of an address, without the machine and what follows a question mark; of a file of the
    /// machine that Label Studio ran on, what is behind `d=`.
    private static func path(in text: String) -> String {
        if let local = text.range(of: "/data/local-files/?d=") {
            let path = String(text[local.upperBound...])
            return path.removingPercentEncoding ?? path
        }
        guard let scheme = text.range(of: "://") else { return text }
        let path = text[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" }.drop { $0 != "/" }
        return String(path).removingPercentEncoding ?? String(path)
    }

    /// Uploads are called by eight hexadecimal digits, a hyphen, and the name of the file.
    private static func withoutUploadPrefix(_ name: String) -> String {
        guard let match = name.prefixMatch(of: /[0-9a-f]{8}-/) else { return name }
        return String(name[match.range.upperBound...])
    }

    /// A name as uploads have it: spaces become lines below, and other signs go away.
    private static func uploadName(_ name: String) -> String {
        String(
            name.compactMap { sign -> Character? in
                if sign == " " { return "_" }
                return sign.isLetter || sign.isNumber || "-_.".contains(sign) ? sign : nil
            })
    }
}

/// What is wrong with a part of a task, as a sentence without a place.
struct LabelStudioProblem: Error {
    let sentence: String

    init(_ sentence: String) { self.sentence = sentence }
}
