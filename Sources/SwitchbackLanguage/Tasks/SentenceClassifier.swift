import Foundation
import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// Classifies a sentence by the average of the embeddings of its words and word pairs (Joulin et al., "Bag of Tricks
/// for Efficient Text Classification", 2017), initialized as naive Bayes (Wang and Manning, "Baselines and Bigrams",
/// 2012).
///
/// That little is hard to beat where there are only some thousands of sentences to learn from.
public final class SentenceClassifier: Module, TextClassifier {
    public let classes: [String]
    /// The words and pairs of words that have a vector, and its row in the table.
    private let terms: [String: Int]
    private let embedding: Embedding
    private let dropout: Dropout
    private let output: Linear

    /// - Parameters:
    ///   - terms: the words and pairs of words that have a vector.
    ///   - classes: at least two.
    ///   - width: numbers in a vector, at least one for each class.
    public init(terms: [String], classes: [String], width: Int = 64, dropout: Double = 0.5) {
        if width < classes.count {
            fail("SentenceClassifier", "\(classes.count) classes need as many numbers in a vector, not \(width)")
        }
        self.classes = classes
        self.terms = Dictionary(terms.enumerated().map { ($1, $0) }) { first, _ in first }
        embedding = Embedding(terms.count, width)
        self.dropout = Dropout(p: dropout)
        output = Linear(width, classes.count)
        super.init()
        embedding.weight.initialize(.normal(standardDeviation: 0.1))
        output.weight.initialize(.normal(standardDeviation: 0.1))
        output.bias?.initialize(.zeros)
    }

    /// A classifier of the words, pairs and classes of a training text that tells classes by naive Bayes, from where a
    /// training continues: the first numbers of a vector, one for each class, are log p(term | class), less their mean
    /// over the classes; the output layer begins by adding them up.
    public convenience init(naiveBayes data: LabeledSentences, width: Int = 64, dropout: Double = 0.5) {
        let found = data.sentences.map { Set(SentenceClassifier.terms(of: $0)) }
        let terms = Set(found.joined()).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        let classes = Set(data.labels).sorted()
        self.init(terms: terms, classes: classes, width: max(width, classes.count), dropout: dropout)
        // One more sentence than there is has each term: none is impossible.
        var counts = [[Double]](repeating: Array(repeating: 1, count: classes.count), count: terms.count)
        for (terms, label) in zip(found, data.labels) {
            let place = classes.firstIndex(of: label) ?? 0
            for term in terms { counts[self.terms[term] ?? 0][place] += 1 }
        }
        let totals = classes.indices.map { place in counts.reduce(0) { $0 + $1[place] } }
        let odds = counts.flatMap { row -> [Float] in
            let logs = zip(row, totals).map { log($0 / $1) }
            let mean = logs.reduce(0, +) / Double(logs.count)
            return logs.map { Float(SentenceClassifier.sharpness * ($0 - mean)) }
        }
        noGrad {
            let shape: Shape = [terms.count, classes.count]
            embedding.weight.narrow(dim: 1, start: 0, length: classes.count).copy(from: Tensor(odds, shape: shape))
            output.weight.narrow(dim: 1, start: 0, length: classes.count).copy(from: Tensor.eye(classes.count))
        }
    }

    /// By how much the average log odds of a sentence are multiplied: as sure of itself as a training makes it.
    private static let sharpness = 2.0

    private static func words(of sentence: String) -> [String] {
        sentence.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "'") }.map(String.init)
    }

    /// The words and the pairs of neighboring words.
    static func terms(of sentence: String) -> [String] {
        let words = words(of: sentence)
        return words + zip(words, words.dropFirst()).map { "\($0) \($1)" }
    }

    /// The rows of the table that a sentence looks up, each once.
    private func features(of sentence: String) -> [Int] {
        Set(SentenceClassifier.terms(of: sentence).compactMap { terms[$0] }).sorted()
    }

    /// The logits of the classes of sentences, [N, classes].
    public func callAsFunction(_ sentences: [String]) -> Tensor {
        let rows = sentences.map(features(of:))
        let longest = max(1, rows.map(\.count).max() ?? 1)
        let indices = rows.flatMap { $0 + Array(repeating: 0, count: longest - $0.count) }
        let weights = rows.flatMap { row in
            (0..<longest).map { $0 < row.count ? Float(1) / Float(row.count) : 0 }
        }
        let shape: Shape = [rows.count, longest]
        let index = Tensor(indices, shape: shape, like: embedding.weight)
        return running(index) {
            let vectors = dropout(embedding(index)) * Tensor(weights, shape: shape, like: embedding.weight).unsqueeze(2)
            return output(vectors.sum(dim: 1))
        }
    }

    public func probabilities(of texts: [String]) -> Tensor { self(texts).softmax(dim: 1) }

    // MARK: As a file

    /// The metadata saved with the weights: the terms and the classes.
    var metadata: [String: String] {
        [
            "format": "pt", "switchback.classes": classes.joined(separator: "\n"),
            "switchback.terms": terms.sorted { $0.value < $1.value }.map(\.key).joined(separator: "\n"),
        ]
    }

    /// Whether a file of weights is one that `sentiment train` saved.
    package static func isDescribed(in metadata: [String: String]) -> Bool { metadata["switchback.terms"] != nil }

    /// A classifier that `sentiment train` saved: its file, or the folder of the run.
    public static func load(_ path: String) throws -> SentenceClassifier {
        let path = try RunFolder.weightFile(path)
        let contents = try Safetensors.read(path)
        guard let classes = contents.metadata["switchback.classes"], let terms = contents.metadata["switchback.terms"],
            let width = contents.tensors["embedding.weight"]?.size(-1)
        else { throw InputError(path, "is not a sentence classifier", remedy: "'sentiment train' makes one") }
        let classifier = SentenceClassifier(
            terms: terms.split(separator: "\n").map(String.init),
            classes: classes.split(separator: "\n").map(String.init), width: width)
        do {
            try classifier.load(stateDict: contents.tensors)
        } catch let error as InputError {
            throw InputError(path, at: error.place, error.problem)
        }
        return classifier.eval()
    }
}
