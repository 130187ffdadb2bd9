import Switchback
import SwitchbackFormats
import SwitchbackTraining

/// Tells of which class a text is.
public protocol TextClassifier {
    /// Their names, in the order of their probabilities.
    var classes: [String] { get }

    /// How likely each class is for each text, [N, classes].
    ///
    /// Throws `InputError` over a text that cannot be read.
    func probabilities(of texts: [String]) throws -> Tensor
}

extension TextClassifier {
    /// Texts that are read at once.
    private var batch: Int { 64 }

    /// The likeliest classes of each text with their probabilities, the likeliest first.
    ///
    /// - Parameter count: how many; fewer where there are fewer classes.
    public func likeliest(
        of texts: [String], count: Int = 1
    ) throws -> [[(class: String, classIndex: Int, probability: Double)]] {
        let count = min(count, classes.count)
        return try noGrad {
            try stride(from: 0, to: texts.count, by: batch).flatMap { start in
                let part = Array(texts[start..<min(start + batch, texts.count)])
                let (values, indices) = try probabilities(of: part).topK(count, dim: 1)
                let (numbers, chances) = (indices.toArray(as: Int.self), values.toArray(as: Double.self))
                return part.indices.map { row in
                    (row * count..<(row + 1) * count).map { (classes[numbers[$0]], numbers[$0], chances[$0]) }
                }
            }
        }
    }

    /// The class of each text and its probability.
    public func predict(_ texts: [String]) throws -> [(class: String, probability: Double)] {
        try likeliest(of: texts).map { ($0[0].class, $0[0].probability) }
    }

    /// The part of the sentences whose class is told rightly. Throws `InputError` over a class that is not known.
    public func accuracy(on data: LabeledSentences) throws -> Double {
        try data.checkClasses(classes)
        let right = try zip(predict(data.sentences), data.labels).count { $0.class == $1 }
        return Double(right) / Double(data.sentences.count)
    }
}

/// Reads classifiers of texts.
public enum TextClassifiers {
    /// What `sentiment train` saved, its file or the folder of the run; or a folder in Hugging Face's format with an encoder
    /// that tells classes.
    ///
    /// Throws `InputError` where it is neither, or damaged.
    public static func load(_ path: String) throws -> any TextClassifier {
        if Checkpoint.isThere(path) { return try SequenceClassifier(path) }
        return try SentenceClassifier.load(path)
    }
}
