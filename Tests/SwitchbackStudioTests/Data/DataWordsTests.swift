import Foundation
import SwitchbackFormats
import Testing

/// The words of the pages about data: every language has all of them, and each is used.
struct DataWordsTests {
    private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../../Sources/SwitchbackStudio/Resources").standardizedFileURL

    private static let languages = ["en", "zh", "tr", "fr"]

    private func words(_ language: String) throws -> [String: String] {
        let data = try Data(contentsOf: folder.appendingPathComponent("data/words.\(language).json"))
        return try JSON.decode([String: String].self, data)
    }

    /// The text of the pages and their modules.
    private func source() throws -> String {
        try ["data", "set", "check", "label", "frame"].flatMap { name in
            let inner = folder.appendingPathComponent(name)
            return try FileManager.default.contentsOfDirectory(atPath: inner.path)
                .filter { $0.hasSuffix(".js") || $0.hasSuffix(".html") }.sorted()
                .map { try String(contentsOf: inner.appendingPathComponent($0), encoding: .utf8) }
        }.joined()
    }

    private func placeholders(_ text: String) -> [String] {
        text.matches(of: /\{\w+\}/).map { String($0.output) }.sorted()
    }

    @Test(arguments: languages) func everyLanguageSaysAll(language: String) throws {
        let (english, own) = try (words("en"), words(language))
        #expect(Set(own.keys) == Set(english.keys))
        for (key, text) in own {
            #expect(!text.trimmingCharacters(in: .whitespaces).isEmpty, "\(key)")
            #expect(placeholders(text) == placeholders(english[key] ?? ""), "\(language) \(key)")
        }
    }

    /// Sentences that nobody translated are the same as the English ones.
    @Test(arguments: languages.dropFirst()) func sentencesAreTranslated(language: String) throws {
        let (english, own) = try (words("en"), words(language))
        for (key, text) in own where text.replacing(/\{\w+\}/, with: "").count > 20 {
            #expect(text != english[key], "\(key)")
        }
    }

    @Test func everyKeyOfThePagesHasWords() throws {
        let english = try words("en")
        let asked = try source().matches(of: /(?:data-t=|data-t-label=|[^a-zA-Z]t\()"([\w.]+)"/)
            .map { String($0.output.1) }
        #expect(asked.count > 100)
        for key in asked { #expect(english[key] != nil, "\(key)") }
    }

    /// A key is written out in a page or its modules, or begins as one that ends in a name: `t(`state.${state}`)`.
    @Test func noWordsAreLeftOver() throws {
        let source = try source()
        let families = source.matches(of: /(?:t|button)\(`(\w+\.)\$\{/).map { String($0.output.1) }
        let titles = ["data", "set", "check", "label"].map { "\($0).title" }
        for key in try words("en").keys
        where !families.contains(where: key.hasPrefix) && !titles.contains(key) {
            #expect(source.contains("\"\(key)\""), "\(key)")
        }
    }
}
