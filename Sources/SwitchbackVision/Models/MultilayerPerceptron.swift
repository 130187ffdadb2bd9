import Switchback

/// [N, …] → [N, classes] by three linear layers with rectifiers between them.
final class MultilayerPerceptron: Module {
    let fc1, fc2, fc3: Linear
    private let drop: Dropout

    /// - Parameter dropout: the share of features that training leaves out before the last layer.
    init(inputs: Int, classes: Int, dropout: Double = 0) {
        fc1 = Linear(inputs, 256)
        fc2 = Linear(256, 128)
        fc3 = Linear(128, classes)
        drop = Dropout(p: dropout)
    }

    override func forward(_ x: Tensor) -> Tensor { fc3(drop(fc2(fc1(x.flatten(start: 1)).relu()).relu())) }
}
