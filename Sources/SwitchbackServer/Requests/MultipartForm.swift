import Foundation
import Switchback

/// A form with files as browsers and curl send it (RFC 7578).
package struct MultipartForm {
    /// The contents of each field, by name; of several with the same name, the first.
    package private(set) var parts: [String: [UInt8]] = [:]

    private static let mostParts = 64
    private static let longestHead = 8 << 10
    /// RFC 2046, section 5.1.1.
    private static let longestBoundary = 70

    /// - Throws: `InputError` where the body is no such form, or cut short.
    package init(_ body: [UInt8], contentType: String) throws {
        guard let boundary = MultipartForm.parameter("boundary", of: contentType), !boundary.isEmpty,
            boundary.utf8.count <= MultipartForm.longestBoundary
        else { throw InputError("request", at: "header Content-Type", "it names no boundary, or one that is too long") }
        let data = Data(body)
        let mark = Data("--\(boundary)".utf8)
        guard var position = data.range(of: mark)?.upperBound else { throw MultipartForm.cutShort }
        for _ in 0...MultipartForm.mostParts {
            // Two hyphens after the mark end the form.
            if data[position...].starts(with: Data("--".utf8)) { return }
            let headLimit = min(data.endIndex, position + MultipartForm.longestHead)
            guard let headEnd = data.range(of: Data("\r\n\r\n".utf8), in: position..<headLimit),
                let next = data.range(of: Data("\r\n".utf8) + mark, in: headEnd.upperBound..<data.endIndex)
            else { throw MultipartForm.cutShort }
            let head = String(decoding: data[position..<headEnd.lowerBound], as: UTF8.self)
            if let name = MultipartForm.name(in: head), parts[name] == nil {
                parts[name] = Array(data[headEnd.upperBound..<next.lowerBound])
            }
            position = next.upperBound
        }
        throw InputError("request", "the form has more than \(MultipartForm.mostParts) fields")
    }

    private static var cutShort: InputError {
        InputError(
            "request", "the form is cut short, or a field of it begins with more than \(longestHead) bytes of head")
    }

    private static func name(in head: String) -> String? {
        head.split(separator: "\r\n").first { $0.lowercased().hasPrefix("content-disposition:") }
            .flatMap { parameter("name", of: String($0)) }
    }

    /// The value of `name=value` or `name="value"` among parts that are separated by semicolons.
    private static func parameter(_ name: String, of header: String) -> String? {
        for part in header.split(separator: ";").dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            if pair.count == 2, pair[0].lowercased() == name { return pair[1].trimmingCharacters(in: ["\""]) }
        }
        return nil
    }
}
