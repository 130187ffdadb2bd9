import Foundation
import Switchback

/// Points on two arms that wind round each other, slightly off them.
struct Spirals {
    static let pointsOfAnArm = 100
    /// Points lie within this of the middle, on either axis.
    static let reach = 1.2
    private static let turns = 1.1
    private static let noise = 0.03

    /// [N, 2].
    let inputs: Tensor
    /// [N, 1]: 0 for the first arm, 1 for the second.
    let targets: Tensor

    /// The same points for the same seed.
    init(seed: Int) {
        let count = Self.pointsOfAnArm
        let distance = Tensor.linspace(0.1, 1, count)
        let angle = distance * (2 * .pi * Self.turns)
        let arm = Tensor.stack([distance * angle.cos(), distance * angle.sin()], dim: 1)
        let both = Tensor.cat([arm, -arm], dim: 0)
        inputs = both + Tensor.randn(both.shape, generator: Generator(seed: UInt64(seed))) * Self.noise
        targets = Tensor.cat([Tensor.zeros([count, 1]), Tensor.ones([count, 1])], dim: 0)
    }

    /// The middles of the cells of a square grid, row by row from the top left: [side², 2].
    static func grid(side: Int) -> Tensor {
        let half = reach / Double(side)
        let axis = Tensor.linspace(-reach + half, reach - half, side)
        let (y, x) = (-axis.reshape([side, 1]), axis.reshape([1, side]))
        let zeros = Tensor.zeros([side, side])
        return Tensor.stack([zeros + x, zeros + y], dim: 2).reshape([side * side, 2])
    }
}
