import Switchback
import SwitchbackDrawing
import SwitchbackTraining

/// A classifier's prediction for an image, and the parts of the image that it is based on.
public struct ClassifierExplanation {
    public let prediction: Classifier.Prediction
    public let image: Raster
    /// How much each pixel changes the class's score, [H, W] from 0 to 1: see `Explain.saliency`.
    public let saliency: Tensor
    /// Where features speak for the class, [H, W] from 0 to 1: see `Explain.gradCAM`. `nil` for networks without
    /// positions.
    public let features: Tensor?
}

extension Classifier {
    /// Why images, [N, C, H, W] as they are in files, are taken for what they are taken for.
    ///
    /// - Throws: `InputError` where the inputs are not images.
    public func explain(_ inputs: Tensor) throws -> [ClassifierExplanation] {
        guard let images = inputs.rasters() else {
            throw InputError("inputs of shape \(inputs.shape)", "only images can be explained: [N, C, H, W]")
        }
        let predictions = try predict(inputs)
        let classes = predictions.map(\.classIndex)
        let normalized = configuration.normalization.apply(to: inputs)
        let saliency = Explain.saliency(model, images: normalized, classes: classes)
        let features = (model as? any FeatureMapped).map {
            Explain.gradCAM(model, at: $0.featureMap, images: normalized, classes: classes)
        }
        return predictions.indices.map { index in
            ClassifierExplanation(
                prediction: predictions[index], image: images[index], saliency: saliency[index],
                features: features.map { $0[index] })
        }
    }
}

extension [ClassifierExplanation] {
    /// Each image with its class, and what speaks for it: in a row of two or three.
    public func figure(title: String? = nil) -> ImageGrid {
        let tiles = flatMap { explanation -> [ImageGrid.Tile] in
            let found = explanation.prediction
            var row = [
                ImageGrid.Tile(explanation.image, "\(found.className) \(found.probability.percent)"),
                ImageGrid.Tile(explanation.image.tinted(by: explanation.saliency), "pixels: input gradients"),
            ]
            if let features = explanation.features {
                row.append(ImageGrid.Tile(explanation.image.tinted(by: features), "features: Grad-CAM"))
            }
            return row
        }
        let largest = map { Swift.max($0.image.width, $0.image.height) }.max() ?? 0
        return ImageGrid(
            title: title, tiles, columns: first?.features == nil ? 2 : 3, tileSize: Swift.max(196, Double(largest)))
    }
}

extension Raster {
    /// The image in gray, colored by a map of the same size, from 0 for the plain gray to 1.
    fileprivate func tinted(by map: Tensor) -> Raster {
        let parts = map.toArray(as: Double.self)
        let colors = ColorMap.viridis
        return Raster(
            width: width, height: height,
            rgb: parts.enumerated().flatMap { position, part -> [UInt8] in
                let pixel = rgb[3 * position..<3 * position + 3].map { Double($0) / 255 }
                let gray = 0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]
                let color = Color(red: gray, green: gray, blue: gray).mixed(with: colors(part), 0.15 + 0.6 * part)
                return [color.red, color.green, color.blue].map { UInt8(($0 * 255).rounded()) }
            })
    }
}
