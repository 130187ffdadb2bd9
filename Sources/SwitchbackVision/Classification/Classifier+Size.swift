import Switchback

extension Classifier {
    /// The same classifier for square images of another side, with the same weights: a vision transformer's positions are
    /// found between those that it has, and a network that averages over the image at its end needs nothing.
    ///
    /// Throws `InputError` where the network reads images of one size alone.
    public func resized(to side: Int) throws -> Classifier {
        let shape = configuration.inputShape
        guard shape.count == 3 else {
            throw InputError("option imgsz", "the weights are for inputs of shape \(Shape(shape)), which are no images")
        }
        if shape[1] == side && shape[2] == side { return self }
        guard quantized == nil else {
            throw InputError(
                "option imgsz", "a network in 8 bits reads images of \(shape[1]) pixels alone",
                remedy: "give its weights in float32")
        }
        var other = configuration
        other.inputShape = [shape[0], side, side]
        var state = model.stateDict()
        if let network = model as? VisionTransformer {
            let resized = try network.resized(to: side)
            (other.transformer, state) = (resized.sizes, resized.stateDict())
        }
        let result = try Classifier(other)
        guard result.model.stateDict().mapValues(\.shape) == state.mapValues(\.shape) else {
            throw InputError(
                "option imgsz",
                "these weights of \(configuration.model.rawValue) read images of \(shape[1]) pixels alone")
        }
        try result.model.load(stateDict: state)
        result.model.train(model.isTraining)
        return result
    }
}
