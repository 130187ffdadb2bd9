import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer

extension DataRoutes {
    /// The ids of very many images.
    private static let mostArrangedBytes = 1 << 20

    /// Images that are moved to another split or class, or deleted; and putting them back.
    func addArranging(to group: RouterGroup<some RequestContext>) {
        group.post(":set/arrangements") { [sets] request, context in
            let name = try context.parameters.part("set")
            return await files.answer(request, upTo: Self.mostArrangedBytes, within: Self.longSeconds) { fields in
                try sets.set(name).arrange(ImageArrangement(fields))
            }
        }
        group.post(":set/arrangements/:id/undo") { [sets] request, context in
            let (name, id) = try (context.parameters.part("set"), context.parameters.part("id"))
            return await files.answer(request, within: Self.longSeconds) { _ in try sets.set(name).takeBack(id) }
        }
    }
}
