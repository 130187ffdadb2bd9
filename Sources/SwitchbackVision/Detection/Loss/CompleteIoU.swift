import Switchback

// Complete intersection over union (Zheng et al., "Distance-IoU Loss", 2020, eq. 10): the overlap of two boxes, less
// the distance of their centers and the difference of their aspects. 1 for equal boxes, down to about −1.5.

/// Keeps divisors from 0. Added to heights only, as those who trained with it do.
private let epsilon: Float = 1e-7

extension Tensor {
    /// The complete IoU of boxes with those of `other`, to which they broadcast: [..., 4] of left, top, right and
    /// bottom → [..., 1]. The factor of the aspects' difference counts as a constant in the gradient, as in the paper.
    public func completeIoU(_ other: Tensor) -> Tensor {
        let (a, b) = (split(1, dim: -1), other.split(1, dim: -1))
        let (widthA, heightA) = (a[2] - a[0], a[3] - a[1] + epsilon)
        let (widthB, heightB) = (b[2] - b[0], b[3] - b[1] + epsilon)
        func common(_ low: Int, _ high: Int) -> Tensor {
            (a[high].minimum(b[high]) - a[low].maximum(b[low])).clamp(min: 0)
        }
        func whole(_ low: Int, _ high: Int) -> Tensor { a[high].maximum(b[high]) - a[low].minimum(b[low]) }
        let intersection = common(0, 2) * common(1, 3)
        let iou = intersection / (widthA * heightA + widthB * heightB - intersection + epsilon)

        let diagonal = whole(0, 2).square() + whole(1, 3).square() + epsilon
        let distance = ((b[0] + b[2] - a[0] - a[2]).square() + (b[1] + b[3] - a[1] - a[3]).square()) / 4
        let aspects = ((widthB / heightB).atan() - (widthA / heightA).atan()).square() * (4 / (Double.pi * .pi))
        let share = noGrad { aspects / (aspects - iou + (1 + epsilon)) }
        return iou - (distance / diagonal + aspects * share)
    }
}
