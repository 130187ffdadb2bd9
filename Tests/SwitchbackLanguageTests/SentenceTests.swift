import Foundation
import Switchback
import SwitchbackLanguage
import SwitchbackTraining
import TestSupport
import Testing

struct SentenceTests {
    private struct Case: Decodable {
        let translations, references: [String]
        let score, bp: Double
        let precisions: [Double]
        let length, referenceLength: Int
    }

    /// The scores that sacreBLEU gives.
    @Test func bleu() throws {
        let path = fixtureFolder.appendingPathComponent("bleu.json")
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        for entry in try decoder.decode([Case].self, from: Data(contentsOf: path)) {
            let found = BLEU(entry.translations, references: entry.references)
            #expect(found.length == entry.length && found.referenceLength == entry.referenceLength)
            #expect(abs(found.score - entry.score) < 1e-9, "\(entry.translations) \(entry.references)")
            #expect(abs(found.brevityPenalty - entry.bp) < 1e-12)
            #expect(zip(found.precisions, entry.precisions).allSatisfy { abs($0 - $1) < 1e-9 })
        }
    }

    /// A letter in one and in two code points are two words, as for sacreBLEU: its score of these is 0.
    @Test func bleuOfOtherCodePoints() {
        #expect(BLEU(["caf\u{E9} a b c"], references: ["caf\u{E9} a b c"]).score > 99)
        #expect(BLEU(["caf\u{E9}"], references: ["cafe\u{301}"]).score == 0)
    }

    private func write(_ folder: TemporaryFolder, _ lines: [String]) throws -> String {
        let text = lines.map { $0 + "\n" }.joined()
        try FileManager.default.createDirectory(atPath: folder.path("data"), withIntermediateDirectories: true)
        _ = try folder.write(text, to: "data/train.tsv")
        _ = try folder.write(text, to: "data/dev.tsv")
        return folder.path("data")
    }

    @Test func classifierLearnsAndLoads() throws {
        let folder = try TemporaryFolder()
        let data = try write(
            folder,
            (0..<40).map { $0 % 2 == 0 ? "a fine and lovely film \($0)\tgood" : "a dull and boring film \($0)\tbad" })
        var configuration = SentimentConfiguration()
        configuration.data = data
        configuration.training.batch = 8
        configuration.training.epochs = 12
        configuration.training.lr = 0.01
        let run = try RunFolder(in: folder.path("runs"), task: "sentiment", name: "train", arguments: configuration)
        let outcome = try Trainer(configuration.makeTask(), configuration.training, folder: run).run()
        #expect(outcome.best?.validation["accuracy"] == 1)
        let classifier = try SentenceClassifier.load(run.weights("best"))
        #expect(try classifier.predict(["lovely", "boring"]).map(\.class) == ["good", "bad"])
    }

    /// Before any training a classifier tells classes as naive Bayes does, here counted by hand: "good" is in both of
    /// the one class's sentences, "film" in all, and "awful" in one of the other's.
    @Test func classifierBeginsWithNaiveBayes() throws {
        let folder = try TemporaryFolder()
        let lines = "good film\tkind\ngood\tkind\nawful film\tunkind\n"
        let classifier = SentenceClassifier(naiveBayes: try LabeledSentences(folder.write(lines, to: "train.tsv")))
        #expect(classifier.classes == ["kind", "unkind"])
        #expect(
            try classifier.eval().predict(["good", "awful", "awful film"]).map(\.class) == ["kind", "unkind", "unkind"])
        // Terms: "awful", "awful film", "film", "good", "good film"; one is added to each count.
        let table = try #require(classifier.namedParameters.first { $0.name == "embedding.weight" }?.parameter)
        let (kind, unkind) = (log(3.0 / 9), log(1.0 / 8))
        #expect(abs(table[3, 0].item() - 2 * (kind - (kind + unkind) / 2)) < 1e-6)
    }

    /// A small translator learns to write words backwards, and is read again from its folder.
    @Test func translatorLearnsAndLoads() throws {
        let folder = try TemporaryFolder()
        let words = ["red", "blue", "green", "one", "two", "three"]
        let pairs = words.flatMap { a in words.map { b in ("\(a) \(b)", "\(b) \(a)") } }
        for name in ["train", "val"] {
            _ = try folder.write(pairs.map { $0.0 + "\n" }.joined(), to: "\(name).en")
            _ = try folder.write(pairs.map { $0.1 + "\n" }.joined(), to: "\(name).de")
        }
        var configuration = TranslationConfiguration()
        configuration.data = folder.path("")
        configuration.vocabularySize = 290
        configuration.layers = 1
        configuration.width = 32
        configuration.dropout = 0
        configuration.training.epochs = 60
        configuration.training.batch = 12
        configuration.training.lr = 5e-3
        let run = try RunFolder(in: folder.path("runs"), task: "translate", name: "train", arguments: configuration)
        let task = try configuration.makeTask()
        let trainer = try Trainer(task, configuration.training, folder: run)
        trainer.listeners = [task.translator.describe]
        _ = try trainer.run()
        let translator = try Translator.load(run.path)
        let text = try ParallelText(folder.path(""), "val", from: "en", to: "de")
        #expect(try translator.translate("red blue") == "blue red")
        #expect(try translator.translate(" ") == "")
        #expect(try translator.bleu(on: text).precisions[0] > 90)
    }

    @Test func unequalFiles() throws {
        let folder = try TemporaryFolder()
        _ = try folder.write("a\nb\n", to: "train.en")
        _ = try folder.write("c\n", to: "train.de")
        let error = #expect(throws: InputError.self) {
            try ParallelText(folder.path(""), "train", from: "en", to: "de")
        }
        #expect(error?.problem.contains("it has 1 line, and") == true)
        #expect(throws: InputError.self) { try ParallelText(folder.path(""), "train", from: "en", to: "fr") }
    }

    @Test func badData() throws {
        let folder = try TemporaryFolder()
        let data = try write(folder, ["good\t1", "no class"])
        let error = #expect(throws: InputError.self) { try SentimentTask(data, batchSize: 1, seed: 0) }
        #expect(error?.place == "line 2")
        let single = try write(folder, ["good\t1", "fine\t1"])
        #expect(throws: InputError.self) { try SentimentTask(single, batchSize: 1, seed: 0) }
        #expect(throws: InputError.self) { try SentenceClassifier.load(folder.path("data/train.tsv")) }
    }
}
