import Foundation
import Switchback

/// The binary cross entropy of masks that are weighted sums of prototypes, each within the box of its object: value and
/// gradients in one pass over the pixels of the boxes, because most of an image lies outside of them.
struct MaskCrossEntropy {
    /// A mask to be learned.
    struct Place {
        /// The image, the plane of its object's code, and the number of that in the image, counted from 1.
        let image, plane: Int
        let code: Int32
        /// The pixels of the object's box.
        let rows, columns: Range<Int>
        /// How much a pixel counts.
        let weight: Float
    }

    private typealias Vector = SIMD32<Float>

    let places: [Place]
    /// Which object each pixel belongs to: [planes · h · w].
    let codes: [Int32]

    /// The sum over all places, differentiable once.
    ///
    /// - Parameters:
    ///   - coefficients: the weights of the prototypes at each place, [places, 32].
    ///   - prototypes: [N, 32, h, w].
    func callAsFunction(_ coefficients: Tensor, _ prototypes: Tensor) -> Tensor {
        let (count, height, width) = (prototypes.shape[0], prototypes.shape[2], prototypes.shape[3])
        let weights = Self.vectors(coefficients.detach())
        let pixels = Self.vectors(prototypes.detach().permute(0, 2, 3, 1))
        let byImage = Dictionary(grouping: places.indices) { places[$0].image }
        // An image's gradients are its own, so that images can be computed side by side.
        let parts = ImageSurvey.map(Array(0..<count), chunk: 1) { image -> Part in
            part(byImage[image] ?? [], weights, pixels[image * height * width..<(image + 1) * height * width], width)
        }
        var rows = [Vector](repeating: .zero, count: places.count)
        for part in parts { for (place, gradient) in part.places { rows[place] = gradient } }
        let byPlace = Tensor(Self.numbers(rows), shape: coefficients.shape, like: coefficients)
        let byPixel = Tensor(
            Self.numbers(parts.flatMap(\.pixels)), shape: [count, height, width, Vector.scalarCount], like: prototypes)
        let value = Tensor([parts.reduce(Float(0)) { $0 + $1.loss }], shape: [], like: coefficients)
        return Tensor.record(
            "maskCrossEntropy", value.array, from: [coefficients, prototypes],
            saving: [byPlace, byPixel.permute(0, 3, 1, 2)], once: true
        ) { saved, gradient in
            [gradient * saved.tensor(0), gradient * saved.tensor(1)]
        }
    }

    /// What an image contributes: its share of the loss, and the gradients of its places and of its pixels.
    private struct Part: Sendable {
        var loss: Float = 0
        var places: [(Int, Vector)] = []
        var pixels: [Vector]
    }

    private func part(_ own: [Int], _ weights: [Vector], _ pixels: ArraySlice<Vector>, _ width: Int) -> Part {
        var part = Part(pixels: [Vector](repeating: .zero, count: pixels.count))
        for place in own {
            let (target, vector) = (places[place], weights[place])
            var gradient = Vector.zero
            for row in target.rows {
                for column in target.columns {
                    let pixel = row * width + column
                    let position = pixels.startIndex + pixel
                    let logit = (vector * pixels[position]).sum()
                    let wanted: Float = codes[target.plane * pixels.count + pixel] == target.code ? 1 : 0
                    let power = exp(-abs(logit))
                    part.loss += target.weight * (max(logit, 0) - logit * wanted + log1p(power))
                    let probability = logit > 0 ? 1 / (1 + power) : power / (1 + power)
                    let slope = target.weight * (probability - wanted)
                    gradient += slope * pixels[position]
                    part.pixels[pixel] += slope * vector
                }
            }
            part.places.append((place, gradient))
        }
        return part
    }

    /// A tensor [..., 32] as vectors.
    private static func vectors(_ tensor: Tensor) -> [Vector] {
        let values = tensor.toArray(as: Float.self)
        return stride(from: 0, to: values.count, by: Vector.scalarCount).map { start in
            Vector(values[start..<start + Vector.scalarCount])
        }
    }

    private static func numbers(_ vectors: [Vector]) -> [Float] {
        var numbers: [Float] = []
        numbers.reserveCapacity(vectors.count * Vector.scalarCount)
        for vector in vectors { for index in 0..<Vector.scalarCount { numbers.append(vector[index]) } }
        return numbers
    }
}
