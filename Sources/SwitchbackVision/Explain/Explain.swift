import Switchback

/// Shows which parts of an image a classifier's decision is based on.
///
/// ```swift
/// let map = Explain.gradCAM(model, at: model.layer4, images: images)  // [N, H, W] from 0 to 1
/// ```
public enum Explain {
    /// The positions of a layer whose features speak for a class (Selvaraju et al., "Grad-CAM", 2017, equations 1 and
    /// 2): features weighted by the mean of their gradients, where positive.
    ///
    /// - Parameters:
    ///   - model: gives [N, classes]; run as for inference, and left in the mode in which it was.
    ///   - layer: part of the model, with an output of [N, C, H', W']; usually the last one with positions.
    ///   - images: [N, C, H, W].
    ///   - classes: for each image; the one of the largest score by default.
    /// - Returns: [N, H, W], each map from 0 to 1; all zeros where nothing speaks for the class.
    public static func gradCAM(
        _ model: Module, at layer: Module, images: Tensor, classes: [Int]? = nil
    ) -> Tensor {
        var features: Tensor?
        let hook = layer.registerForwardHook { _, _, output in
            if !output.requiresGrad { output.requiresGrad = true }  // all before it is frozen
            features = output
            return nil
        }
        defer { layer.removeHook(hook) }
        let score = score(of: classes, in: model, images)
        guard let features, features.rank == 4,
            let gradient = gradients(of: [score], withRespectTo: [features])[0]
        else {
            fail("gradCAM", "the scores do not depend on \(type(of: layer)), or its output is not an image")
        }
        return noGrad {
            let weights = gradient.mean(dims: [2, 3], keepDim: true)
            let map = (features.detach() * weights).sum(dim: 1, keepDim: true).relu()
            let size = [images.size(2), images.size(3)]
            return normalized(map.interpolate(size: size, mode: .bilinear).squeeze(1))
        }
    }

    /// How much each pixel changes the score of a class (Simonyan, Vedaldi and Zisserman, "Deep inside convolutional
    /// networks", 2013): the largest magnitude of its gradients over the channels.
    ///
    /// - Parameters: as `gradCAM`.
    /// - Returns: [N, H, W], each map from 0 to 1.
    public static func saliency(_ model: Module, images: Tensor, classes: [Int]? = nil) -> Tensor {
        let pixels = images.detach().clone()
        pixels.requiresGrad = true
        let score = score(of: classes, in: model, pixels)
        guard let gradient = gradients(of: [score], withRespectTo: [pixels])[0] else {
            fail("saliency", "the scores do not depend on the images")
        }
        return noGrad { normalized(gradient.abs().amax(dim: 1)) }
    }

    /// The sum over the images of the scores of their classes.
    private static func score(of classes: [Int]?, in model: Module, _ images: Tensor) -> Tensor {
        let modes = model.namedModules().map { ($0.module, $0.module.isTraining) }
        model.eval()
        defer { for (module, wasTraining) in modes { module.train(wasTraining) } }
        let scores = enableGrad { model(images) }
        let chosen = classes.map { Tensor($0) } ?? scores.detach().argmax(dim: 1)
        guard chosen.count == scores.size(0) else {
            fail("Explain", "there are \(chosen.count) classes for \(scores.size(0)) images")
        }
        return enableGrad { scores.gather(dim: 1, index: chosen.unsqueeze(1)).sum() }
    }

    /// Each map divided by its largest value.
    private static func normalized(_ maps: Tensor) -> Tensor {
        let largest = maps.amax(dim: 2, keepDim: true).amax(dim: 1, keepDim: true)
        return maps / largest.clamp(min: 1e-37)
    }
}
