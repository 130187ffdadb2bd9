import Foundation
import SwitchbackServer

/// What a served model has met lately, for the page `/watch`.
struct WatchAnswer: Encodable, Sendable {
    /// What is counted of an hour.
    struct Hour: Encodable, Sendable {
        /// Its beginning, in seconds since 1970.
        let begin: Double
        var requests = 0, errors = 0
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
    let milliseconds: [Double]
    let hours: [Hour]
    let classes: [ClassShare]
    let drifts: [Drift]
    /// The least certain first.
    let images: [KeptImage]
    /// The data set that the run has learned from; `nil` where it is none of this studio's.
    let set: String?

    private static let hourCount = 48
    private static let mostImages = 60
    /// Drift is of now: older requests say what was.
    private static let mostCompared = 500
    /// What a detector finds with less does not count as an object.
    private static let leastConfidence: Float = 0.25

    /// - Parameters:
    ///   - there: the names of the images that are still kept.
    ///   - classNames: those of the model.
    init(
        _ run: String, _ requests: [KeptRequest], there: Set<String>, classNames: [String], _ training: TrainingImages?,
        now: Date
    ) {
        self.run = run
        self.requests = requests.count
        errors = requests.count { $0.status >= 400 }
        let answered = requests.filter { $0.status < 400 }
        let times = answered.map(\.milliseconds).sorted()
        milliseconds =
            times.isEmpty ? [] : [0.5, 0.95, 0.99].map { times[min(times.count - 1, Int($0 * Double(times.count)))] }
        hours = Self.hours(requests, now)
        let recent = answered.suffix(Self.mostCompared)
        classes = Self.shares(recent.flatMap(Self.objects), classNames, training)
        drifts = training.map { Self.drifts($0, Array(recent)) } ?? []
        let kept = answered.compactMap { request -> KeptImage? in
            guard let name = request.image, there.contains(name) else { return nil }
            return KeptImage(
                name: name, time: request.time, width: request.width ?? 0, height: request.height ?? 0,
                uncertainty: request.uncertainty, found: request.found)
        }
        images = Array(kept.sorted { ($0.uncertainty, $0.time) > ($1.uncertainty, $1.time) }.prefix(Self.mostImages))
        set = training?.set
    }

    private static func hours(_ requests: [KeptRequest], _ now: Date) -> [Hour] {
        let last = (now.timeIntervalSince1970 / 3600).rounded(.down)
        var hours = (0..<hourCount).map { Hour(begin: (last - Double(hourCount - 1 - $0)) * 3600) }
        for request in requests {
            let place = hourCount - 1 - Int(last - (request.time / 3600).rounded(.down))
            guard hours.indices.contains(place) else { continue }
            hours[place].requests += 1
            if request.status >= 400 { hours[place].errors += 1 }
        }
        return hours
    }

    /// The classes of what was found in an image.
    private static func objects(of request: KeptRequest) -> [Int] {
        if request.task == "classify" { return request.found.first.map { [Int($0[0])] } ?? [] }
        return request.found.filter { $0.count > 1 && $0[1] >= leastConfidence }.map { Int($0[0]) }
    }

    private static func shares(_ found: [Int], _ names: [String], _ training: TrainingImages?) -> [ClassShare] {
        names.enumerated().map { number, name in
            let count = found.count { $0 == number }
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
