import Switchback

/// [N, …] → [N, classes] by three linear layers with rectifiers between them.
final class MultilayerPerceptron: Module {
    let fc1, fc2, fc3: Linear

    init(inputs: Int, classes: Int) {
        fc1 = Linear(inputs, 256)
        fc2 = Linear(256, 128)
        fc3 = Linear(128, classes)
    }

    override func forward(_ x: Tensor) -> Tensor { fc3(fc2(fc1(x.flatten(start: 1)).relu()).relu()) }
}
