import Foundation
import SwitchbackServer

/// What is counted of the requests in a file, so that none of them has to be read again.
package struct MetRequests: Sendable {
    struct Hour: Sendable {
        var requests = 0, errors = 0
    }

    package private(set) var count = 0
    package private(set) var errors = 0
    /// The time until each answer that was no error, in milliseconds.
    private(set) var times: [Float] = []
    /// By the number of hours since 1970.
    private(set) var hours: [Int: Hour] = [:]
    /// Those without an error, of which drift is told: what was long ago says nothing of now.
    private(set) var recent: [KeptRequest] = []
    /// Those whose images may still be kept.
    package private(set) var withImages: [KeptRequest] = []

    private static let mostRecent = 500

    mutating func add(_ request: KeptRequest) {
        count += 1
        let isError = request.status >= 400
        errors += isError ? 1 : 0
        // A line that somebody wrote by hand may have any time.
        if let hour = Int(exactly: (request.time / 3600).rounded(.down)) {
            hours[hour, default: Hour()].requests += 1
            hours[hour, default: Hour()].errors += isError ? 1 : 0
        }
        if isError { return }
        times.append(Float(request.milliseconds))
        recent.append(request)
        if recent.count > 2 * Self.mostRecent { keepRecent() }
        if request.image != nil { withImages.append(request) }
    }

    /// Adds those of a later file.
    mutating func add(_ later: MetRequests) {
        (count, errors) = (count + later.count, errors + later.errors)
        times += later.times
        hours.merge(later.hours) { Hour(requests: $0.requests + $1.requests, errors: $0.errors + $1.errors) }
        recent += later.recent
        keepRecent()
        withImages += later.withImages
    }

    private mutating func keepRecent() { recent.removeFirst(max(0, recent.count - Self.mostRecent)) }

    /// Forgets images that are kept no longer: none comes back.
    mutating func keepImages(_ there: Set<String>) {
        withImages.removeAll { !there.contains($0.image ?? "") }
    }
}
