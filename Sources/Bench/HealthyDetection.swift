import DiagnosisBenchmark
import Switchback
import SwitchbackVision

extension HealthyCase {
    /// A detector that learns where a square is, and how large.
    static var detection: HealthyCase {
        HealthyCase(
            "detection of squares",
            Patient({ SquareDetector() }, { ((SquareDetector.images(64), Tensor.zeros([64])), nil) }).with {
                $0.loss = { loss, _ in loss }
                $0.batch = 8
                $0.rate = 1e-3
                $0.steps = 40
            })
    }
}

/// A network for detection whose result is its loss; the boxes it has to find are those of the bright pixels.
private final class SquareDetector: Module {
    let network = YOLO(.yolo11n, classes: ["small", "large"])
    private let loss = YOLOLoss()
    private static let side = 64

    /// Images of a square before noise, [n, 3, 64, 64].
    static func images(_ count: Int) -> Tensor {
        let images = Tensor.rand([count, 3, side, side]) * 0.3
        for image in 0..<count {
            let length = image % 2 == 0 ? 16 : 32
            let place = Tensor.randint(0..<(side - length), [2]).toArray(as: Int.self)
            noGrad {
                images.select(dim: 0, index: image).narrow(dim: 1, start: place[0], length: length)
                    .narrow(dim: 2, start: place[1], length: length).fill(1)
            }
        }
        return images
    }

    override func forward(_ images: Tensor) -> Tensor {
        loss(network.outputs(images), of: network, images.unbind(dim: 0).map { [Self.square(in: $0)] }).total
    }

    private static func square(in image: Tensor) -> LabeledBox {
        let isBright = image.detach().select(dim: 0, index: 0).gt(0.5)
        func extent(_ dim: Int) -> (center: Float, length: Int) {
            let lines = isBright.any(dim: dim).toArray(as: Bool.self)
            let (first, last) = (lines.firstIndex(of: true) ?? 0, lines.lastIndex(of: true) ?? 0)
            return (Float(first + last + 1) / 2, last + 1 - first)
        }
        let (across, down) = (extent(0), extent(1))
        let box = Box(
            centerX: across.center, centerY: down.center, width: Float(across.length), height: Float(down.length))
        return LabeledBox(box, classIndex: across.length > 20 ? 1 : 0)
    }
}
