import Foundation
import SwitchbackFormats
import SwitchbackStudio
import SwitchbackTraining
import Testing

/// The words of the studio's pages: every language has all of them, and each is used.
struct StudioWordsTests {
    private let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Sources/SwitchbackStudio/Resources").standardizedFileURL

    private static let languages = ["en", "zh", "tr", "fr"]

    private func words(_ language: String) throws -> [String: String] {
        let data = try Data(contentsOf: folder.appendingPathComponent("words/\(language).json"))
        return try JSON.decode([String: String].self, data)
    }

    /// The text of the pages and their modules.
    private func source() throws -> String {
        try FileManager.default.subpathsOfDirectory(atPath: folder.path)
            .filter { $0.hasSuffix(".js") || $0.hasSuffix(".html") }.sorted()
            .map { try String(contentsOf: folder.appendingPathComponent($0), encoding: .utf8) }.joined()
    }

    /// The names of the values in a sentence: `{count}`, and `{count:image|images}` for the word that goes with it.
    private func placeholders(_ text: String) -> Set<String> {
        Set(text.matches(of: /\{(\w+)(?::[^}]*)?\}/).map { String($0.output.1) })
    }

    @Test(arguments: languages) func everyLanguageSaysAll(language: String) throws {
        let (english, own) = try (words("en"), words(language))
        #expect(Set(own.keys) == Set(english.keys))
        for (key, text) in own {
            #expect(!text.trimmingCharacters(in: .whitespaces).isEmpty, "\(key)")
            #expect(placeholders(text) == placeholders(english[key] ?? ""), "\(language) \(key)")
        }
    }

    /// Words that go with a number have two forms, and no noun in the plural stands beside a number without them.
    @Test(arguments: languages) func wordsGoWithTheirNumbers(language: String) throws {
        for (key, text) in try words(language) {
            for forms in text.matches(of: /\{\w+:([^}]*)\}/) {
                let each = forms.output.1.split(separator: "|")
                #expect(each.count == 2 && each[0] != each[1], "\(key)")
            }
            guard ["en", "fr"].contains(language) else { continue }
            // What is measured is hardly ever one.
            let plural = text.matches(of: /\{(?:count|images|objects|problems|added|known)\} (\p{L}+s)\b/)
            #expect(plural.allSatisfy { $0.output.1 == "pixels" }, "\(language) \(key): \(text)")
        }
    }

    /// Sentences that nobody translated are the same as the English ones.
    @Test(arguments: languages.dropFirst()) func sentencesAreTranslated(language: String) throws {
        let (english, own) = try (words("en"), words(language))
        for (key, text) in own where text.replacing(/\{\w+(?::[^}]*)?\}/, with: "").count > 20 {
            #expect(text != english[key], "\(key)")
        }
    }

    @Test func everyKeyOfThePagesHasWords() throws {
        let english = try words("en")
        let asked = try source().matches(of: /(?:data-t(?:-\w+)?=|[^a-zA-Z]t\()"([\w.]+)"/).map { String($0.output.1) }
        #expect(asked.count > 80)
        for key in asked { #expect(english[key] != nil, "\(key)") }
    }

    /// A key is written out in the page or its modules, or begins as one that ends in a name: `t(`kind.${kind}`)`.
    @Test func noWordsAreLeftOver() throws {
        let source = try source()
        let families = source.matches(of: /t\(`([\w.]+\.)\$\{/).map { String($0.output.1) }
        #expect(Set(families).isSuperset(of: ["learn.hiker.", "learn.kind.", "learn.outcome."]))
        for key in try words("en").keys where !families.contains(where: key.hasPrefix) && !key.hasSuffix(".title") {
            #expect(source.contains("\"\(key)\""), "\(key)")
        }
    }

    /// The title of the browser's window, by the page's name.
    @Test func everyPageHasATitle() throws {
        let english = try words("en")
        let pages = try FileManager.default.subpathsOfDirectory(atPath: folder.path).filter { $0.hasSuffix(".html") }
        for page in pages where page != "frame/frame.html" {
            let name = ((page as NSString).lastPathComponent as NSString).deletingPathExtension
            #expect(english["\(name).title"] != nil, "\(name)")
        }
    }

    // MARK: Names that the engine's side gives

    private func names(of family: String) throws -> Set<String> {
        let data = try Data(contentsOf: folder.appendingPathComponent("words/en.json"))
        let keys = try JSON.decode([String: String].self, data).keys
        return Set(keys.filter { $0.hasPrefix(family) }.map { String($0.dropFirst(family.count)) })
    }

    @Test func everyNameHasWords() throws {
        #expect(try names(of: "learn.hiker.") == Set(LearnOptimizer.allCases.map(\.rawValue)))
        #expect(try names(of: "learn.outcome.") == Set(Hike.Outcome.allCases.map(\.rawValue)))
        #expect(try names(of: "learn.preset.") == Set(SpiralPreset.allCases.map(\.rawValue)))
    }

    /// The page names the verdicts that it has words for; each is one of the diagnosis's.
    @Test func verdictsAreThoseOfTheDiagnosis() throws {
        let kinds = try names(of: "learn.kind.").subtracting(["other"])
        #expect(try names(of: "learn.why.").subtracting(["other"]) == kinds)
        #expect(kinds.isSubset(of: Verdict.Kind.allCases.map(\.key)))
        let module = try String(contentsOf: folder.appendingPathComponent("learn/spiral.js"), encoding: .utf8)
        for kind in kinds { #expect(module.contains("\"\(kind)\""), "\(kind)") }
    }
}
