import Switchback
import TestSupport

let attentionParity: [String: ParityOperation] = [
    "sdpa": { a in
        [
            Tensor.scaledDotProductAttention(
                a["query"]!, a["key"]!, a["value"]!, mask: a["attn_mask"], isCausal: a.bool("is_causal") ?? false,
                scale: a.double("scale"), enableGQA: a.bool("enable_gqa") ?? false)
        ]
    },
    "multi_head_attention": { a in
        let (output, weights) = Tensor.multiHeadAttention(
            a["query"]!, a["key"]!, a["value"]!, heads: a.int("num_heads")!, inProjWeight: a["in_proj_weight"]!,
            inProjBias: a["in_proj_bias"], outProjWeight: a["out_weight"]!, outProjBias: a["out_bias"],
            keyPaddingMask: a["key_padding_mask"])
        return [output, weights!]
    },
]
