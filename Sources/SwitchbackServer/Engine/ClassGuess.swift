import Switchback
import SwitchbackVision

/// A class that an image may be of.
package struct ClassGuess: Encodable, Sendable {
    package let `class`: String
    package let classIndex: Int
    package let probability: Double
}

extension Classifier {
    /// The classes that an image is most likely of, the most likely first.
    ///
    /// - Throws: `InputError` where the image does not suit the classifier.
    package func likeliest(of image: Image, count: Int) throws -> [ClassGuess] {
        let input = try input("image", image.converted)
        let names = configuration.classNames
        return try noGrad {
            let (values, indices) = try scores(input).softmax(dim: 1).topK(min(count, names.count), dim: 1)
            return zip(indices.toArray(as: Int.self), values.toArray(as: Double.self)).map {
                ClassGuess(class: names[$0], classIndex: $0, probability: $1)
            }
        }
    }
}
