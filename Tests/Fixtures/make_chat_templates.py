#!/usr/bin/env python3
"""chat_templates.json: what Transformers makes of chat templates and of single constructs of their language.

`templates` are written for this file in the forms that models publish: marks, defaults, tools, thoughts, dates, trims.
`rendered` holds for each template and conversation the text, or null where the template refuses.  `generated` are the
ranges of code points that `{% generation %}` marks.  `language` are pairs of a template and its text over VARIABLES.
A folder of further templates (*.jinja) can be named as an argument; then a file of that name is written beside it.

Needs transformers 5.24 and jinja2 3.1.6.
"""
import json
import sys
from pathlib import Path

from transformers.utils.chat_template_utils import _compile_jinja_template, render_jinja_template

HERE = Path(__file__).resolve().parent
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"}
TOOLS = [{"type": "function", "function": {"name": "weather", "description": "Tells the \"weather\" & wind.", "parameters": {
    "type": "object", "properties": {"city": {"type": "string", "description": "Where, e.g. Köln"}, "days": {"type": "integer", "enum": [1, 3.5, None, True]}},
    "required": ["city"]}}}]
CALL = [{"id": "call00001", "type": "function", "function": {"name": "weather", "arguments": {"city": "Köln", "days": 3}}}]
CONVERSATIONS = [
    dict(messages=[dict(role="user", content="Hello there")], add_generation_prompt=True),
    dict(messages=[dict(role="system", content=" Be kind. "), dict(role="user", content="  Who\nare you? \n")], add_generation_prompt=True),
    dict(messages=[dict(role="user", content="Hi"), dict(role="assistant", content="<think>\nhm\n</think>\n\nHo é"), dict(role="user", content="Bye {{ x }}")],
         add_generation_prompt=True, enable_thinking=False),
    dict(messages=[dict(role="system", content="S"), dict(role="user", content="a"), dict(role="assistant", content="b "), dict(role="user", content="c"),
                   dict(role="assistant", content="d")], add_generation_prompt=False),
    dict(messages=[dict(role="user", content="Weather?"), dict(role="assistant", content="", tool_calls=CALL),
                   dict(role="tool", name="weather", tool_call_id="call00001", content="{\"t\": 20}"), dict(role="assistant", content="20 degrees."),
                   dict(role="user", content="Thanks")], tools=TOOLS, add_generation_prompt=True),
    dict(messages=[dict(role="user", content="Solve"), dict(role="assistant", content="4", reasoning_content="two and two"), dict(role="user", content="again")],
         add_generation_prompt=True, enable_thinking=True),
]

TEMPLATES = {
    "chatml": """{% for message in messages %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}""",
    "chatml with a default": """{% for message in messages %}{% if loop.first and messages[0]['role'] != 'system' %}{{ '<|im_start|>system\\nYou are a helpful AI assistant named Small<|im_end|>\\n' }}{% endif %}{{'<|im_start|>' + message['role'] + '\\n' + message['content'] + '<|im_end|>' + '\\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}""",
    "chatml with a beginning": """{{bos_token}}{% for message in messages %}{{'<|im_start|>' + message['role'] + '
' + message['content'] + '<|im_end|>' + '
'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant
' }}{% endif %}""",
    "instructions in brackets": """{% if messages[0]['role'] == 'system' %}{% set loop_messages = messages[1:] %}{% set system_message = messages[0]['content'] %}{% else %}{% set loop_messages = messages %}{% set system_message = false %}{% endif %}{% for message in loop_messages %}{% if (message['role'] == 'user') != (loop.index0 % 2 == 0) %}{{ raise_exception('Conversation roles must alternate user/assistant/user/assistant/...') }}{% endif %}{% if loop.index0 == 0 and system_message != false %}{% set content = '<<SYS>>\\n' + system_message + '\\n<</SYS>>\\n\\n' + message['content'] %}{% else %}{% set content = message['content'] %}{% endif %}{% if message['role'] == 'user' %}{{ bos_token + '[INST] ' + content.strip() + ' [/INST]' }}{% elif message['role'] == 'assistant' %}{{ ' '  + content.strip() + ' ' + eos_token }}{% endif %}{% endfor %}""",
    "headers": """{% set loop_messages = messages %}{% for message in loop_messages %}{% set content = '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' %}{% if loop.index0 == 0 %}{% set content = bos_token + content %}{% endif %}{{ content }}{% endfor %}{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}{% endif %}""",
    "headers with tools and a date": """{{- bos_token }}
{%- if custom_tools is defined %}
    {%- set tools = custom_tools %}
{%- endif %}
{%- if not tools_in_user_message is defined %}
    {%- set tools_in_user_message = true %}
{%- endif %}
{%- if not date_string is defined %}
    {%- set date_string = "26 Jul 2024" %}
{%- endif %}
{%- if not tools is defined %}
    {%- set tools = none %}
{%- endif %}

{#- The system message. #}
{%- if messages[0]['role'] == 'system' %}
    {%- set system_message = messages[0]['content']|trim %}
    {%- set messages = messages[1:] %}
{%- else %}
    {%- set system_message = "" %}
{%- endif %}
{{- "<|start_header_id|>system<|end_header_id|>\\n\\n" }}
{%- if builtin_tools is defined or tools is not none %}
    {{- "Environment: ipython\\n" }}
{%- endif %}
{%- if builtin_tools is defined %}
    {{- "Tools: " + builtin_tools | reject('equalto', 'code_interpreter') | join(", ") + "\\n\\n"}}
{%- endif %}
{{- "Cutting Knowledge Date: December 2023\\n" }}
{{- "Today Date: " + date_string + "\\n\\n" }}
{{- system_message }}
{{- "<|eot_id|>" }}
{%- if tools_in_user_message and not tools is none %}
    {%- if messages | length != 0 %}
        {%- set first_user_message = messages[0]['content']|trim %}
        {%- set messages = messages[1:] %}
    {%- else %}
        {{- raise_exception("Cannot put tools in the first user message when there's no first user message!") }}
{%- endif %}
    {{- '<|start_header_id|>user<|end_header_id|>\\n\\n' -}}
    {{- "Given the following functions, please respond with a JSON for a function call.\\n\\n" }}
    {%- for t in tools %}
        {{- t | tojson(indent=4) }}
        {{- "\\n\\n" }}
    {%- endfor %}
    {{- first_user_message + "<|eot_id|>"}}
{%- endif %}
{%- for message in messages %}
    {%- if not (message.role == 'ipython' or message.role == 'tool' or 'tool_calls' in message) %}
        {{- '<|start_header_id|>' + message['role'] + '<|end_header_id|>\\n\\n'+ message['content'] | trim + '<|eot_id|>' }}
    {%- elif 'tool_calls' in message %}
        {%- if not message.tool_calls|length == 1 %}
            {{- raise_exception("This model only supports single tool-calls at once!") }}
        {%- endif %}
        {%- set tool_call = message.tool_calls[0].function %}
        {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' -}}
        {{- '{"name": "' + tool_call.name + '", ' }}
        {{- '"parameters": ' }}
        {{- tool_call.arguments | tojson }}
        {{- "}" }}
        {{- "<|eot_id|>" }}
    {%- elif message.role == "tool" or message.role == "ipython" %}
        {{- "<|start_header_id|>ipython<|end_header_id|>\\n\\n" }}
        {%- if message.content is mapping or message.content is iterable %}
            {{- message.content | tojson }}
        {%- else %}
            {{- message.content }}
        {%- endif %}
        {{- "<|eot_id|>" }}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|start_header_id|>assistant<|end_header_id|>\\n\\n' }}
{%- endif %}
""",
    "thoughts and tools": """{%- if tools %}
    {{- '<|im_start|>system\\n' }}
    {%- if messages[0].role == 'system' %}
        {{- messages[0].content + '\\n\\n' }}
    {%- endif %}
    {{- "# Tools\\n\\n<tools>" }}
    {%- for tool in tools %}
        {{- "\\n" }}
        {{- tool | tojson }}
    {%- endfor %}
    {{- "\\n</tools><|im_end|>\\n" }}
{%- else %}
    {%- if messages[0].role == 'system' %}
        {{- '<|im_start|>system\\n' + messages[0].content + '<|im_end|>\\n' }}
    {%- endif %}
{%- endif %}
{%- set ns = namespace(multi_step_tool=true, last_query_index=messages|length - 1) %}
{%- for message in messages[::-1] %}
    {%- set index = (messages|length - 1) - loop.index0 %}
    {%- if ns.multi_step_tool and message.role == "user" and message.content is string and not(message.content.startswith('<tool_response>') and message.content.endswith('</tool_response>')) %}
        {%- set ns.multi_step_tool = false %}
        {%- set ns.last_query_index = index %}
    {%- endif %}
{%- endfor %}
{%- for message in messages %}
    {%- if message.content is string %}
        {%- set content = message.content %}
    {%- else %}
        {%- set content = '' %}
    {%- endif %}
    {%- if (message.role == "user") or (message.role == "system" and not loop.first) %}
        {{- '<|im_start|>' + message.role + '\\n' + content + '<|im_end|>' + '\\n' }}
    {%- elif message.role == "assistant" %}
        {%- set reasoning_content = '' %}
        {%- if message.reasoning_content is string %}
            {%- set reasoning_content = message.reasoning_content %}
        {%- else %}
            {%- if '</think>' in content %}
                {%- set reasoning_content = content.split('</think>')[0].rstrip('\\n').split('<think>')[-1].lstrip('\\n') %}
                {%- set content = content.split('</think>')[-1].lstrip('\\n') %}
            {%- endif %}
        {%- endif %}
        {%- if loop.index0 > ns.last_query_index %}
            {%- if loop.last or (not loop.last and reasoning_content) %}
                {{- '<|im_start|>' + message.role + '\\n<think>\\n' + reasoning_content.strip('\\n') + '\\n</think>\\n\\n' + content.lstrip('\\n') }}
            {%- else %}
                {{- '<|im_start|>' + message.role + '\\n' + content }}
            {%- endif %}
        {%- else %}
            {{- '<|im_start|>' + message.role + '\\n' + content }}
        {%- endif %}
        {%- if message.tool_calls %}
            {%- for tool_call in message.tool_calls %}
                {%- if (loop.first and content) or (not loop.first) %}
                    {{- '\\n' }}
                {%- endif %}
                {%- if tool_call.function %}
                    {%- set tool_call = tool_call.function %}
                {%- endif %}
                {{- '<tool_call>\\n{"name": "' }}
                {{- tool_call.name }}
                {{- '", "arguments": ' }}
                {%- if tool_call.arguments is string %}
                    {{- tool_call.arguments }}
                {%- else %}
                    {{- tool_call.arguments | tojson }}
                {%- endif %}
                {{- '}\\n</tool_call>' }}
            {%- endfor %}
        {%- endif %}
        {{- '<|im_end|>\\n' }}
    {%- elif message.role == "tool" %}
        {%- if loop.first or (messages[loop.index0 - 1].role != "tool") %}
            {{- '<|im_start|>user' }}
        {%- endif %}
        {{- '\\n<tool_response>\\n' }}
        {{- content }}
        {{- '\\n</tool_response>' }}
        {%- if loop.last or (messages[loop.index0 + 1].role != "tool") %}
            {{- '<|im_end|>\\n' }}
        {%- endif %}
    {%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
    {{- '<|im_start|>assistant\\n' }}
    {%- if enable_thinking is defined and enable_thinking is false %}
        {{- '<think>\\n\\n</think>\\n\\n' }}
    {%- endif %}
{%- endif %}""",
    "turns": """{{ bos_token }}
{%- if messages[0]['role'] == 'system' -%}
    {%- if messages[0]['content'] is string -%}
        {%- set first_user_prefix = messages[0]['content'] + '

' -%}
    {%- else -%}
        {%- set first_user_prefix = messages[0]['content'][0]['text'] + '

' -%}
    {%- endif -%}
    {%- set loop_messages = messages[1:] -%}
{%- else -%}
    {%- set first_user_prefix = "" -%}
    {%- set loop_messages = messages -%}
{%- endif -%}
{%- for message in loop_messages -%}
    {%- if (message['role'] == 'user') != (loop.index0 % 2 == 0) -%}
        {{ raise_exception("Conversation roles must alternate user/assistant/user/assistant/...") }}
    {%- endif -%}
    {%- if (message['role'] == 'assistant') -%}
        {%- set role = "model" -%}
    {%- else -%}
        {%- set role = message['role'] -%}
    {%- endif -%}
    {{ '<start_of_turn>' + role + '
' + (first_user_prefix if loop.first else "") }}
    {%- if message['content'] is string -%}
        {{ message['content'] | trim }}
    {%- elif message['content'] is iterable -%}
        {%- for item in message['content'] -%}
            {%- if item['type'] == 'image' -%}
                {{ '<start_of_image>' }}
            {%- elif item['type'] == 'text' -%}
                {{ item['text'] | trim }}
            {%- endif -%}
        {%- endfor -%}
    {%- else -%}
        {{ raise_exception("Invalid content type") }}
    {%- endif -%}
    {{ '<end_of_turn>
' }}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{'<start_of_turn>model
'}}
{%- endif -%}
""",
    "bars": """{% for message in messages %}
{% if message['role'] == 'user' %}
{{ '<|user|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'system' %}
{{ '<|system|>\\n' + message['content'] + eos_token }}
{% elif message['role'] == 'assistant' %}
{{ '<|assistant|>\\n'  + message['content'] + eos_token }}
{% endif %}
{% if loop.last and add_generation_prompt %}
{{ '<|assistant|>' }}
{% endif %}
{% endfor %}""",
    "a generation block": """{%- for message in messages %}
{%- if message.role == 'assistant' %}
<|assistant|>
{% generation %}
{{ message.content }}{{ eos_token }}
{% endgeneration %}
{%- else %}
<|{{ message.role }}|>
{{ message.content }}
{%- endif %}
{%- endfor %}
{%- if add_generation_prompt %}
<|assistant|>
{%- endif %}""",
    "macros over types": """{%- macro json_to_python_type(json_spec) %}
{%- set basic_type_map = {"string": "str", "number": "float", "integer": "int", "boolean": "bool"} %}
{%- if basic_type_map[json_spec.type] is defined %}
    {{- basic_type_map[json_spec.type] }}
{%- elif json_spec.type == "array" %}
    {{- "list[" +  json_to_python_type(json_spec|items) + "]"}}
{%- elif json_spec.type is iterable and json_spec.type is not string %}
    {{- "Union[" }}
    {%- for t in json_spec.type %}
      {{- json_to_python_type({"type": t}) }}
      {%- if not loop.last %}{{- "," }}{%- endif %}
    {%- endfor %}
    {{- "]" }}
{%- else %}
    {{- "Any" }}
{%- endif %}
{%- endmacro %}
{{- bos_token }}
{%- for tool in tools or [] %}
    {%- if tool.function is defined %}
        {%- set tool = tool.function %}
    {%- endif %}
    {{- tool.name + "(" }}
    {%- for param_name, param_fields in tool.parameters.properties|items %}
        {{- param_name + ": " + json_to_python_type(param_fields) }}
        {%- if not loop.last %}
            {{- ", " }}
        {%- endif %}
    {%- endfor %}
    {{- ") -> " }}
    {%- for name, spec in tool.parameters.properties.items() if name in tool.parameters.required %}
        {{- name | upper ~ "=" ~ spec.description | default("nothing") }}
    {%- else %}
        {{- "nothing required" }}
    {%- endfor %}
    {{- "\\n" }}
{%- endfor %}
{%- for message in messages %}
    {%- if message.role == "tool" %}{% continue %}{% endif %}
    {{- loop.index ~ "/" ~ loop.length ~ " " ~ message.role | title ~ ": " }}
    {%- if message.tool_calls is defined and message.tool_calls %}
        {%- for call in message.tool_calls | map(attribute="function") | selectattr("name", "equalto", "weather") %}
            {{- call.name ~ call.arguments | dictsort }}
        {%- endfor %}
    {%- else %}
        {{- message.content | replace("\\n", " ") | indent(2, true) }}
    {%- endif %}
    {{- "\\n" }}
{%- endfor %}""",
}

VARIABLES = {"n": 7, "x": 2.5, "name": "Ada", "words": ["b", "a", "C", "a"], "none": None, "flag": True, "text": "  Hällo wörld\n line two \n",
             "people": [{"name": "Ada", "age": 36, "tags": ["m"]}, {"name": "Bob", "age": 20}, {"name": "Cy", "age": 36}],
             "tree": [{"v": 1, "c": [{"v": 2, "c": []}, {"v": 3, "c": [{"v": 4, "c": []}]}]}], "d": {"k": 1, "items": [1, 2], "Z": "z", "a": None}}
LANGUAGE = """
{{ n + 3 * 2 - 1 }} {{ n / 2 }} {{ n // 2 }} {{ -n // 2 }} {{ -n % 3 }} {{ n % -3 }} {{ 2 ** 10 }} {{ 2 ** -1 }} {{ x * 2 }} {{ 7.0 // 2 }}
{{ 1e3 }} {{ 1.5e-7 }} {{ 1e16 }} {{ 123456789012345.0 }} {{ 0.1 + 0.2 }} {{ 1_000 }} {{ 10 ** 18 }} {{ 3.0 }} {{ -0.0 }}
{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ "a" in "cat" }} {{ "z" not in words }} {{ not flag }} {{ flag and name }} {{ none or "x" }} {{ 1 == 1.0 }} {{ True == 1 }} {{ "1" == 1 }}
{{ "a" ~ 1 ~ none ~ true }} {{ "ab" "cd" }} {{ 'it\\'s' }} {{ "\\u00e9\\x41\\n\\t\\q" }} {{ [1, "a", none, true, 2.0, {"k": [1]}] }} {{ (1,) }} {{ () }} {{ {"a": 'b"c', 1: "it's"} }}
{{ "yes" if flag else "no" }} {{ "yes" if none }}! {{ (1 if false else 2) + 1 }} {{ 1 if false else 2 if false else 3 }}
{{ words[0] }}{{ words[-1] }} {{ words[1:] }} {{ words[::-1] }} {{ words[:-2] }} {{ words[5:] }} {{ text[2:7] }} {{ name[::-1] }} {{ name[-10:2] }} {{ words[-1::-2] }}
{{ missing }}|{{ missing is defined }} {{ d.missing is defined }} {{ d.k }} {{ d['k'] }} {{ d.get('q', 5) }} {{ d.get('q') }} {{ d.items() | list | length }} {{ d['items'] }} {{ d.keys() | list }}
{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %} {% for k in d %}{{ k }},{% endfor %} {% for k, v in d | dictsort %}{{ k }}{% endfor %} {{ d | dictsort(true) }} {{ d | length }}
{% for w in words %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.cycle('x', 'y') }}{{ loop.previtem }}{{ loop.nextitem }}{{ loop.changed(w) }} {% endfor %}
{% for w in words if w != 'a' %}{{ loop.index }}{{ w }}{% else %}none{% endfor %} {% for w in [] %}{{ w }}{% else %}empty{% endfor %} {% for i in range(5) %}{% if i == 3 %}{% break %}{% endif %}{% if i is odd %}{% continue %}{% endif %}{{ i }}{% endfor %} {{ range(2, 10, 3) | list }}
{% for node in tree recursive %}[{{ node.v }}{{ loop.depth }}{{ loop(node.c) }}]{% endfor %}
{% set a = 1 %}{% for i in [1, 2] %}{% set a = a + i %}{{ a }}{% endfor %}{{ a }} {% set ns = namespace(c=0) %}{% for i in [1, 2] %}{% set ns.c = ns.c + i %}{% endfor %}{{ ns.c }} {% set p, q = 1, 2 %}{{ p }}{{ q }} {% set b %}x{{ a }}y{% endset %}{{ b }} {% set b | upper %}x{{ a }}y{% endset %}{{ b }}
{% macro m(a, b=2, c=none) %}{{ a }}-{{ b }}-{{ c }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1) }} {{ m(1, c=3) }} {{ m(1, 2, 3, 4) }} {{ m(1, z=9) }} {{ m() }} {{ m.name }} {% macro fact(k) %}{{ 1 if k < 2 else k * fact(k - 1) | int }}{% endmacro %}{{ fact(5) }}
{% macro w(t) %}<{{ t }}>{{ caller(3) }}</{{ t }}>{% endmacro %}{% call(v) w("b") %}body{{ v }}{% endcall %} {% filter upper | trim %} x{{ name }} {% endfilter %} {% with z = 5, y = n %}{{ z + y }}{% endwith %}{{ z is defined }}
{{ name | upper | lower | title }} {{ "HELLO wOrld-foo (bar" | title }} {{ "hELLO" | capitalize }} {{ text | trim }}|{{ text | length }} {{ "a-b" | replace("-", "+") }} {{ "aaa" | replace("a", "b", 2) }} {{ "x" | default("y") }} {{ missing | default("y") }} {{ "" | default("y", true) }} {{ none | default("y") }} {{ missing | d }}
{{ words | join(", ") }} {{ people | join("-", attribute="name") }} {{ words | sort }} {{ words | sort(reverse=true) }} {{ words | sort(case_sensitive=true) }} {{ people | sort(attribute="age") | map(attribute="name") | list }} {{ words | unique | list }} {{ words | first }} {{ words | last }} {{ words | reverse | list }} {{ name | reverse }} {{ [3, 1, 2] | min }} {{ [3, 1, 2] | max }} {{ [3, 1, 2] | sum }} {{ people | sum(attribute="age") }}
{{ people | map(attribute="name") | join }} {{ people | map(attribute="tags", default="-") | list }} {{ words | map("upper") | list }} {{ people | selectattr("age", "gt", 30) | map(attribute="name") | list }} {{ people | rejectattr("tags") | map(attribute="name") | list }} {{ people | rejectattr("tags", "defined") | list | length }} {{ [0, 1, 2] | select | list }} {{ [0, 1, 2] | reject("odd") | list }} {{ words | select("in", ["a"]) | list }} {{ people | groupby("age") | map("first") | list }} {% for age, list in people | groupby("age") %}{{ age }}:{{ list | map(attribute="name") | join }} {% endfor %} {{ [1, 2, 3, 4, 5] | batch(2) | list }} {{ [1, 2, 3] | batch(2, 0) | list }}
{{ "3" | int }} {{ "3.7" | int }} {{ "x" | int }} {{ "x" | int(5) }} {{ 3.9 | int }} {{ "2.5" | float }} {{ 2.567 | round(1) }} {{ 2.5 | round }} {{ 2.1 | round(0, "ceil") }} {{ -3 | abs }} {{ 5 | string + "a" }} {{ "%s has %d, %.2f" | format(name, n, x) }} {{ "%s-%s" % (1, 2) }} {{ "{} {0} {a}".format(1, a=2) if false else "{} {a}".format(1, a=2) }}
{{ d | tojson }} {{ d | tojson(indent=2) }} {{ [] | tojson(indent=2) }} {{ "é<&>'\\"\\n" | tojson }} {{ "é" | tojson(ensure_ascii=true) }} {{ {"b": 1, "a": [1.5, 1e20]} | tojson(sort_keys=true, separators=(",", ":")) }} {{ [1, [2, {}], {"a": {}}] | tojson(indent=1) }}
{{ "a,b,,c".split(",") }} {{ " a  b ".split() }} {{ "a b c".split(" ", 1) }} {{ "a.b.c".rsplit(".", 1) }} {{ "abc".startswith("ab") }} {{ "abc".endswith(("x", "c")) }} {{ "xxaxx".strip("x") }} {{ "xxa".lstrip("x") }} {{ "axx".rstrip("x") }} {{ "a-b-c".partition("-") }} {{ "a-b-c".rpartition("-") }} {{ "abcabc".find("c") }} {{ "abcabc".rfind("c") }} {{ "aXa".count("a") }} {{ "ab".join(["1", "2", "3"]) }} {{ "l1\\nl2\\r\\nl3".splitlines() }} {{ "hello world".title() }} {{ "they're".title() }} {{ "x".zfill(3) }} {{ "prefix".removeprefix("pre") }} {{ "12".isdigit() }} {{ "a".isalpha() }} {{ "ABC".isupper() }} {{ "Ab".islower() }} {{ "ß".upper() }} {{ "ABC".lower() }} {{ "aBC".capitalize() }} {{ "abcabc".replace("b", "") }}
{{ 3 is odd }} {{ 4 is even }} {{ 4 is divisibleby 2 }} {{ 4 is divisibleby(3) }} {{ name is string }} {{ words is iterable }} {{ words is sequence }} {{ d is mapping }} {{ none is none }} {{ n is number }} {{ true is number }} {{ true is boolean }} {{ 1 is boolean }} {{ 1 is integer }} {{ 1.0 is float }} {{ 1 is sameas 1 }} {{ "a" is in "abc" }} {{ 1 is eq 1 }} {{ 1 is not eq 1 }} {{ m is callable }} {{ "a" is lower }} {{ true is true }} {{ 1 is true }} {{ missing is undefined }} {{ 2 is gt 1 }} {{ flag is not none and flag is not false }}
{{ "a\\nb\\n\\nc" | indent }} {{ "a\\nb" | indent(2, first=true) }} {{ "a\\n\\nb" | indent(1, blank=true) }} {{ "x" | center(5) }}| {{ "a b c d e f" | truncate(7) }} {{ "abcdefghijkl" | truncate(5, true) }} {{ "a b" | wordcount }} {{ "<a href='x'>&" | escape }} {{ "a b/ä" | urlencode }} {{ dict(a=1, b=2) }} {{ "abc" | list }} {{ {"a": 1} | items | list }}
{{ 'a' if n > 5 and not none else 'b' }} {{ not n == 7 }} {{ n in [7] }} {{ [1, 2] + [3] }} {{ "ab" * 3 }} {{ 3 * "ab" }} {{ [0] * 3 }} {{ "a" < "b" }} {{ [1, 2] < [1, 3] }} {{ (1, 2) == (1, 2) }} {{ {"a": 1} == {"a": 1.0} }} {{ words.index("a") }} {{ words.count("a") }}
{%- set x = [] -%}  {{ x }} {%- if true -%}  a  {%- endif -%}  b
  {% if true %}  indented
  {% endif %}
  {%+ if true %}kept{% endif +%}
end {# comment #} x {#- c -#} y
{% raw %}{{ not run }} {% if %}{% endraw %} {%- raw -%}  z {%- endraw %}
{{ {"a": {"b": [1, {"c": "deep"}]}}.a.b[1].c }} {{ people[0]["name"] }} {{ people[0].name.upper() }} {{ (words | length) - 1 }} {{ -n | abs }} {{ n | string | length }} {{ words | length > 2 }}
{% if missing %}a{% elif n == 7 %}b{% else %}c{% endif %} {% for a, (b, c) in [(1, (2, 3))] %}{{ a }}{{ b }}{{ c }}{% endfor %} {% for i in 1, 2 %}{{ i }}{% endfor %} {{ 1, 2 }}
{{ "<b>" | safe + "<i>" + "'" }} {{ "a" + ("<" | e) }} {{ "<" | safe ~ "<" ~ 1 }} {{ "<" | e | length }}
{{ strftime_now("") }}{{ joiner(",") is callable }} {% set j = joiner("|") %}{% for i in range(3) %}{{ j() }}{{ i }}{% endfor %} {{ "a" is filter }} {{ "upper" is filter }} {{ "odd" is test }}
"""
# One line is one template, but for the lines about white space, which are one.
lines = LANGUAGE.strip("\n").split("\n")
start = next(i for i, line in enumerate(lines) if line.startswith("{%- set x = []"))
end = next(i for i, line in enumerate(lines) if line.startswith("end {# comment"))
SNIPPETS = lines[:start] + ["\n".join(lines[start:end + 1])] + lines[end + 1:]
REFUSED = ["{{ missing.name }}", "{{ 1 + 'a' }}", "{{ missing + 1 }}", "{{ 1 / 0 }}", "{{ raise_exception('no') }}", "{% for x in 5 %}{% endfor %}", "{{ n() }}", "{{ words.append(1) }}",
           "{{ d.update({}) }}", "{% if %}{% endif %}", "{% for %}", "{{ 1 + }}", "{% unknown %}", "{{ 1 | unknown }}", "{{ 1 is unknown }}", "{{ 'a' }", "{% if true %}", "{{ x", "{{ 'a }}",
           "{% break %}", "{% include 'x' %}", "{{ n.x.y }}", "{{ (1 }}", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", "{{ range(10**9) }}", "{{ none | length }}", "{% set a.b = 1 %}", "{{ 'a' < 1 }}"]


def render(template, conversation):
    """The text, or None where the template refuses; and the generated ranges."""
    values = {**TOKENS, "tools": None, **conversation}
    messages = values.pop("messages")
    tools = values.pop("tools")
    try:
        texts, ranges = render_jinja_template([messages], tools=tools, chat_template=template, return_assistant_tokens_mask="{% generation" in template, **values)
        return texts[0], [list(r) for r in (ranges[0] if ranges else [])]
    except Exception as error:
        print("refused:", str(error)[:100])
        return None, []


def cases(templates):
    result = []
    for name, text in templates.items():
        print(name)
        outcomes = [render(text, c) for c in CONVERSATIONS]
        result.append(dict(name=name, template=text, rendered=[o[0] for o in outcomes], generated=[o[1] for o in outcomes]))
    return dict(tokens=TOKENS, conversations=CONVERSATIONS, templates=result)


if len(sys.argv) > 1:
    folder = Path(sys.argv[1])
    others = cases({p.stem: p.read_text() for p in sorted(folder.glob("*.jinja"))})
    Path(str(folder).rstrip("/") + ".json").write_text(json.dumps(others, ensure_ascii=False, indent=1))
else:
    language = [dict(template=t, text=_compile_jinja_template(t).render(**VARIABLES)) for t in SNIPPETS]
    for text in REFUSED:
        try:
            _compile_jinja_template(text).render(**VARIABLES)
            raise SystemExit(f"not refused: {text}")
        except Exception:
            pass
    document = dict(cases(TEMPLATES), variables=VARIABLES, language=language, refused=REFUSED)
    (HERE / "chat_templates.json").write_text(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
