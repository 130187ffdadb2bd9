import Foundation
import Hummingbird
import Switchback
import SwitchbackFormats
import SwitchbackServer

extension DataRoutes {
    private struct Mended: Encodable, Sendable {
        let mended: Int
    }

    /// What is likely wrong, and mending it.
    func addCheck(to group: RouterGroup<some RequestContext>) {
        group.get(":set/check") { [sets] _, context in
            let name = try context.parameters.part("set")
            return await files.answer(within: Self.longSeconds) { try DataFindings(try sets.set(name)) }
        }
        group.post(":set/check/mend") { [sets] request, context in
            let name = try context.parameters.part("set")
            return await files.answer(request, within: Self.longSeconds) { fields in
                try fields.checkNames(known: ["id", "who", "page", "kind", "image"])
                let set = try sets.set(name)
                let image = try fields["image"] == nil ? nil : set.index.image(fields.string("image"))
                let kind = try fields.choice("kind", default: LabelFault.Kind.doubled)
                let (id, who, page) = try (fields.name("id"), fields.name("who"), fields.name("page"))
                return Mended(mended: try set.mend(kind, image: image, id: id, who: who, page: page))
            }
        }
    }
}
