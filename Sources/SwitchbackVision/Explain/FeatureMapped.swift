import Switchback

/// A network for images that has a last layer whose features still have positions: where `Explain.gradCAM` looks.
protocol FeatureMapped: Module {
    var featureMap: Module { get }
}
