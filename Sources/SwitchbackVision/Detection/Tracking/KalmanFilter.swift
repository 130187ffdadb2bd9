/// Estimates a number that moves with nearly constant velocity from noisy measurements, one a frame (Kalman, "A New
/// Approach to Linear Filtering and Prediction Problems", 1960).
struct KalmanFilter {
    private(set) var position: Double
    private(set) var velocity = 0.0
    /// The covariance of position and velocity.
    private var (positionVariance, covariance, velocityVariance): (Double, Double, Double)

    /// - Parameter deviation: how far the first measurement may be off.
    init(_ measurement: Double, deviation: Double) {
        position = measurement
        let variance = deviation * deviation
        // Of the velocity nothing is known yet.
        (positionVariance, covariance, velocityVariance) = (4 * variance, 0, 100 * variance)
    }

    /// Continues by one frame.
    ///
    /// - Parameter acceleration: how much the velocity may change in a frame.
    mutating func predict(acceleration: Double) {
        let noise = acceleration * acceleration
        position += velocity
        positionVariance += 2 * covariance + velocityVariance + noise / 4
        covariance += velocityVariance + noise / 2
        velocityVariance += noise
    }

    /// Heeds a measurement.
    mutating func correct(_ measurement: Double, deviation: Double) {
        let total = positionVariance + deviation * deviation
        let (gain, velocityGain) = (positionVariance / total, covariance / total)
        let surprise = measurement - position
        position += gain * surprise
        velocity += velocityGain * surprise
        velocityVariance -= velocityGain * covariance
        covariance *= 1 - gain
        positionVariance *= 1 - gain
    }
}
