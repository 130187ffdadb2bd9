import Switchback

// The overlap of turned rectangles by the normal distributions that stand for them (Murrugarra-Llerena et al.,
// "Probabilistic Intersection-over-Union for Training and Evaluation of Oriented Object Detectors", 2021).

private let epsilon = 1e-7

extension Tensor {
    /// The probabilistic IoU of rectangles with those of `other`, to which they broadcast: [..., 5] of center, width,
    /// height and angle → [..., 1]. It is 1 less the Hellinger distance, and nearly 1 of equal rectangles; that a square
    /// is turned it does not see.
    ///
    /// - Parameter floor: added to the variances, so that very thin rectangles have a gradient.
    public func probabilisticIoU(_ other: Tensor, floor: Double = 0) -> Tensor {
        let (a, b) = (split(1, dim: -1), other.split(1, dim: -1))
        let (p, q) = (Covariance(a, floor: floor), Covariance(b, floor: floor))
        let (xx, yy, xy) = (p.xx + q.xx, p.yy + q.yy, p.xy + q.xy)
        let (dx, dy) = (b[0] - a[0], a[1] - b[1])
        let determinant = xx * yy - xy.square()
        let divisor = determinant + epsilon
        let along = (xx * dy.square() + yy * dx.square()) / divisor * 0.25
        let across = xy * dx * dy / divisor * 0.5
        let spread = (p.determinant * q.determinant).sqrt() * 4 + epsilon
        let form = (determinant / spread + epsilon).log() * 0.5
        let distance = (along + across + form).clamp(min: epsilon, max: 100)
        let hellinger = (1 - (-distance).exp() + epsilon).sqrt()
        return 1 - hellinger
    }

    /// Turned rectangles from distances to their sides: [..., 4] and angles [..., 1], seen from points [..., 2] between
    /// the sides → [..., 5]. The distances are along the rectangle's own sides.
    package func rotatedBoxes(angles: Tensor, around centers: Tensor) -> Tensor {
        let sides = split(2, dim: -1)
        let shift = ((sides[1] - sides[0]) / 2).rotated(by: angles)
        return Tensor.cat([centers + shift, sides[0] + sides[1], angles], dim: -1)
    }

    /// The distances from points [..., 2] to the sides of turned rectangles [..., 5], along those: [..., 4].
    package func distancesToRotatedSides(from centers: Tensor) -> Tensor {
        let parts = split([2, 2, 1], dim: -1)
        let shift = (parts[0] - centers).rotated(by: -parts[2])
        return Tensor.cat([parts[1] / 2 - shift, parts[1] / 2 + shift], dim: -1)
    }

    /// Points [..., 2] turned about the origin by angles [..., 1], from the x axis toward the y axis.
    func rotated(by angles: Tensor) -> Tensor {
        let (c, s) = (angles.cos(), angles.sin())
        let parts = split(1, dim: -1)
        return Tensor.cat([parts[0] * c - parts[1] * s, parts[0] * s + parts[1] * c], dim: -1)
    }
}

/// The covariance of the distribution that stands for a rectangle: as that of points spread evenly over it.
private struct Covariance {
    let xx, yy, xy: Tensor

    init(_ box: [Tensor], floor: Double) {
        let a = box[2].square() / 12 + floor
        let b = box[3].square() / 12 + floor
        let (c, s) = (box[4].cos(), box[4].sin())
        xx = a * c.square() + b * s.square()
        yy = a * s.square() + b * c.square()
        xy = (a - b) * c * s
    }

    var determinant: Tensor { (xx * yy - xy.square()).clamp(min: 0) }
}
