"""The JSON Schema of a preset file, from the declared settings, for editors and other programs."""

from typing import Any

from memlab.preset.schema import Preset
from memlab.tasks import kinds

Node = dict[str, Any]


def preset_schema() -> Node:
    """A preset file: complete, or with `extends` and without the settings that the base states.

    Rules between settings, such as exactly one of `steps` and `epochs`, are not part of it; memlab checks them.
    """
    schema = Preset.model_json_schema()
    defs = schema.pop("$defs")
    defs.pop("Task", None)
    tasks = {kind: _task(cls.model_json_schema(), defs) for kind, cls in kinds().items()}
    required = schema.pop("required")
    schema["properties"]["task"] = {"anyOf": [{"$ref": f"#/$defs/task-{kind}"} for kind in tasks]}
    schema["properties"]["extends"] = {
        "type": "string",
        "description": "Name or path of a preset; this one states only differences.",
    }
    stated = [{"properties": {"kind": {"const": k}}, "required": r} for k, (_, r) in tasks.items()]
    complete = {"required": required, "properties": {"task": {"anyOf": stated}}}
    defs |= {f"task-{kind}": task for kind, (task, _) in tasks.items()}
    return {
        **schema,
        "if": {"required": ["extends"]},
        "else": complete,
        "$defs": defs,
    }


def _task(schema: Node, defs: Node) -> tuple[Node, list[str]]:
    """The schema of a task without `required`, and the required keys; fills `defs`."""
    defs |= schema.pop("$defs", {})
    required = schema.pop("required", [])
    return schema, ["kind", *(key for key in required if key != "kind")]
