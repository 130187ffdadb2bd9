import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer

/// What the page `/learn` asks for: the first example, the hike, and networks that are trained while one looks.
///
/// Each request is a small JSON object, whose fields are those of ``FirstExample``, ``Hike`` and ``SpiralOptions``. The
/// work is done on threads of its own, never on the pool that answers.
package struct LearnRoutes: Sendable {
    private let sessions: LearnSessions
    private let queue = WorkQueue("learn", threads: 2, limit: 32)

    /// - Parameter sessions: where trainings are kept while pages look at them.
    package init(sessions: LearnSessions = LearnSessions()) { self.sessions = sessions }

    /// Ends the threads.
    package func stop() { queue.stop() }

    package func add(to router: some RouterMethods<some RequestContext>) {
        let group = router.group("api/v1/learn")
        group.post("example") { request, _ in
            await queue.answer(request) { BackwardWalk(try FirstExample($0)) }
        }
        group.post("hike") { request, _ in await queue.answer(request) { HikeAnswer(try Hike($0)) } }
        group.get("presets") { _, _ in try Response(answering: PresetsAnswer()) }
        group.post("networks") { [sessions] request, _ in
            await queue.answer(request) { sessions.begin(try SpiralOptions($0)) }
        }
        group.post("networks/:id/steps") { [sessions] request, context in
            let id = try context.parameters.part("id")
            return await queue.answer(request) { fields in
                let steps = try fields.integer("steps", in: LearnSessions.stepRange, default: 1)
                guard let state = sessions.advance(id, by: steps) else { throw HTTPError(.notFound) }
                return state
            }
        }
    }
}

/// The ways of the hikers, and the learning rates that the page offers.
private struct HikeAnswer: Encodable {
    let rate: Double
    let rates: [Double]
    let steps: Int
    let paths: [Hike.Path]
    let curve: [FirstExample.Point]

    init(_ hike: Hike) {
        (rate, rates) = (hike.rate, Hike.rates)
        (steps, paths, curve) = (hike.stepCount, hike.paths, hike.start.valley)
    }
}

private struct PresetsAnswer: Encodable {
    struct Preset: Encodable {
        let name: String
        let options: SpiralOptions
    }

    let presets = SpiralPreset.allCases.map { Preset(name: $0.rawValue, options: $0.options) }
}
