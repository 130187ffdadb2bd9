import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackLanguage
import SwitchbackVision

/// An image that was sent: as a file in a form (`multipart/form-data`, the field `image` or `file`), in JSON as base64
/// (`{"image": "…"}`, also as a `data:` URL), or alone.
package struct ImageUpload: Sendable {
    package let image: Image
    /// The file as it was sent, and the ending of the names of such files.
    let file: [UInt8]
    let fileExtension: String
    /// The other fields, by name.
    private let fields: [String: String]
    /// Keeps the memory that the image takes.
    private let share: MemoryShare?

    /// - Parameters:
    ///   - names: the fields that the request may have beside the image.
    ///   - share: what the memory for the image is taken from.
    /// - Throws: `InputError` if there is no image, or one that cannot be decoded, and over other fields; `APIError`
    ///   where there is not enough memory left.
    package init(_ body: [UInt8], contentType: String?, names: [String], _ share: MemoryShare? = nil) throws {
        if let json = try ImageUpload.json(body, contentType) {
            try self.init(json, names: names, share)
        } else if ImageUpload.kind(contentType).hasPrefix("multipart/form-data") {
            let form = try MultipartForm(body, contentType: contentType ?? "")
            guard let file = form.parts["image"] ?? form.parts["file"] else {
                throw InputError("request", at: "field image", "the form has no image")
            }
            let fields = form.parts.filter { $0.key != "image" && $0.key != "file" }
                .mapValues { String(decoding: $0, as: UTF8.self) }
            try self.init(file, fields, names: names, share)
        } else {
            try self.init(body, [:], names: names, share)
        }
    }

    /// An image in JSON. Throws as the other does.
    init(_ json: ConfigurationFields, names: [String], _ share: MemoryShare? = nil) throws {
        let bytes = try ImageUpload.decoded(json)
        try json.checkNames(known: names + ["image"])
        let fields = try json.names.filter { $0 != "image" }.map { ($0, try json.text($0)) }
        try self.init(bytes, Dictionary(fields) { $1 }, names: names, share)
    }

    private init(_ bytes: [UInt8], _ fields: [String: String], names: [String], _ share: MemoryShare?) throws {
        for name in fields.keys.sorted() where !names.contains(where: name.isExactly) {
            let remedy = name.nearest(in: names + ["image"]).map { "did you mean \($0)?" }
            throw InputError("request", at: "field \(name)", "there is no such field", remedy: remedy)
        }
        (file, self.fields) = (bytes, fields)
        (image, fileExtension) = try bytes.withUnsafeBytes { bytes in
            let header = try ImageHeader(bytes, "image")
            if header.pixelCount <= ImageUpload.pixelLimit { try share?.take(4 * header.pixelCount) }
            let image = try Image.decode(bytes, name: "image", pixelLimit: ImageUpload.pixelLimit)
            return (image, "\(header.format)".replacing("jpeg", with: "jpg"))
        }
        self.share = share
    }

    /// The members of a body that is neither a form nor an image; `nil` if it is one of those.
    static func json(_ body: [UInt8], _ contentType: String?) throws -> ConfigurationFields? {
        let kind = kind(contentType)
        if kind.hasPrefix("multipart/form-data") || isImage(body, kind) { return nil }
        return try ConfigurationFields(body: body)
    }

    private static func kind(_ contentType: String?) -> String { contentType?.lowercased() ?? "" }

    /// A few megabytes may stand for an image of a hundred million pixels: less is allowed than in files of one's own.
    private static let pixelLimit = 40_000_000

    /// Whether the body is not JSON; what `curl --data-binary` sends says that it is a form, whatever it is.
    private static func isImage(_ body: [UInt8], _ kind: String) -> Bool {
        if kind.hasPrefix("image/") || kind.hasPrefix("application/octet-stream") { return true }
        let first = body.first { ![9, 10, 13, 32].contains($0) }
        return kind.hasPrefix("application/x-www-form-urlencoded") && first != UInt8(ascii: "{")
    }

    private static func decoded(_ json: ConfigurationFields) throws -> [UInt8] {
        var text = try json.string("image")
        if text.utf8.starts(with: "data:".utf8), let comma = text.firstIndex(of: ",") {
            text = String(text[text.index(after: comma)...])
        }
        guard let data = Data(base64Encoded: text, options: .ignoreUnknownCharacters), !data.isEmpty else {
            throw json.problem("image", "it is not base64")
        }
        return Array(data)
    }

    func text(_ name: String) -> String? { fields[name] }

    /// A number from 0 to 1.
    func fraction(_ name: String) throws -> Double? {
        try number(name) { (0...1).contains($0) }
    }

    /// An integer of at least 1.
    func count(_ name: String) throws -> Int? {
        try number(name) { $0 >= 1 && $0 == $0.rounded() && $0 < 1e6 }.map { Int($0) }
    }

    private func number(_ name: String, _ suits: (Double) -> Bool) throws -> Double? {
        guard let text = fields[name] else { return nil }
        guard let number = Double(text), suits(number) else {
            throw InputError("request", at: "field \(name)", "\(text) is not a valid number")
        }
        return number
    }
}

extension ConfigurationFields {
    /// A text or a number as text.
    fileprivate func text(_ name: String) throws -> String {
        switch self[name] {
        case .string(let text): return text
        case .integer(let number): return "\(number)"
        case .number(let number): return "\(number)"
        default: throw problem(name, "text or a number is needed")
        }
    }
}
