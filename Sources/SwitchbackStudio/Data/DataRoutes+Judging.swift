import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer

extension DataRoutes {
    /// What runs find in the images of a data set: looked for in the background, and compared.
    func addJudging(to group: RouterGroup<some RequestContext>) {
        group.post(":set/judgements") { [sets, judgements] request, context in
            let name = try context.parameters.part("set")
            return await files.answer(request, within: Self.longSeconds) { fields in
                try fields.checkNames(known: ["run"])
                return try judgements.begin(sets.set(name), by: fields.string("run"))
            }
        }
        group.get(":set/judgements") { [sets, judgements] request, context in
            let name = try context.parameters.part("set")
            let run = request.uri.queryParameters.get("run") ?? ""
            return await files.answer(within: Self.longSeconds) {
                try judgements.judgement(of: sets.set(name), by: run).answer
            }
        }
        group.post(":set/judgements/stop") { [sets, judgements] request, context in
            let name = try context.parameters.part("set")
            return await files.answer(request) { fields in
                let judgement = try judgements.judgement(of: sets.set(name), by: fields.string("run"))
                judgement.stop()
                return judgement.answer
            }
        }
        group.get(":set/comparison") { [sets, judgements] request, context in
            let name = try context.parameters.part("set")
            let query = request.uri.queryParameters
            return await files.answer(within: Self.longSeconds) {
                let set = try sets.set(name)
                let runs = [query.get("a"), query.get("b")].compactMap { $0 }.filter { !$0.isEmpty }
                guard !runs.isEmpty else {
                    throw InputError("request", at: "field a", "a run is needed, as in detect/train")
                }
                return try RunComparison(set, runs.map { try judgements.judgement(of: set, by: $0) }, query)
            }
        }
    }
}
