import Foundation
import Switchback
import SwitchbackFormats

/// Tells the class of a sentence by the average of vectors of its words and of pairs of neighbouring words (Joulin et al.,
/// "Bag of Tricks for Efficient Text Classification", 2017).
///
/// That little is hard to beat where there are only some thousands of sentences to learn from.
public final class SentenceClassifier: Module {
    public let classes: [String]
    private let words: [String: Int]
    private let embedding: Embedding
    private let dropout: Dropout
    private let output: Linear

    /// Vectors for pairs of words lie in this many places, behind those of the words; a pair's place follows from its text.
    private static let pairPlaces = 1 << 16

    /// - Parameters:
    ///   - words: those that have a vector.
    ///   - classes: at least two.
    public init(words: [String], classes: [String], width: Int = 64, dropout: Double = 0.5) {
        self.classes = classes
        self.words = Dictionary(words.enumerated().map { ($1, $0) }) { first, _ in first }
        embedding = Embedding(words.count + SentenceClassifier.pairPlaces, width)
        self.dropout = Dropout(p: dropout)
        output = Linear(width, classes.count)
        super.init()
        embedding.weight.initialize(.normal(standardDeviation: 0.1))
        output.weight.initialize(.normal(standardDeviation: 0.1))
        output.bias?.initialize(.zeros)
    }

    /// The words of a training text that occur at least twice, in the order of their spelling.
    public static func vocabulary(of sentences: [String]) -> [String] {
        var counts: [String: Int] = [:]
        for sentence in sentences { for word in split(sentence) { counts[word, default: 0] += 1 } }
        return counts.filter { $0.value >= 2 }.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    private static func split(_ sentence: String) -> [String] {
        sentence.lowercased().split { !($0.isLetter || $0.isNumber || $0 == "'") }.map(String.init)
    }

    /// The rows of the table that a sentence looks up.
    private func features(of sentence: String) -> [Int] {
        let split = SentenceClassifier.split(sentence)
        let pairs = zip(split, split.dropFirst()).map { first, second in
            // FNV-1a, which is the same on every machine.
            let hash = "\(first) \(second)".utf8.reduce(0x811C_9DC5 as UInt32) { ($0 ^ UInt32($1)) &* 0x0100_0193 }
            return words.count + Int(hash) % SentenceClassifier.pairPlaces
        }
        return split.compactMap { words[$0] } + pairs
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
        let index = Tensor(indices, shape: shape)
        return running(index) {
            let vectors = dropout(embedding(index)) * Tensor(weights, shape: shape).unsqueeze(2)
            return output(vectors.sum(dim: 1))
        }
    }

    /// The class of each sentence and its probability.
    public func predict(_ sentences: [String]) -> [(class: String, probability: Double)] {
        noGrad {
            stride(from: 0, to: sentences.count, by: 256).flatMap { start in
                let part = Array(sentences[start..<min(start + 256, sentences.count)])
                let (values, indices) = self(part).softmax(dim: 1).topK(1, dim: 1)
                return zip(indices.flatten().toArray(as: Int.self), values.flatten().toArray(as: Double.self))
                    .map { (classes[$0], $1) }
            }
        }
    }

    // MARK: As a file

    /// What is saved with the weights: the words and the classes.
    var metadata: [String: String] {
        [
            "format": "pt", "switchback.classes": classes.joined(separator: "\n"),
            "switchback.words": words.sorted { $0.value < $1.value }.map(\.key).joined(separator: "\n"),
        ]
    }

    /// A classifier that `sentiment train` saved.
    public static func load(_ path: String) throws -> SentenceClassifier {
        let contents = try Safetensors.read(path)
        guard let classes = contents.metadata["switchback.classes"], let words = contents.metadata["switchback.words"],
            let width = contents.tensors["embedding.weight"]?.size(-1)
        else { throw InputError(path, "holds no classifier of sentences", remedy: "'sentiment train' makes one") }
        let classifier = SentenceClassifier(
            words: words.split(separator: "\n").map(String.init),
            classes: classes.split(separator: "\n").map(String.init), width: width)
        do {
            try classifier.load(stateDict: contents.tensors)
        } catch let error as InputError {
            throw InputError(path, at: error.place, error.problem)
        }
        return classifier.eval()
    }
}
