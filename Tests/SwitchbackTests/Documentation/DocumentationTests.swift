import Foundation
import TestSupport
import Testing

/// Every Swift block of the README and the tutorials is code that is compiled: it appears, line by line, in an example
/// or in a documentation test.
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

    private static let compiledSources: [[String]] = [
        "Examples", "Tests/SwitchbackTests/Documentation", "Tests/SwitchbackTrainingTests/Documentation",
        "Tests/SwitchbackVisionTests/Documentation", "Tests/SwitchbackLanguageTests/Documentation",
        "Sources/SwitchbackLanguage/Models",
    ]
    .flatMap { folder -> [[String]] in
        let base = projectFolder.appendingPathComponent(folder)
        let names = FileManager.default.enumerator(atPath: base.path)?.compactMap { $0 as? String } ?? []
        return names.filter { $0.hasSuffix(".swift") }.compactMap {
            (try? String(contentsOf: base.appendingPathComponent($0), encoding: .utf8)).map(lines)
        }
    }

    @Test(arguments: pages)
    func everySwiftBlockIsCompiled(_ page: String) throws {
        let text = try String(contentsOf: projectFolder.appendingPathComponent(page), encoding: .utf8)
        for block in Self.swiftBlocks(of: text) {
            let isCompiled = Self.compiledSources.contains { $0.contains(consecutive: block) }
            #expect(isCompiled, "this block is in no example or documentation test: \(block.first ?? "")")
        }
    }

    @Test func theREADMEHasItsTwoPrograms() throws {
        let text = try String(contentsOf: projectFolder.appendingPathComponent("README.md"), encoding: .utf8)
        let programs = Self.swiftBlocks(of: text)
        #expect(programs.count == 2)
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
