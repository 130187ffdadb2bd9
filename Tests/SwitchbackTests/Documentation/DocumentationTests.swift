import Foundation
import TestSupport
import Testing

/// Every Swift block of the README, the tutorials and the sources' comments is code that is compiled: it appears, line
/// by line, in an example or in a documentation test.
@Suite struct DocumentationTests {
    /// A Markdown file by its path in the checkout.
    static let pages: [String] =
        ["README.md"]
        + ["Switchback", "SwitchbackTraining", "SwitchbackVision", "SwitchbackLanguage"].flatMap { module -> [String] in
            let catalog = "Sources/\(module)/\(module).docc"
            let path = projectFolder.appendingPathComponent(catalog).path
            let articles = (try? FileManager.default.contentsOfDirectory(atPath: path)) ?? []
            return articles.filter { $0.hasSuffix(".md") }.sorted().map { "\(catalog)/\($0)" }
        }

    private static let compiledSources: [[String]] =
        (["Examples", "Sources/SwitchbackLanguage/Models"]
        + ["", "Formats", "Hub", "Drawing", "Training", "Inference", "Vision", "Language", "Server", "Studio"].map {
            "Tests/Switchback\($0)Tests/Documentation"
        })
        .flatMap { folder in swiftFiles(in: folder).compactMap { (try? contents(of: $0)).map(lines) } }

    /// The sources whose comments have Swift blocks.
    static let sourcesWithExamples = swiftFiles(in: "Sources").filter {
        (try? contents(of: $0))?.contains("/// ```swift\n") == true
    }

    @Test(arguments: pages)
    func everySwiftBlockIsCompiled(_ page: String) throws { try expectCompiled(Self.contents(of: page)) }

    @Test(arguments: sourcesWithExamples)
    func everyExampleInAComment(_ source: String) throws {
        let comments = try Self.contents(of: source).split(separator: "\n", omittingEmptySubsequences: false).map {
            let line = $0.drop { $0 == " " }
            return line.hasPrefix("///") ? line.dropFirst(3).drop { $0 == " " } : ""
        }
        try expectCompiled(comments.joined(separator: "\n"))
    }

    private func expectCompiled(_ text: String) throws {
        for block in Self.swiftBlocks(of: text) {
            let isCompiled = Self.compiledSources.contains { $0.contains(consecutive: block) }
            #expect(isCompiled, "this block is in no example or documentation test: \(block.first ?? "")")
        }
    }

    /// The paths of the Swift files below a folder of the checkout.
    private static func swiftFiles(in folder: String) -> [String] {
        let base = projectFolder.appendingPathComponent(folder)
        let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".swift") }.sorted().map { "\(folder)/\($0)" }
    }

    private static func contents(of file: String) throws -> String {
        try String(contentsOf: projectFolder.appendingPathComponent(file), encoding: .utf8)
    }

    @Test func theREADMEHasItsTwoProgramsAndAPackage() throws {
        let text = try String(contentsOf: projectFolder.appendingPathComponent("README.md"), encoding: .utf8)
        let programs = Self.swiftBlocks(of: text)
        #expect(programs.count == 3)
        #expect(programs.allSatisfy { $0.count < 40 })
    }

    private static func swiftBlocks(of markdown: String) -> [[String]] {
        markdown.components(separatedBy: "```swift\n").dropFirst().map {
            lines($0.components(separatedBy: "```")[0])
        }
    }

    /// The lines that say something, without their indentation.
    private static func lines(_ text: String) -> [String] {
        text.split(separator: "\n").map { $0.trimmingCharacters(in: .whitespaces) }.filter { !$0.isEmpty }
    }
}

extension [String] {
    fileprivate func contains(consecutive block: [String]) -> Bool {
        guard !block.isEmpty, count >= block.count else { return block.isEmpty }
        return (0...count - block.count).contains { self[$0..<$0 + block.count].elementsEqual(block) }
    }
}
