import Foundation
import Switchback
import SwitchbackFormats

#if canImport(FoundationXML)
import FoundationXML
#endif

/// Reads XML files from anywhere.
enum XMLFile {
    /// Goes through a file from its begin to its end.
    ///
    /// - Throws: `InputError` where the file cannot be read, is not XML in UTF-8, or its elements lie too deep.
    static func parse(_ path: String, with reader: BoundedXMLReader) throws {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw InputError(path, "the file cannot be read")
        }
        // The parser ends the program where an attribute is none.
        guard String(validating: data, as: UTF8.self) != nil else {
            throw TextFile.notUTF8(path, [UInt8](data)[...], from: 0)
        }
        let parser = XMLParser(data: data)
        parser.delegate = reader
        guard parser.parse(), reader.path.isEmpty else {
            let problem =
                reader.isTooDeep ? "its elements lie more than \(BoundedXMLReader.deepest) deep" : "is not XML"
            throw InputError(path, at: "line \(parser.lineNumber)", problem)
        }
    }
}

/// What becomes of the elements of an XML file.
class BoundedXMLReader: NSObject, XMLParserDelegate {
    /// How deep elements may lie in others.
    static let deepest = 64
    /// The names of the open elements.
    final private(set) var path: [String] = []
    final fileprivate var isTooDeep = false
    private var text = ""

    /// An element begins; it is the last of `path`.
    func begin(_ name: String, _ attributes: [String: String], line: Int) {}

    /// An element ends, after this text; `path` is without it.
    func end(_ name: String, text: String, line: Int) {}

    final func parser(
        _ parser: XMLParser, didStartElement elementName: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String]
    ) {
        path.append(elementName)
        if path.count > Self.deepest {
            isTooDeep = true
            parser.abortParsing()
        }
        text = ""
        begin(elementName, attributes, line: parser.lineNumber)
    }

    final func parser(_ parser: XMLParser, foundCharacters string: String) { text += string }

    final func parser(
        _ parser: XMLParser, didEndElement elementName: String, namespaceURI: String?, qualifiedName: String?
    ) {
        path.removeLast()
        end(elementName, text: text, line: parser.lineNumber)
    }
}
