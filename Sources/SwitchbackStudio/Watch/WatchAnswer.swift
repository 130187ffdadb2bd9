import Foundation
import SwitchbackServer

/// What a served model has met lately, for the page `/watch`.
struct WatchAnswer: Encodable, Sendable {
    /// What is counted of an hour.
    struct Hour: Encodable, Sendable {
        /// Its beginning, in seconds since 1970.
        let begin: Double
        let requests, errors: Int
    }

    struct ClassShare: Encodable, Sendable {
        let name: String
        let count: Int
        let share: Double
        /// Among the objects that the run has learned from; `nil` where that is not known.
        let before: Double?
    }

    struct KeptImage: Encodable, Sendable {
        let name: String
        let time: Double
        let width, height: Int
        let uncertainty: Float
        let found: [[Float]]
    }

    let run: String
    let requests, errors: Int
    /// Of the time until an answer, in milliseconds: the middle, and what 95 and 99 of 100 stay below.
    let milliseconds: [Float]
    let hours: [Hour]
    let classes: [ClassShare]
    let drifts: [Drift]
    /// The least certain first.
    let images: [KeptImage]
    /// The data set that the run has learned from; `nil` where it is none of this studio's.
    let set: String?

    private static let hourCount = 48
    private static let mostImages = 60
    /// What a detector finds with less does not count as an object.
    private static let leastConfidence: Float = 0.25

    /// - Parameters:
    ///   - classNames: those of the model.
    init(_ run: String, _ met: MetRequests, classNames: [String], _ training: TrainingImages?, now: Date) {
        self.run = run
        (requests, errors) = (met.count, met.errors)
        let times = met.times.sorted()
        milliseconds =
            times.isEmpty ? [] : [0.5, 0.95, 0.99].map { times[min(times.count - 1, Int($0 * Double(times.count)))] }
        hours = Self.hours(met, now)
        classes = Self.shares(met.recent.flatMap(Self.objects), classNames, training)
        drifts = training.map { Self.drifts($0, met.recent) } ?? []
        let kept = met.withImages.compactMap { request -> KeptImage? in
            guard let name = request.image else { return nil }
            return KeptImage(
                name: name, time: request.time, width: request.width ?? 0, height: request.height ?? 0,
                uncertainty: request.uncertainty, found: request.found)
        }
        images = Array(kept.sorted { ($0.uncertainty, $0.time) > ($1.uncertainty, $1.time) }.prefix(Self.mostImages))
        set = training?.set
    }

    private static func hours(_ met: MetRequests, _ now: Date) -> [Hour] {
        let last = Int(now.timeIntervalSince1970 / 3600)
        return (last - hourCount + 1...last).map { number in
            let hour = met.hours[number] ?? MetRequests.Hour()
            return Hour(begin: Double(number) * 3600, requests: hour.requests, errors: hour.errors)
        }
    }

    /// The classes of what was found in an image.
    private static func objects(of request: KeptRequest) -> [Int] {
        if request.task == "classify" { return request.found.first.map { [Int($0[0])] } ?? [] }
        return request.found.filter { $0.count > 1 && $0[1] >= leastConfidence }.map { Int($0[0]) }
    }

    private static func shares(_ found: [Int], _ names: [String], _ training: TrainingImages?) -> [ClassShare] {
        let counts = found.reduce(into: [Int: Int]()) { $0[$1, default: 0] += 1 }
        return names.enumerated().map { number, name in
            let count = counts[number] ?? 0
            let before = training?.classes.firstIndex(of: name).map { training?.shares[$0] ?? 0 }
            return ClassShare(
                name: name, count: count, share: Double(count) / Double(max(1, found.count)), before: before)
        }
    }

    private static func drifts(_ training: TrainingImages, _ requests: [KeptRequest]) -> [Drift] {
        let objects = requests.first?.task == "classify" ? nil : requests.map { Double(Self.objects(of: $0).count) }
        return [
            Drift("brightness", from: training.brightness, to: requests.compactMap { $0.brightness.map(Double.init) }),
            Drift("contrast", from: training.contrast, to: requests.compactMap { $0.contrast.map(Double.init) }),
            objects.flatMap { Drift("objects", from: training.objects, to: $0) },
        ].compactMap { $0 }
    }
}
