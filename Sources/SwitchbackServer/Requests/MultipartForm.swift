import Foundation
import Switchback

/// A form with files as browsers and curl send it (RFC 7578).
package struct MultipartForm {
    /// What each field holds, by name; of several with one name, the first.
    package private(set) var parts: [String: [UInt8]] = [:]

    private static let mostParts = 64

    /// - Throws: `InputError` where the body is no such form, or cut short.
    package init(_ body: [UInt8], contentType: String) throws {
        guard let boundary = MultipartForm.parameter("boundary", of: contentType), !boundary.isEmpty else {
            throw InputError("request", at: "header Content-Type", "it names no boundary")
        }
        let data = Data(body)
        let mark = Data("--\(boundary)".utf8)
        guard var position = data.range(of: mark)?.upperBound else { throw MultipartForm.cutShort }
        while true {
            // Two hyphens after the mark end the form.
            if data[position...].starts(with: Data("--".utf8)) { return }
            guard let headEnd = data.range(of: Data("\r\n\r\n".utf8), in: position..<data.endIndex),
                let next = data.range(of: Data("\r\n".utf8) + mark, in: headEnd.upperBound..<data.endIndex),
                parts.count < MultipartForm.mostParts
            else { throw MultipartForm.cutShort }
            let head = String(decoding: data[position..<headEnd.lowerBound], as: UTF8.self)
            if let name = MultipartForm.name(in: head), parts[name] == nil {
                parts[name] = Array(data[headEnd.upperBound..<next.lowerBound])
            }
            position = next.upperBound
        }
    }

    private static var cutShort: InputError {
        InputError("request", "the form is cut short, or has too many fields")
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
